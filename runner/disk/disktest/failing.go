package disktest

import (
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/mlops-runner/mlops/runner/disk"
)

// Failing is the real disk until some call, which fails: of a write the first
// half gets through. Removing never fails. It is safe for concurrent use.
type Failing struct {
	At    int64 // the call that fails, from 1; 0 means none
	Once  bool  // whether the calls after it work again
	Err   error // such as unix.ENOSPC
	calls atomic.Int64
}

var _ disk.Disk = (*Failing)(nil)

// Calls returns how many calls there were that could have failed.
func (d *Failing) Calls() int64 { return d.calls.Load() }

// fail counts a call and says how it ends.
func (d *Failing) fail(op, path string) error {
	n := d.calls.Add(1)
	if d.At == 0 || n < d.At || d.Once && n > d.At {
		return nil
	}
	return &fs.PathError{Op: op, Path: path, Err: d.Err}
}

// Create fails or makes a file.
func (d *Failing) Create(path string, perm fs.FileMode) (disk.File, error) {
	if err := d.fail("open", path); err != nil {
		return nil, err
	}
	return d.opened(disk.Real{}.Create(path, perm))
}

// Append fails or opens a file.
func (d *Failing) Append(path string, perm fs.FileMode) (disk.File, error) {
	if err := d.fail("open", path); err != nil {
		return nil, err
	}
	return d.opened(disk.Real{}.Append(path, perm))
}

func (d *Failing) opened(f disk.File, err error) (disk.File, error) {
	if err != nil {
		return nil, err
	}
	return &failingFile{f, d}, nil
}

type failingFile struct {
	disk.File
	d *Failing
}

func (f *failingFile) Write(p []byte) (int, error) {
	if err := f.d.fail("write", f.Name()); err != nil {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, err
	}
	return f.File.Write(p)
}

func (f *failingFile) Sync() error {
	if err := f.d.fail("sync", f.Name()); err != nil {
		return err
	}
	return nil
}

// Mkdir fails or makes folders; one that is there needs no disk.
func (d *Failing) Mkdir(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := d.fail("mkdir", path); err != nil {
		return err
	}
	return disk.Real{}.Mkdir(path)
}

// Rename fails or renames.
func (d *Failing) Rename(from, to string) error {
	if err := d.fail("rename", to); err != nil {
		return err
	}
	return disk.Real{}.Rename(from, to)
}

// Remove removes.
func (d *Failing) Remove(path string) error { return disk.Real{}.Remove(path) }

// Sync fails, or does nothing, which a test need not wait for.
func (d *Failing) Sync(path string) error { return d.fail("sync", path) }

// SyncAll fails, or does nothing; see Sync.
func (d *Failing) SyncAll(folder string, _ []string) (int64, error) {
	return 1, d.fail("syncfs", folder)
}
