package agent

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// writeOwn writes a whole file of the control directory. Steps can write there
// too: a link or a pipe that one of them left under that name is removed, not
// followed or waited for.
func writeOwn(dir, name string, data []byte, perm os.FileMode) error {
	f, err := createOwn(dir, name, os.O_WRONLY, perm)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// createOwn makes a new file of the control directory in the place of whatever
// is there.
func createOwn(dir, name string, flags int, perm os.FileMode) (*os.File, error) {
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path, flags|os.O_CREATE|os.O_EXCL, perm)
	if !errors.Is(err, fs.ErrExist) {
		return f, err
	}
	if err := os.RemoveAll(path); err != nil {
		return nil, err
	}
	return os.OpenFile(path, flags|os.O_CREATE|os.O_EXCL, perm)
}

// reopenOwn opens a file of the control directory that an earlier job may have
// left, or makes it. Anything but a regular file is replaced.
func reopenOwn(dir, name string, flags int) (*os.File, error) {
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path, flags|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o644)
	if err != nil {
		return createOwn(dir, name, flags, 0o644)
	}
	if st, err := f.Stat(); err == nil && st.Mode().IsRegular() {
		return f, nil
	}
	f.Close()
	return createOwn(dir, name, flags, 0o644)
}

// openRegular opens a regular file below root for reading. Who could write
// there may have put a link or a pipe in its place since it was listed: the one
// is refused, and nobody waits for the other.
func openRegular(root *os.Root, name string) (*os.File, os.FileInfo, error) {
	there, err := root.Lstat(name)
	if err == nil && !there.Mode().IsRegular() {
		err = errors.New("is " + kindOf(there.Mode()) + " and not a file")
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	st, err := f.Stat()
	if err == nil && !os.SameFile(there, st) {
		err = errors.New("was replaced while it was opened")
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, st, nil
}
