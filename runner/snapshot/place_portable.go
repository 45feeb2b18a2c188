//go:build unix && !(linux && (amd64 || arm64 || riscv64 || loong64))

package snapshot

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

func statRaw(fd int, name []byte, st *Stat) syscall.Errno {
	var u unix.Stat_t
	err := unix.Fstatat(fd, string(name[:len(name)-1]), &u, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil {
		st.from(&u)
	}
	return errnoOf(err)
}

// OfFile asks for an open file.
func (st *Stat) OfFile(fd int) syscall.Errno {
	var u unix.Stat_t
	err := unix.Fstat(fd, &u)
	if err == nil {
		st.from(&u)
	}
	return errnoOf(err)
}

// OfPath asks for the file that a path leads to.
func (st *Stat) OfPath(path string) error {
	var u unix.Stat_t
	err := unix.Stat(path, &u)
	if err == nil {
		st.from(&u)
	}
	return err
}

func (st *Stat) from(u *unix.Stat_t) {
	st.Dev, st.Ino, st.Size = uint64(u.Dev), uint64(u.Ino), u.Size
	st.Mtime = int64(u.Mtim.Sec)*1e9 + int64(u.Mtim.Nsec)
	st.Ctime = int64(u.Ctim.Sec)*1e9 + int64(u.Ctim.Nsec)
	st.Mode = uint32(u.Mode)
}

func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	if err != nil && !errors.As(err, &errno) {
		return syscall.EIO
	}
	return errno
}

func openBelow(fd int, rel string) (int, error) {
	return openStepwise(fd, rel, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC)
}

func openAt(fd int, name string, flags int) (int, error) { return unix.Openat(fd, name, flags, 0) }

// trustedFS trusts no file system but the ones known by number on Linux. On
// other systems names tell, and APFS, HFS+, UFS and ZFS are local.
func trustedFS(fd int) bool { return true }
