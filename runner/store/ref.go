package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mlops-runner/mlops/runner/disk"
)

const lockSuffix = ".lock"

// refPath checks a ref's name: slash-separated names without dots at the front,
// so that temporary and lock files can never be meant.
func (d *Dir) refPath(name string) (string, error) {
	if !fs.ValidPath(name) || name == "." || strings.HasSuffix(name, lockSuffix) ||
		strings.HasPrefix(name, ".") || strings.Contains(name, "/.") || strings.ContainsAny(name, "\x00\\:\n") {
		return "", fmt.Errorf("ref %q: not a name for a ref", name)
	}
	return d.path("refs", filepath.FromSlash(name)), nil
}

// Ref returns the digest that the ref names, or ErrNotFound.
func (d *Dir) Ref(name string) (Digest, error) {
	path, err := d.refPath(name)
	if err != nil {
		return Digest{}, err
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Digest{}, fmt.Errorf("ref %s: %w", name, ErrNotFound)
	}
	if err != nil {
		return Digest{}, fmt.Errorf("ref %s: %w", name, err)
	}
	dig, err := Parse(strings.TrimSpace(string(b)))
	if err != nil {
		return Digest{}, fmt.Errorf("ref %s: %w", name, err)
	}
	return dig, nil
}

// SetRef moves a ref from old to new, and fails with a *ConflictError if it is
// not at old. A zero old means that the ref must not exist, a zero new removes
// it. The change is on the disk when SetRef returns.
func (d *Dir) SetRef(ctx context.Context, name string, old, new Digest) error {
	path, err := d.refPath(name)
	if err != nil {
		return err
	}
	if err := d.disk.Mkdir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("set ref %s: %w", name, err)
	}
	release, err := lock(ctx, path+lockSuffix, true)
	if err != nil {
		return fmt.Errorf("set ref %s: %w", name, err)
	}
	defer release()
	now, err := d.Ref(name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if now != old {
		return &ConflictError{name, old, now}
	}
	if err := d.moveRef(path, name, new); err != nil {
		return fmt.Errorf("set ref %s: %w", name, err)
	}
	return nil
}

func (d *Dir) moveRef(path, name string, to Digest) error {
	if to.IsZero() {
		return errors.Join(disk.RemoveIfThere(d.disk, path), d.disk.Sync(filepath.Dir(path)))
	}
	temp, err := d.writeTemp(d.path("tmp"), []byte(to.String()+"\n"))
	if err != nil {
		return err
	}
	// What the ref names may have got its own name a moment ago, which only this
	// brings to the disk; the ref must not be there before it.
	d.counter.Syncs.Add(2)
	files := []string{temp}
	if exists(d.Path(to)) {
		files = append(files, d.Path(to))
	}
	if _, err = d.disk.SyncAll(d.path("tmp"), files); err == nil {
		err = d.renameIn(temp, "refs/"+name)
	}
	if err != nil {
		return errors.Join(err, disk.RemoveIfThere(d.disk, temp))
	}
	return d.disk.Sync(filepath.Dir(path))
}

// Refs returns all refs by name.
func (d *Dir) Refs() (map[string]Digest, error) {
	refs := make(map[string]Digest)
	top := d.path("refs")
	err := filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, lockSuffix) {
			return err
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		refs[name], err = d.Ref(name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list refs: %w", err)
	}
	return refs, nil
}
