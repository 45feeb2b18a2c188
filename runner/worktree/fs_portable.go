//go:build unix && !(linux && (amd64 || arm64 || riscv64 || loong64))

package worktree

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func openRaw(fd int, name []byte, flags int) (int, syscall.Errno) {
	n, err := unix.Openat(fd, string(name[:len(name)-1]), flags, 0)
	return n, errnoOf(err)
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
