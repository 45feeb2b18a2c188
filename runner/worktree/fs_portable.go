//go:build unix && !(linux && (amd64 || arm64 || riscv64 || loong64))

package worktree

import (
	"errors"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func statRaw(fd int, name []byte, st *stat) syscall.Errno {
	var u unix.Stat_t
	err := unix.Fstatat(fd, string(name[:len(name)-1]), &u, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil {
		fromUnix(&u, st)
	}
	return errnoOf(err)
}

func openRaw(fd int, name []byte, flags int) (int, syscall.Errno) {
	n, err := unix.Openat(fd, string(name[:len(name)-1]), flags, 0)
	return n, errnoOf(err)
}

func fstatRaw(fd int, st *stat) syscall.Errno {
	var u unix.Stat_t
	err := unix.Fstat(fd, &u)
	if err == nil {
		fromUnix(&u, st)
	}
	return errnoOf(err)
}

func closeRaw(fd int) { syscall.Close(fd) }

// list returns what the folder holds, in no order.
func (c *climber) list(l *level) ([]dirent, error) {
	fd, err := l.reopen()
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), ".")
	defer f.Close()
	names, err := f.ReadDir(-1)
	return l.kinds(names), err
}

func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	if err != nil && !errors.As(err, &errno) {
		return syscall.EIO
	}
	return errno
}

func openBelow(fd int, rel string) (int, error) {
	if rel == "" {
		rel = "."
	}
	return openStepwise(fd, strings.Split(rel, "/"), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC)
}

// trustedFS trusts no file system but the ones known by number on Linux. On
// other systems names tell, and APFS, HFS+, UFS and ZFS are local.
func trustedFS(fd int) bool { return true }
