package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/mlops-runner/mlops/actions/datacheck"
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/runner/dataset"
)

// profileOfVersion describes a version of a dataset, of which the store has the bytes.
func (a *app) profileOfVersion(ctx context.Context, name, ref, cache string) (p *profile.Profile, err error) {
	d, err := a.openData()
	if err != nil {
		return nil, err
	}
	all, err := d.history(a, name)
	if err != nil {
		return nil, err
	}
	v, err := d.pickVersion(all, ref)
	if err == nil {
		err = d.restorable(ctx, v)
	}
	if err != nil {
		return nil, err
	}
	root, err := os.MkdirTemp("", "mlops-version-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(root)) }()
	files, err := d.lay(v, root)
	if err != nil {
		return nil, err
	}
	return datacheck.Describe(ctx, root, files, cache)
}

// lay links the files of a version into a folder, so that they have their names
// and no byte is copied. Links among them are left out: what they lead to is a
// file of the version too, or was never part of it.
func (d *dataStore) lay(v *dataset.Version, root string) (files []string, err error) {
	for _, f := range v.Files {
		if base := path.Base(f.Path); f.Link != "" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
			continue
		}
		blob, err := filepath.Abs(d.store.Path(f.Digest))
		if err != nil {
			return nil, err
		}
		to := filepath.Join(root, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return nil, err
		}
		if err := os.Symlink(blob, to); err != nil {
			return nil, err
		}
		files = append(files, f.Path)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s@%s has no files that hold a table", v.Dataset, v.Digest.Short())
	}
	return files, nil
}
