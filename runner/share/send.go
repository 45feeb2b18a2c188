package share

import (
	"bytes"
	"context"
	"errors"

	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/store"
)

func (s *Share) hasAll(ds []store.Digest) bool {
	for _, d := range ds {
		if !s.Local.Has(d) {
			return false
		}
	}
	return true
}

// sendUnits puts what refers to blobs that are there now.
func (s *Share) sendUnits(ctx context.Context, units []unit) error {
	if s.DryRun {
		return nil
	}
	return inParallel(ctx, len(units), func(ctx context.Context, i int) error {
		if units[i].name == "" {
			return nil
		}
		data, err := units[i].data()
		if err != nil {
			return err
		}
		_, err = s.Remote.Put(ctx, units[i].name, bytes.NewReader(data), int64(len(data)), nil)
		return err
	})
}

// fewBlobs is up to how many blobs each is asked for by itself; beyond, all names are listed.
const fewBlobs = 256

// send puts the blobs that the remote lacks.
func (s *Share) send(ctx context.Context, ds []store.Digest, rep *Report) error {
	todo, err := s.lacking(ctx, ds)
	if err != nil {
		return err
	}
	for _, b := range todo {
		rep.Bytes += b.size
		rep.Blobs++
	}
	if s.DryRun {
		return nil
	}
	s.meter.total.Add(rep.Bytes)
	return inParallel(ctx, len(todo), func(ctx context.Context, i int) error {
		f, err := s.Local.Open(todo[i].digest)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = s.Remote.Put(ctx, blobName(todo[i].digest), f, todo[i].size, s.moved)
		return err
	})
}

// lacking are the blobs that are here and not on the remote.
func (s *Share) lacking(ctx context.Context, ds []store.Digest) (out []blob, err error) {
	seen := map[store.Digest]bool{}
	var all []blob
	for _, d := range ds {
		if seen[d] {
			continue
		}
		seen[d] = true
		size, err := s.Local.Size(d)
		if errors.Is(err, store.ErrNotFound) {
			continue // of a model that was brought without its bytes; see tellLost
		}
		if err != nil {
			return nil, err
		}
		all = append(all, blob{d, size})
	}
	there, err := s.hold(ctx, len(all), func(i int) store.Digest { return all[i].digest })
	if err != nil {
		return nil, err
	}
	for i, b := range all {
		if !there[i] {
			out = append(out, b)
		}
	}
	return out, nil
}

// hold asks which of n blobs the remote has.
func (s *Share) hold(ctx context.Context, n int, digest func(int) store.Digest) ([]bool, error) {
	there := make([]bool, n)
	if n > fewBlobs {
		have, err := s.there(ctx, "cas/")
		for i := range there {
			there[i] = have[blobName(digest(i))]
		}
		return there, err
	}
	return there, inParallel(ctx, n, func(ctx context.Context, i int) error {
		_, err := s.Remote.Stat(ctx, blobName(digest(i)))
		there[i] = err == nil
		if errors.Is(err, remote.ErrNotFound) {
			return nil
		}
		return err
	})
}
