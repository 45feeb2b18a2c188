//go:build !unix

package store

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// folder is an os.Root. Hard links to files outside it are not offered, so
// everything is copied; names resolve inside the root, which never leaves it.
type folder struct {
	root *os.Root
	path string
}

func openFolder(path string) (folder, error) {
	r, err := os.OpenRoot(path)
	return folder{r, path}, err
}

func (f folder) close() { f.root.Close() }

func (f folder) dup() (folder, error) { return f.sub(".") }

func (f folder) sub(name string) (folder, error) {
	if st, err := f.root.Lstat(name); err != nil {
		return folder{}, err
	} else if !st.IsDir() {
		return folder{}, &fs.PathError{Op: "open", Path: f.path + "/" + name, Err: errors.New("not a directory")}
	}
	r, err := f.root.OpenRoot(name)
	return folder{r, f.path + "/" + name}, err
}

func (f folder) mkdir(name string) error { return f.root.Mkdir(name, 0o755) }

func (f folder) open(name string) (*os.File, error) {
	if st, err := f.root.Lstat(name); err != nil {
		return nil, err
	} else if !st.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: f.path + "/" + name, Err: errors.New("not a regular file")}
	}
	return f.root.Open(name)
}

func (f folder) create(name string, perm fs.FileMode) (*os.File, error) {
	return f.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
}

func (f folder) stat(name string) (fileInfo, error) {
	st, err := f.root.Lstat(name)
	if err != nil {
		return fileInfo{}, err
	}
	return infoOf(st), nil
}

func statFile(f *os.File) (fileInfo, error) {
	st, err := f.Stat()
	if err != nil {
		return fileInfo{}, err
	}
	return infoOf(st), nil
}

// infoOf leaves Dev, Ino and Ctime zero: equal for all files, so that sizes
// and modification times alone decide.
func infoOf(st fs.FileInfo) fileInfo {
	m := st.Mode()
	mode := m.Perm() | m&(fs.ModeDir|fs.ModeSymlink)
	if m&fs.ModeType != 0 && mode.IsRegular() {
		mode |= fs.ModeIrregular
	}
	return fileInfo{Size: st.Size(), Mtime: st.ModTime().UnixNano(), Mode: mode, Nlink: 1}
}

func (f folder) link(folder, string, string) error { return errors.ErrUnsupported }

func (f folder) rename(old string, to folder, name string) error {
	if f.path == to.path {
		return f.root.Rename(old, name)
	}
	return f.renameAcross(old, to, name)
}

// renameAcross copies, because a Root renames only within itself.
func (f folder) renameAcross(old string, to folder, name string) error {
	src, err := f.open(old)
	if err != nil {
		return err
	}
	defer src.Close()
	st, err := src.Stat()
	if err != nil {
		return err
	}
	temp := name + ".mlops-tmp"
	dst, err := to.create(temp, st.Mode().Perm()|0o200)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	if err = errors.Join(err, dst.Close(), to.root.Chtimes(temp, st.ModTime(), st.ModTime())); err != nil {
		return errors.Join(err, to.remove(temp))
	}
	if err := to.root.Rename(temp, name); err != nil {
		return err
	}
	src.Close()
	return f.remove(old)
}

func (f folder) remove(name string) error {
	if st, err := f.root.Lstat(name); err == nil && st.IsDir() {
		return &fs.PathError{Op: "remove", Path: f.path + "/" + name, Err: errors.New("is a directory")}
	}
	f.root.Chmod(name, 0o600) // a read-only file cannot be removed on Windows
	return f.root.Remove(name)
}

func (f folder) rmdir(name string) error                   { return f.root.Remove(name) }
func (f folder) symlink(target, name string) error         { return f.root.Symlink(target, name) }
func (f folder) readlink(name string) (string, error)      { return f.root.Readlink(name) }
func (f folder) chmod(name string, perm fs.FileMode) error { return f.root.Chmod(name, perm) }
func (f folder) chtimes(name string, sec, nsec int64) error {
	return f.root.Chtimes(name, timeOf(sec, nsec), timeOf(sec, nsec))
}

func (f folder) list() ([]dirent, error) {
	dir, err := f.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	es, err := dir.ReadDir(-1)
	out := make([]dirent, len(es))
	for i, e := range es {
		out[i] = dirent{e.Name(), e.IsDir()}
	}
	return out, err
}
