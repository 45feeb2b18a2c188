package store

import (
	"io/fs"
	"os"
	"strings"
)

// fileInfo is what a stat tells, without allocation.
type fileInfo struct {
	Dev, Ino     uint64
	Size         int64
	Mtime, Ctime int64       // nanoseconds since 1970
	Mode         fs.FileMode // type and permission bits
	Nlink        uint64
}

// seconds returns the whole seconds of the modification time, rounded down.
func (i fileInfo) seconds() int64 {
	s := i.Mtime / 1e9
	if i.Mtime%1e9 < 0 {
		s--
	}
	return s
}

// A folder is an open directory. All of its methods take one name, without
// slashes, and never follow a symbolic link in it, so that whoever holds a
// folder cannot be led anywhere else. Only openFolder follows links: it opens
// a place that the caller chose.
//
//	stat(name) (fileInfo, error)          of the name itself
//	sub(name) (folder, error)             an existing folder
//	mkdir(name) error
//	open(name) (*os.File, error)          for reading what stat called a regular file
//	create(name, perm) (*os.File, error)  must not exist
//	link(from, old, name) error           hard link to from's old; must not exist
//	rename(old, to, name) error           replaces what is there
//	remove(name), rmdir(name) error
//	symlink(target, name), readlink(name)
//	chtimes(name, sec, nsec), chmod(name, perm)
//	list() ([]dirent, error)
//	close()
//
// The two implementations are folder_unix.go on directory descriptors and
// folder_other.go on os.Root.

// dirent is a name in a folder and whether it is a folder itself.
type dirent struct {
	name string
	dir  bool
}

// walk opens the folder rel below f, which has slashes between names; "" and
// "." are f itself. The caller closes the result.
func (f folder) walk(rel string) (folder, error) {
	cur, err := f.dup()
	if err != nil || rel == "" || rel == "." {
		return cur, err
	}
	for name := range strings.SplitSeq(rel, "/") {
		next, err := cur.sub(name)
		cur.close()
		if err != nil {
			return folder{}, err
		}
		cur = next
	}
	return cur, nil
}

// removeAll removes name and what is below it, making folders that are closed
// to their owner writable first.
func (f folder) removeAll(name string) error {
	err := f.remove(name)
	if err == nil || os.IsNotExist(err) {
		return nil
	}
	st, statErr := f.stat(name)
	if statErr != nil || !st.Mode.IsDir() {
		return err
	}
	d, err := f.sub(name)
	if err != nil {
		return err
	}
	defer d.close()
	if st.Mode.Perm()&0o700 != 0o700 {
		f.chmod(name, 0o700)
	}
	es, err := d.list()
	if err != nil {
		return err
	}
	for _, e := range es {
		if err := d.removeAll(e.name); err != nil {
			return err
		}
	}
	return f.rmdir(name)
}
