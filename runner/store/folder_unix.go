//go:build unix

package store

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// folder is a directory descriptor. path is where it was, for messages.
type folder struct {
	fd   int
	path string
}

const openDir = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC

func openFolder(path string) (folder, error) {
	fd, err := again(func() (int, error) { return unix.Open(path, openDir, 0) })
	if err != nil {
		return folder{}, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return folder{fd, path}, nil
}

// again repeats a call that a signal interrupted.
func again(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}

func (f folder) err(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: f.path + "/" + name, Err: err}
}

func (f folder) close() { unix.Close(f.fd) }

func (f folder) dup() (folder, error) {
	fd, err := unix.FcntlInt(uintptr(f.fd), unix.F_DUPFD_CLOEXEC, 0)
	return folder{fd, f.path}, f.err("dup", "", err)
}

func (f folder) sub(name string) (folder, error) {
	fd, err := again(func() (int, error) { return unix.Openat(f.fd, name, openDir|unix.O_NOFOLLOW, 0) })
	if err != nil {
		return folder{}, f.err("open", name, err)
	}
	return folder{fd, f.path + "/" + name}, nil
}

func (f folder) mkdir(name string) error {
	return f.err("mkdir", name, unix.Mkdirat(f.fd, name, 0o755))
}

// open opens a file for reading. A job may have put a pipe where a file was:
// nobody waits for its writer.
func (f folder) open(name string) (*os.File, error) {
	flags := unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC
	fd, err := again(func() (int, error) { return unix.Openat(f.fd, name, flags, 0) })
	if err != nil {
		return nil, f.err("open", name, err)
	}
	return os.NewFile(uintptr(fd), f.path+"/"+name), nil
}

func (f folder) create(name string, perm fs.FileMode) (*os.File, error) {
	flags := unix.O_RDWR | unix.O_CREAT | unix.O_EXCL | unix.O_CLOEXEC
	fd, err := again(func() (int, error) { return unix.Openat(f.fd, name, flags, uint32(perm)) })
	if err != nil {
		return nil, f.err("create", name, err)
	}
	return os.NewFile(uintptr(fd), f.path+"/"+name), nil
}

func (f folder) stat(name string) (fileInfo, error) {
	var st unix.Stat_t
	_, err := again(func() (int, error) { return 0, unix.Fstatat(f.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	if err != nil {
		return fileInfo{}, f.err("stat", name, err)
	}
	return infoOf(&st), nil
}

func statFile(f *os.File) (fileInfo, error) {
	var st unix.Stat_t
	_, err := again(func() (int, error) { return 0, unix.Fstat(int(f.Fd()), &st) })
	if err != nil {
		return fileInfo{}, &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	return infoOf(&st), nil
}

func infoOf(st *unix.Stat_t) fileInfo {
	return fileInfo{
		Dev: uint64(st.Dev), Ino: uint64(st.Ino), Size: st.Size, Nlink: uint64(st.Nlink),
		Mtime: st.Mtim.Nano(), Ctime: st.Ctim.Nano(), Mode: modeOf(uint32(st.Mode)),
	}
}

func modeOf(m uint32) fs.FileMode {
	mode := fs.FileMode(m & 0o777)
	switch m & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		mode |= fs.ModeDir
	case unix.S_IFLNK:
		mode |= fs.ModeSymlink
	default:
		mode |= fs.ModeIrregular
	}
	return mode
}

func (f folder) link(from folder, old, name string) error {
	return f.err("link", name, unix.Linkat(from.fd, old, f.fd, name, 0))
}

func (f folder) rename(old string, to folder, name string) error {
	return to.err("rename", name, unix.Renameat(f.fd, old, to.fd, name))
}

func (f folder) remove(name string) error { return f.err("remove", name, unix.Unlinkat(f.fd, name, 0)) }
func (f folder) rmdir(name string) error {
	return f.err("remove", name, unix.Unlinkat(f.fd, name, unix.AT_REMOVEDIR))
}

func (f folder) symlink(target, name string) error {
	return f.err("symlink", name, unix.Symlinkat(target, f.fd, name))
}

func (f folder) readlink(name string) (string, error) {
	for size := 256; ; size *= 2 {
		buf := make([]byte, size)
		n, err := again(func() (int, error) { return unix.Readlinkat(f.fd, name, buf) })
		if err != nil {
			return "", f.err("readlink", name, err)
		}
		if n < size {
			return string(buf[:n]), nil
		}
	}
}

func (f folder) chtimes(name string, sec, nsec int64) error {
	ts, err := timespecs(sec, nsec)
	if err == nil {
		err = unix.UtimesNanoAt(f.fd, name, ts, unix.AT_SYMLINK_NOFOLLOW)
	}
	return f.err("chtimes", name, err)
}

// timespecs sets the access time too: the time of last use of a blob is
// nobody's business, and two equal times need no second clock reading.
func timespecs(sec, nsec int64) ([]unix.Timespec, error) {
	t, err := unix.TimeToTimespec(timeOf(sec, nsec))
	return []unix.Timespec{t, t}, err
}

// chmod goes through a descriptor: fchmodat would follow a link.
func (f folder) chmod(name string, perm fs.FileMode) error {
	flags := unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC
	fd, err := again(func() (int, error) { return unix.Openat(f.fd, name, flags, 0) })
	if err != nil {
		return f.chmodClosed(name, perm)
	}
	defer unix.Close(fd)
	return f.err("chmod", name, unix.Fchmod(fd, uint32(perm.Perm())))
}

// chmodClosed is for what its owner may not even open, such as a folder of mode 0.
func (f folder) chmodClosed(name string, perm fs.FileMode) error {
	st, err := f.stat(name)
	if err != nil {
		return err
	}
	if st.Mode&fs.ModeSymlink != 0 {
		return f.err("chmod", name, unix.ELOOP)
	}
	return f.err("chmod", name, unix.Fchmodat(f.fd, name, uint32(perm.Perm()), 0))
}

// list reads the folder through a descriptor of its own, because the position
// in a directory belongs to the descriptor.
func (f folder) list() ([]dirent, error) {
	fd, err := again(func() (int, error) { return unix.Openat(f.fd, ".", openDir, 0) })
	if err != nil {
		return nil, f.err("open", "", err)
	}
	dir := os.NewFile(uintptr(fd), f.path)
	defer dir.Close()
	es, err := dir.ReadDir(-1)
	out := make([]dirent, len(es))
	for i, e := range es {
		out[i] = dirent{e.Name(), e.IsDir()}
	}
	return out, err
}
