package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mlops-runner/mlops/runner/lock"
)

// lockPath is where the project's lock file stands: beside its mlops.yaml. It
// is shown to people as the mlops.yaml is.
func (p *project) lockPath() string { return lock.FileName(p.path) }

// lockSource reads the lock file; no file is an empty one.
func (p *project) lockSource() ([]byte, error) {
	src, err := readLimited(p.lockPath(), lock.MaxSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return src, err
}

// lock reads and checks the lock file.
func (p *project) lock() (lock.File, error) {
	src, err := p.lockSource()
	if err != nil || src == nil {
		return lock.File{}, err
	}
	return lock.Parse(p.lockPath(), src)
}

// writeLock replaces the lock file, whole or not at all.
func (p *project) writeLock(f lock.File) error {
	t, err := os.CreateTemp(filepath.Dir(p.lockPath()), ".mlops-lock-")
	if err != nil {
		return err
	}
	_, err = t.Write(f.Bytes())
	err = errors.Join(err, t.Chmod(0o644), t.Close())
	if err == nil {
		err = os.Rename(t.Name(), p.lockPath())
	}
	if err != nil {
		return errors.Join(err, os.Remove(t.Name()))
	}
	return nil
}
