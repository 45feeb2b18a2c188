// Package disk is the few calls by which the store and the records put files
// where others find them: write, flush, rename, remove. Production code uses
// [Real], which is these calls and nothing else. Tests put something between:
// a recorder, from which every state that a power cut could leave is made
// again, and a disk that is full or broken (package disktest).
//
// It is not a file system: reading, and whatever can be made anew from the
// store, such as published outputs, goes the usual way.
package disk

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// A Disk does what its methods say to paths of the machine. It is safe for
// concurrent use. Errors are those of package os, and name the path.
type Disk interface {
	// Create makes a new file for writing; one that is there is [fs.ErrExist].
	Create(path string, perm fs.FileMode) (File, error)
	// Append opens a file, made if it is missing, to write at its end.
	Append(path string, perm fs.FileMode) (File, error)
	// Mkdir makes a folder and those above it, if they are missing.
	Mkdir(path string) error
	// Rename gives a file or folder another name, replacing a file of that name.
	Rename(from, to string) error
	// Remove removes a file, or an empty folder.
	Remove(path string) error
	// Sync brings the content of one file to the disk, or the names in one folder.
	Sync(path string) error
	// SyncAll brings all that was written to the file system of the folder to
	// the disk, names and content; where there is no call for that, the content
	// of the named files. It returns how many calls it took.
	SyncAll(folder string, files []string) (calls int64, err error)
}

// A File is open for writing. One goroutine uses it at a time.
type File interface {
	io.WriteCloser
	Name() string
	Sync() error
	Chmod(perm fs.FileMode) error
}

// Real is the machine's disk. The zero value is ready.
type Real struct{}

var _ Disk = Real{}

// Create is [os.OpenFile] for a new file.
func (Real) Create(path string, perm fs.FileMode) (File, error) {
	return open(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
}

// Append is [os.OpenFile] for the end of a file.
func (Real) Append(path string, perm fs.FileMode) (File, error) {
	return open(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, perm)
}

func open(path string, flags int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(path, flags, perm)
	if err != nil {
		return nil, err // not a nil *os.File in an interface
	}
	return f, nil
}

// Mkdir is [os.MkdirAll].
func (Real) Mkdir(path string) error { return os.MkdirAll(path, 0o755) }

// Rename is [os.Rename].
func (Real) Rename(from, to string) error { return os.Rename(from, to) }

// Remove is [os.Remove].
func (Real) Remove(path string) error { return os.Remove(path) }

// Sync is fsync.
func (Real) Sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// WriteFile creates a file with the content. After an error nothing is there
// that it made.
func WriteFile(d Disk, path string, data []byte, perm fs.FileMode) error {
	f, err := d.Create(path, perm)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, RemoveIfThere(d, path))
	}
	return nil
}

// RemoveIfThere removes a file that may be gone already.
func RemoveIfThere(d Disk, path string) error {
	if err := d.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
