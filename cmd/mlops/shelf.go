package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/oci"
	"github.com/mlops-runner/mlops/runner/oci/serve"
	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// A modelShelf shows the registered models of a store as repositories: versions by
// their numbers and aliases, without those that are retired. A version is packed
// when somebody asks for it first. Names of repositories have no capitals, so a model
// is shown by its name in lower case, unless another one has that.
type modelShelf struct {
	app      *app
	store    *store.Dir
	registry *registry.Registry

	mu     sync.Mutex                                // guards packed, and lets a version be packed once
	packed map[string]map[store.Digest]*oci.Artifact // by model, and the tree of a version's files
}

var _ serve.Shelf = (*modelShelf)(nil)

func newModelShelf(a *app, d *store.Dir) *modelShelf {
	return &modelShelf{app: a, store: d, registry: registry.Open(d, nil), packed: map[string]map[store.Digest]*oci.Artifact{}}
}

// Names lists the models that repositories can show.
func (s *modelShelf) Names(context.Context) ([]string, error) {
	shown, _, err := s.shown()
	return slices.Sorted(maps.Keys(shown)), err
}

// shown are the models by the names of their repositories, and why others have none.
func (s *modelShelf) shown() (shown, hidden map[string]string, err error) {
	names, err := s.registry.Names()
	shown, hidden = map[string]string{}, map[string]string{}
	clash := map[string][]string{}
	for _, name := range names {
		repo := strings.ToLower(name)
		if oci.CheckReference("localhost/models/"+repo) != nil {
			hidden[name] = "a repository cannot be called that: between letters and digits is one . or _, or some -"
			continue
		}
		clash[repo] = append(clash[repo], name)
	}
	for repo, models := range clash {
		if own := slices.Contains(models, repo); own || len(models) == 1 {
			shown[repo] = models[0]
			if own {
				shown[repo] = repo
			}
		}
		for _, m := range models {
			if shown[repo] != m {
				hidden[m] = "repositories have no capitals, and " + strings.Join(slices.DeleteFunc(slices.Clone(models), func(n string) bool { return n == m }), ", ") + " is models/" + repo + " as well"
			}
		}
	}
	return shown, hidden, err
}

// model reads the model that a repository shows; one that is not there, or cannot be
// shown, is ErrNotShown.
func (s *modelShelf) model(repo string) (*registry.Model, error) {
	if oci.CheckReference("localhost/models/"+repo) != nil {
		return nil, serve.ErrNotShown
	}
	m, err := s.registry.Model(repo)
	var bad *registry.NameError
	switch {
	case errors.As(err, &bad):
		return nil, serve.ErrNotShown
	case !errors.Is(err, registry.ErrNotFound):
		return m, err
	}
	shown, _, err := s.shown()
	if err != nil {
		return nil, err
	}
	if shown[repo] == "" {
		return nil, serve.ErrNotShown
	}
	return s.registry.Model(shown[repo])
}

// tellHidden tells of models that nobody can pull.
func (s *modelShelf) tellHidden() error {
	_, hidden, err := s.shown()
	for _, name := range slices.Sorted(maps.Keys(hidden)) {
		s.app.say("model %s is not shown: %s; \"mlops model push\" brings it to a repository of another name", name, hidden[name])
	}
	return err
}

// Tags are the numbers of versions and the aliases.
func (s *modelShelf) Tags(_ context.Context, name string) ([]string, error) {
	m, err := s.model(name)
	if err != nil {
		return nil, err
	}
	tags := slices.Collect(maps.Keys(m.Aliases))
	for _, n := range shownVersions(m) {
		tags = append(tags, strconv.Itoa(n))
	}
	return tags, nil
}

func shownVersions(m *registry.Model) (out []int) {
	for n := 1; n <= m.Versions(); n++ {
		if !m.IsRetired(n) {
			out = append(out, n)
		}
	}
	return out
}

// Tagged packs the version that a tag names, if it was not packed before.
func (s *modelShelf) Tagged(ctx context.Context, name, tag string) (store.Digest, error) {
	m, err := s.model(name)
	if err != nil {
		return store.Digest{}, err
	}
	n, err := m.Resolve(tag)
	if err != nil || m.IsRetired(n) {
		return store.Digest{}, serve.ErrNotShown
	}
	v, err := s.registry.Version(m, n)
	if err != nil {
		return store.Digest{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.packed[m.Name][v.Digest]; a != nil {
		return a.Digest, nil
	}
	if err := s.app.bring(ctx, s.store, v.Entries()); err != nil {
		return store.Digest{}, fmt.Errorf("%s: %w", versionName(m.Name, n), err)
	}
	a, _, err := artifact(ctx, s.store, v)
	if err != nil {
		return store.Digest{}, fmt.Errorf("%s: %w", versionName(m.Name, n), err)
	}
	s.keep(m.Name, v.Digest, a)
	return a.Digest, nil
}

func (s *modelShelf) keep(name string, tree store.Digest, a *oci.Artifact) {
	if s.packed[name] == nil {
		s.packed[name] = map[store.Digest]*oci.Artifact{}
	}
	s.packed[name][tree] = a
}

// State is the journal's last line, the time at which attestations changed last, and
// how much was packed.
func (s *modelShelf) State(_ context.Context, name string) (string, error) {
	m, err := s.model(name)
	if err != nil {
		return "", err
	}
	state := m.Line(m.Journal[len(m.Journal)-1].Seq).Hex()
	if info, err := os.Stat(filepath.Join(s.store.Root(), filepath.FromSlash(provenance.ModelFolder(m.Name)))); err == nil {
		state += info.ModTime().Format(time.RFC3339Nano)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%s %d", state, len(s.packed[m.Name])), nil
}

// Manifests are those of the versions that were packed, and of what was signed of them.
func (s *modelShelf) Manifests(ctx context.Context, name string) ([]serve.Shown, error) {
	m, err := s.model(name)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []serve.Shown
	for _, n := range shownVersions(m) {
		shown, err := s.version(ctx, m, n)
		if err != nil {
			return nil, err
		}
		all = append(all, shown...)
	}
	return all, nil
}

// version is what there is of a version that was packed; nothing of another.
func (s *modelShelf) version(ctx context.Context, m *registry.Model, n int) ([]serve.Shown, error) {
	v, err := s.registry.Version(m, n)
	if err != nil {
		return nil, err
	}
	a := s.packed[m.Name][v.Digest]
	if a == nil {
		a, err = oci.Find(ctx, s.store, v.Model, v.Digest)
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		s.keep(m.Name, v.Digest, a)
	}
	out := []serve.Shown{{Manifest: a.Bytes()}}
	about, err := notes(s.store, m, v)
	if err != nil { // whoever wants it signed is told that it is not
		s.app.say("attestations of %s are not shown: %v", versionName(m.Name, n), err)
		return out, nil
	}
	for _, note := range about {
		manifest, blobs, err := note.Pack(a.Descriptor())
		if err != nil {
			return nil, err
		}
		out = append(out, serve.Shown{Manifest: manifest, Blobs: blobs})
	}
	return out, nil
}
