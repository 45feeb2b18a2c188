package share

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/mlops-runner/mlops/runner/disk"
	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/store"
)

// An attestation on the remote is named after its place in the store and its
// digest: what is signed anew does not replace what others may have read, and who
// has no key cannot put another one in its place. Whoever pulls takes the one that
// counts.
func attestName(file string, d store.Digest) string {
	return strings.TrimSuffix(file, ".json") + "." + d.Hex() + ".json"
}

// attestOf takes the name of one apart.
func attestOf(name string) (file string, d store.Digest, ok bool) {
	base, isJSON := strings.CutSuffix(name, ".json")
	dot := strings.LastIndexByte(base, '.')
	if !isJSON || dot < 0 || !strings.Contains(name, "/attest/") {
		return "", d, false
	}
	d, err := store.Parse("sha256:" + base[dot+1:])
	file = base[:dot] + ".json"
	_, _, ok = provenance.About(file)
	return file, d, ok && err == nil
}

// offers are the attestations of the remote: digests by their place in the store.
type offers map[string][]store.Digest

// offered picks out of names those of attestations that want wants.
func offered(names map[string]bool, want func(run, model string) bool) offers {
	out := offers{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		file, d, ok := attestOf(name)
		if run, model, _ := provenance.About(file); ok && want(run, model) {
			out[file] = append(out[file], d)
		}
	}
	return out
}

func (s *Share) trust() *provenance.Trust {
	if s.Trust == nil {
		return &provenance.Trust{}
	}
	return s.Trust
}

// newAttests are the bundles of a folder that the remote lacks. m is the model
// that they are about; nil for those about a run.
func (s *Share) newAttests(ctx context.Context, folder string, m *registry.Model, have map[string]bool, rep *Report) (units []unit, err error) {
	files, err := provenance.List(s.Local, folder)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		name := attestName(f.Path, f.Digest)
		if have[name] {
			continue
		}
		if w, why := s.trust().Weigh(ctx, f, m, s.now()); w.Standing <= provenance.Foreign {
			rep.say("%s is not pushed: %v", f.Path, why)
			continue
		}
		text, err := f.Bundle.Text()
		if err != nil {
			return nil, err
		}
		rep.Attestations++
		units = append(units, unit{name: name, data: func() ([]byte, error) { return text, nil }})
	}
	return units, nil
}

// runAttests are those about a run whose record may be on the remote already.
func (s *Share) runAttests(ctx context.Context, id string, rep *Report) ([]unit, error) {
	folder, err := provenance.RunFolder(id)
	if err != nil {
		return nil, err
	}
	have, err := s.there(ctx, folder+"/")
	if err != nil {
		return nil, err
	}
	return s.newAttests(ctx, folder, nil, have, rep)
}

// take brings the attestations that count for more than what is here. m is the
// model that they are about; nil for those about runs.
func (s *Share) take(ctx context.Context, o offers, m *registry.Model, rep *Report) error {
	files := slices.Sorted(maps.Keys(o))
	var mu sync.Mutex // guards rep
	return inParallel(ctx, len(files), func(ctx context.Context, i int) error {
		took, said, err := s.takeOne(ctx, files[i], o[files[i]], m)
		mu.Lock()
		defer mu.Unlock()
		if took {
			rep.Attestations++
		}
		rep.Said = append(rep.Said, said...)
		return err
	})
}

// takeOne chooses among what is here and on the remote for one place.
func (s *Share) takeOne(ctx context.Context, file string, ds []store.Digest, m *registry.Model) (took bool, said []string, err error) {
	ours, err := provenance.Read(s.Local, file)
	if err != nil || ours != nil && len(ds) == 1 && ds[0] == ours.Digest {
		return false, nil, err
	}
	var best provenance.Weight
	if ours != nil {
		best, _ = s.trust().Weigh(ctx, ours, m, s.now())
	}
	var winner []byte
	var foreign error
	for _, d := range ds {
		if ours != nil && d == ours.Digest {
			continue
		}
		text, err := s.read(ctx, attestName(file, d))
		if errors.Is(err, remote.ErrNotFound) {
			continue
		}
		if err != nil {
			return false, said, err
		}
		w, why := s.weigh(ctx, file, d, text, m)
		switch {
		case w.Standing == provenance.Refused:
			said = append(said, fmt.Sprintf("%s: %s is not taken: %v", s.Remote.Address(), attestName(file, d), why))
		case w.Standing == provenance.Foreign:
			foreign = why
		case w.Beats(best):
			best, winner = w, text
		}
	}
	if winner == nil {
		if best.Standing <= provenance.Foreign && foreign != nil {
			said = append(said, fmt.Sprintf("%s: none of the attestations for %s is taken: %v", s.Remote.Address(), file, foreign))
		}
		return false, said, nil
	}
	if s.DryRun {
		return true, said, nil
	}
	return true, said, s.Local.KeepFile(file, winner)
}

func (s *Share) weigh(ctx context.Context, file string, d store.Digest, text []byte, m *registry.Model) (provenance.Weight, error) {
	if store.Sum(text) != d {
		return provenance.Weight{}, errors.New("its bytes are not those of its name")
	}
	return s.trust().Weigh(ctx, provenance.ParseFile(file, text), m, s.now())
}

// dropForeign removes summaries of lines that were set aside.
func (s *Share) dropForeign(ctx context.Context, m *registry.Model) error {
	files, err := provenance.List(s.Local, provenance.ModelFolder(m.Name))
	for _, f := range files {
		if w, _ := s.trust().Weigh(ctx, f, m, s.now()); w.Standing == provenance.Foreign {
			err = errors.Join(err, disk.RemoveIfThere(s.Local.Disk(), filepath.Join(s.Local.Root(), filepath.FromSlash(f.Path))))
		}
	}
	return err
}
