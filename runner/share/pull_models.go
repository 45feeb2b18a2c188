package share

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/store"
)

// pullModels takes over the journals that go on where ours end.
func (s *Share) pullModels(ctx context.Context, c Choice, rep *Report) error {
	if !c.Models && len(c.Named) == 0 {
		return nil
	}
	have, err := s.there(ctx, c.modelsPrefix())
	if err != nil {
		return err
	}
	var diverged []error
	r := registry.Open(s.Local, s.Now)
	for name := range have {
		model, ok := modelOf(name)
		if !ok || !c.model(model) {
			continue
		}
		err := s.pullModel(ctx, c, r, model, rep)
		if err != nil && asDiverged(err) == nil {
			return err
		}
		diverged = append(diverged, err)
		if err == nil {
			if err := s.vouches(ctx, c, r, model, have, rep); err != nil {
				return err
			}
		}
	}
	return errors.Join(diverged...)
}

// vouches brings the summaries of a model whose journal is ours now.
func (s *Share) vouches(ctx context.Context, c Choice, r *registry.Registry, model string, have map[string]bool, rep *Report) error {
	m, err := r.Model(model)
	if errors.Is(err, registry.ErrNotFound) {
		return nil // of a dry run
	}
	if err == nil && !c.AllRuns && !c.Lazy {
		err = s.proof(ctx, s.executors(r, m), rep)
	}
	if err == nil && c.Theirs && !s.DryRun {
		err = s.dropForeign(ctx, m)
	}
	if err != nil {
		return err
	}
	return s.take(ctx, offered(have, func(_, of string) bool { return of == model }), m, rep)
}

// pullModel takes over a journal, if it goes on where ours ends.
func (s *Share) pullModel(ctx context.Context, c Choice, r *registry.Registry, model string, rep *Report) error {
	theirs, err := s.read(ctx, journalName(model))
	if err != nil {
		return err
	}
	entries, err := registry.Entries(model, theirs)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Remote.Address(), err)
	}
	if !c.Lazy {
		if err := s.modelFiles(ctx, entries, rep); err != nil {
			return err
		}
	}
	same, err := s.knows(c, r, model, theirs)
	if err != nil {
		return err
	}
	if !c.AllRuns && !(same && c.Lazy) {
		if err := s.proof(ctx, runsOf(entries), rep); err != nil {
			return err
		}
	}
	if same {
		return nil
	}
	rep.Models++
	if s.DryRun {
		return nil
	}
	return s.adopt(ctx, c, r, model, theirs, rep)
}

// knows reports whether our journal has all lines of theirs.
func (s *Share) knows(c Choice, r *registry.Registry, model string, theirs []byte) (bool, error) {
	ours, err := r.Text(model)
	if err != nil && !errors.Is(err, registry.ErrNotFound) {
		return false, err
	}
	ahead, err := registry.Ahead(model, ours, theirs)
	if err != nil && c.Theirs {
		return false, nil // ours is set aside
	}
	return err == nil && ahead >= 0, err
}

// adopt makes their journal ours, and says which aliases have moved.
func (s *Share) adopt(ctx context.Context, c Choice, r *registry.Registry, model string, theirs []byte, rep *Report) error {
	version := func(d store.Digest) ([]byte, error) { return s.readBlob(ctx, d) }
	moved, err := r.Adopt(ctx, model, theirs, version, c.Theirs)
	for _, m := range moved {
		by, from := "", "nothing"
		if m.By != "" {
			by = ", moved by " + m.By
		}
		if m.From > 0 {
			from = fmt.Sprintf("%s@%d", m.Model, m.From)
		}
		rep.say("%s@%s is %s@%d now, which was %s%s", m.Model, m.Alias, m.Model, m.To, from, by)
	}
	return err
}

// proof brings the records of runs that prove where versions came from, and what was
// signed of them.
func (s *Share) proof(ctx context.Context, ids []string, rep *Report) error {
	var mu sync.Mutex // guards rep
	return inParallel(ctx, len(ids), func(ctx context.Context, i int) error {
		if !s.DryRun {
			if err := s.pullRun(ctx, ids[i]); err != nil && !errors.Is(err, remote.ErrNotFound) {
				return err
			}
		}
		folder, err := provenance.RunFolder(ids[i])
		if err != nil || s.has(folder) {
			return err
		}
		have, err := s.there(ctx, folder+"/")
		if err != nil {
			return err
		}
		var one Report
		err = s.take(ctx, offered(have, func(run, _ string) bool { return run == ids[i] }), nil, &one)
		mu.Lock()
		defer mu.Unlock()
		rep.Attestations, rep.Said = rep.Attestations+one.Attestations, append(rep.Said, one.Said...)
		return err
	})
}

// modelFiles brings the bytes of all versions.
func (s *Share) modelFiles(ctx context.Context, entries []registry.Entry, rep *Report) error {
	var bs []blob
	for _, e := range entries {
		if e.Action != registry.Registered {
			continue
		}
		data, err := s.readBlob(ctx, e.File)
		if err != nil {
			return err
		}
		v, err := registry.ParseVersion(e, data)
		if err != nil {
			return &DamagedError{s.Remote.Address(), blobName(e.File), err.Error()}
		}
		for _, f := range v.Files {
			if f.Link == "" {
				bs = append(bs, blob{f.Digest, f.Size})
			}
		}
	}
	return s.count(ctx, bs, rep)
}
