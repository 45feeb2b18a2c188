package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// Register makes a model's files its next version, and returns it. Files that are a
// version already are that version again: then added is false and nothing changes.
// From v come the model's name, its files and their origin. All files must be in
// the store; one that is not is a *store.MissingError. From then on GC keeps them.
func (r *Registry) Register(ctx context.Context, v Version, by By) (out *Version, added bool, err error) {
	pin, err := r.d.Pin(ctx)
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, pin.Release()) }()
	if v.Digest, err = r.keepTree(ctx, pin, &v); err != nil {
		return nil, false, fmt.Errorf("model %s: %w", v.Model, err)
	}
	err = r.change(ctx, v.Model, func(m *Model) (*Entry, error) {
		if n := m.Find(v.Digest); n > 0 {
			out, err = r.Version(m, n)
			return nil, err
		}
		out, added = &v, true
		return r.register(ctx, m, &v, by)
	})
	if err != nil {
		return nil, false, err
	}
	return out, added, nil
}

// Find returns the version that has the digest; 0 if there is none.
func (m *Model) Find(d store.Digest) int {
	for _, e := range m.versions {
		if e.Digest == d {
			return e.Version
		}
	}
	return 0
}

// keepTree stores the tree of a version's files, and keeps GC away from it.
func (r *Registry) keepTree(ctx context.Context, pin *store.Pin, v *Version) (store.Digest, error) {
	var blobs []store.Digest
	for _, f := range v.Files {
		blobs = append(blobs, f.Digest)
	}
	if err := pin.Keep(ctx, blobs...); err != nil {
		return store.Digest{}, err
	}
	for _, f := range v.Files {
		if f.Link != "" {
			continue // the tree has it
		}
		if err := r.d.Check(f.Digest); err != nil {
			return store.Digest{}, fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	tree, err := r.d.PutTree(ctx, v.Entries())
	if err != nil {
		return store.Digest{}, err
	}
	if err := pin.Keep(ctx, tree); err != nil {
		return store.Digest{}, err
	}
	return tree, r.d.Check(tree)
}

// register writes what the line that it returns then makes true.
func (r *Registry) register(ctx context.Context, m *Model, v *Version, by By) (*Entry, error) {
	v.Format, v.Version, v.Actor, v.Time = Format, len(m.versions)+1, by.Actor, r.now().UTC()
	data, err := record.Canonical(v)
	if err != nil {
		return nil, fmt.Errorf("version %d of %s: %w", v.Version, v.Model, err)
	}
	if v.Version == 1 {
		if err := r.syncFolders(m.Name); err != nil {
			return nil, err
		}
	}
	// A ref and a file that are there already are of somebody who was killed. They
	// are written again, since their names may not have reached the disk.
	was, err := r.d.Ref(refName(m.Name, v.Version))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err := r.d.SetRef(ctx, refName(m.Name, v.Version), was, v.Digest); err != nil {
		return nil, err
	}
	if err := r.d.KeepFile(versionFile(m.Name, v.Version), data); err != nil {
		return nil, err
	}
	return &Entry{Action: Registered, Version: v.Version, Digest: v.Digest, File: store.Sum(data), By: by}, nil
}

// syncFolders brings the names of a model's folders to the disk.
func (r *Registry) syncFolders(model string) error {
	for _, dir := range []string{r.d.Root(), r.path(top), r.path(folder(model))} {
		if err := r.d.Disk().Sync(dir); err != nil {
			return fmt.Errorf("model %s: %w", model, err)
		}
	}
	return nil
}
