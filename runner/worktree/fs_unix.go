//go:build unix

package worktree

import (
	"context"
	"crypto/sha256"
	"hash"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner/store"
)

// readlink returns the target of the link name, which ends in NUL.
func (p place) readlink(name []byte) (string, error) {
	for size := 256; ; size *= 2 {
		buf := make([]byte, size)
		n, err := unix.Readlinkat(p.FD, string(name[:len(name)-1]), buf)
		if err != nil {
			return "", err
		}
		if n < size {
			return string(buf[:n]), nil
		}
	}
}

// reopen opens the folder again, for a reader that moves its offset.
func (p place) reopen() (int, error) {
	for {
		fd, err := unix.Openat(p.FD, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// remove removes a file or link, never a folder.
func (p place) remove(name string) error { return unix.Unlinkat(p.FD, name, 0) }

// rmdir removes an empty folder.
func (p place) rmdir(name string) error { return unix.Unlinkat(p.FD, name, unix.AT_REMOVEDIR) }

// A hasher holds what hashing needs, so that it can serve file after file:
// open, perhaps stat, hash, close.
type hasher struct {
	buf []byte
	sum hash.Hash
	fd  int
}

func newHasher() *hasher { return &hasher{buf: make([]byte, 2*smallFile), sum: sha256.New()} }

// open opens name, which ends in NUL, unless it is a symbolic link.
func (h *hasher) open(p place, name []byte) error {
	fd, errno := openRaw(p.FD, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC)
	if errno != 0 {
		return errno
	}
	h.fd = fd
	return nil
}

// stat asks for the open file, which is cheaper than asking for its name.
func (h *hasher) stat(st *stat) error {
	if errno := st.OfFile(h.fd); errno != 0 {
		return errno
	}
	return nil
}

func (h *hasher) close() { closeRaw(h.fd) }

// hash reads the open file and returns the digest and the number of bytes. A
// file of at most smallFile bytes costs one call; size is what a stat said.
func (h *hasher) hash(ctx context.Context, size int64) (dig store.Digest, n int64, err error) {
	fd := h.fd
	k, err := readFull(fd, h.buf)
	if err != nil {
		return dig, 0, err
	}
	if int64(k) == size && k < len(h.buf) {
		return store.Digest(sha256.Sum256(h.buf[:k])), size, nil
	}
	h.sum.Reset()
	for k > 0 {
		if ctx.Err() != nil {
			return dig, n, context.Cause(ctx)
		}
		h.sum.Write(h.buf[:k])
		n += int64(k)
		if k, err = readFull(fd, h.buf); err != nil {
			return dig, n, err
		}
	}
	h.sum.Sum(dig[:0])
	return dig, n, nil
}

func readFull(fd int, buf []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, buf)
		if err != syscall.EINTR {
			return n, err
		}
	}
}
