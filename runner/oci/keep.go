package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// An artifact that is kept is a tree, which a ref names, so that the store's
// garbage collection keeps all of it:
//
//	refs/artifacts/<model>/<hex of the model's tree>
//	  manifest, blobs/<hex>...

func refName(name string, tree store.Digest) string {
	return path.Join("artifacts", record.JobFolder(name), tree.Hex())
}

// Keep packs a model and keeps the artifact for good. A model that was kept before,
// by its name and Tree, is the same artifact again, whatever else is said of it now:
// then added is false.
func Keep(ctx context.Context, d *store.Dir, m Model) (a *Artifact, added bool, err error) {
	if a, err := Find(ctx, d, m.Name, m.Tree); err == nil || !errors.Is(err, store.ErrNotFound) {
		return a, false, err
	}
	pin, err := d.Pin(ctx)
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, pin.Release()) }()
	if a, err = Pack(ctx, d, m); err != nil {
		return nil, false, err
	}
	blobs := []store.Digest{a.Digest}
	es := []store.Entry{{Path: "manifest", Mode: 0o644, Size: int64(len(a.bytes)), Digest: a.Digest}}
	for _, b := range a.Blobs() {
		dig, err := store.Parse(b.Digest.String())
		if err != nil {
			return nil, false, err
		}
		blobs = append(blobs, dig)
		es = append(es, store.Entry{Path: "blobs/" + dig.Hex(), Mode: fs.FileMode(0o644), Size: b.Size, Digest: dig})
	}
	if err := pin.Keep(ctx, blobs...); err != nil {
		return nil, false, err
	}
	for _, b := range blobs {
		if err := d.Check(b); err != nil { // collected since, before it was pinned
			return nil, false, fmt.Errorf("keep %s: %w", m.Name, err)
		}
	}
	tree, err := d.PutTree(ctx, es)
	if err != nil {
		return nil, false, err
	}
	// A ref to what is no longer whole is replaced.
	was, err := d.Ref(refName(m.Name, m.Tree))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, false, err
	}
	return a, true, d.SetRef(ctx, refName(m.Name, m.Tree), was, tree)
}

// Find returns the artifact that was kept of a model's files. It fails with
// store.ErrNotFound if there is none, or part of it is missing.
func Find(ctx context.Context, d *store.Dir, name string, tree store.Digest) (*Artifact, error) {
	kept, err := d.Ref(refName(name, tree))
	if err != nil {
		return nil, err
	}
	es, err := d.ReadTree(ctx, kept)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(es, func(e store.Entry) bool { return e.Path == "manifest" })
	if i < 0 {
		return nil, fmt.Errorf("artifact of %s: %s is none: %w", name, kept, store.ErrNotFound)
	}
	a, err := read(d, es[i].Digest)
	if err != nil {
		return nil, err
	}
	for _, b := range a.Blobs() {
		dig, err := store.Parse(b.Digest.String())
		if err == nil {
			err = d.Check(dig)
		}
		if err != nil {
			return nil, err
		}
	}
	return a, nil
}

// read reads a manifest of the store.
func read(d *store.Dir, dig store.Digest) (*Artifact, error) {
	data, err := d.ReadBlob(dig)
	if err != nil {
		return nil, err
	}
	return parse(data)
}

func parse(data []byte) (*Artifact, error) {
	a := &Artifact{Digest: store.Sum(data), bytes: data}
	if err := json.Unmarshal(data, &a.Manifest); err != nil {
		return nil, fmt.Errorf("manifest %s: %w", a.Digest.Short(), err)
	}
	return a, nil
}
