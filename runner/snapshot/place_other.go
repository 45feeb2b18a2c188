//go:build !unix

package snapshot

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// A Place is an open folder.
type Place struct{ Root *os.Root }

// OpenRoot opens a folder that the caller chose.
func OpenRoot(path string) (Place, error) {
	r, err := os.OpenRoot(path)
	return Place{r}, err
}

// Below opens rel. Unlike elsewhere, links inside the root are followed.
func (p Place) Below(rel string) (Place, error) {
	if rel == "" {
		rel = "."
	}
	r, err := p.Root.OpenRoot(rel)
	return Place{r}, err
}

// Close closes the folder.
func (p Place) Close() { p.Root.Close() }

// Trusted reports that the folder's file system tells the truth.
func (p Place) Trusted() bool { return true }

// Stat asks for name, which ends in NUL. It leaves Dev, Ino and Ctime zero,
// which makes them equal everywhere.
func (p Place) Stat(name []byte, st *Stat) error {
	info, err := p.Root.Lstat(string(name[:len(name)-1]))
	if err != nil {
		return err
	}
	st.Fill(info)
	return nil
}

// OfPath asks for the file that a path leads to.
func (st *Stat) OfPath(path string) error {
	info, err := os.Stat(path)
	if err == nil {
		st.Fill(info)
	}
	return err
}

// Fill takes over what the system tells.
func (st *Stat) Fill(info fs.FileInfo) {
	*st = Stat{Size: info.Size(), Mtime: info.ModTime().UnixNano(), Mode: uint32(info.Mode().Perm())}
	switch info.Mode() & fs.ModeType {
	case 0:
		st.Mode |= File
	case fs.ModeDir:
		st.Mode |= Dir
	case fs.ModeSymlink:
		st.Mode |= Link
	}
}

// NotThere reports whether the error says that there is no such file.
func NotThere(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// linked reports whether the error says that a symbolic link was in the way.
// Links inside the root are followed here.
func linked(err error) bool { return false }

// absolute reports whether a path is.
func absolute(path string) bool { return filepath.IsAbs(path) }
