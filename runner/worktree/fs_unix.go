//go:build unix

package worktree

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner/store"
)

// A place is an open folder of the worktree.
type place struct{ fd int }

// openRoot opens a folder that the caller chose; links in its path are followed.
func openRoot(path string) (place, error) {
	for {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return place{fd}, err
		}
	}
}

// below opens the folder rel, "" for p itself, through no symbolic link.
func (p place) below(rel string) (place, error) {
	for {
		fd, err := openBelow(p.fd, rel)
		if err != unix.EINTR && err != unix.EAGAIN { // EAGAIN: a rename crossed the way
			return place{fd}, err
		}
	}
}

func (p place) close()        { unix.Close(p.fd) }
func (p place) trusted() bool { return trustedFS(p.fd) }

// openStepwise is openat2 without symbolic links, for systems that lack it.
func openStepwise(fd int, names []string, flags int) (int, error) {
	at := fd
	for _, name := range names {
		next, err := unix.Openat(at, name, flags|unix.O_NOFOLLOW, 0)
		if at != fd {
			unix.Close(at)
		}
		if err != nil {
			return -1, err
		}
		at = next
	}
	return at, nil
}

func fromUnix(u *unix.Stat_t, st *stat) {
	st.Dev, st.Ino, st.Size = uint64(u.Dev), uint64(u.Ino), u.Size
	st.Mtime = int64(u.Mtim.Sec)*1e9 + int64(u.Mtim.Nsec)
	st.Ctime = int64(u.Ctim.Sec)*1e9 + int64(u.Ctim.Nsec)
	st.Mode = uint32(u.Mode)
}

// stat asks for name, which ends in NUL.
func (p place) stat(name []byte, st *stat) error {
	if errno := statRaw(p.fd, name, st); errno != 0 {
		return errno
	}
	return nil
}

// readlink returns the target of the link name, which ends in NUL.
func (p place) readlink(name []byte) (string, error) {
	for size := 256; ; size *= 2 {
		buf := make([]byte, size)
		n, err := unix.Readlinkat(p.fd, string(name[:len(name)-1]), buf)
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
		fd, err := unix.Openat(p.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// remove removes a file or link, never a folder.
func (p place) remove(name string) error { return unix.Unlinkat(p.fd, name, 0) }

// rmdir removes an empty folder.
func (p place) rmdir(name string) error { return unix.Unlinkat(p.fd, name, unix.AT_REMOVEDIR) }

// absent reports whether the error says that there is no such file, or no
// folder to hold it: a file or link may have taken its place.
func absent(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}

// linked reports whether the error says that a symbolic link was in the way.
func linked(err error) bool { return errors.Is(err, unix.ELOOP) }

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
	fd, errno := openRaw(p.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC)
	if errno != 0 {
		return errno
	}
	h.fd = fd
	return nil
}

// stat asks for the open file, which is cheaper than asking for its name.
func (h *hasher) stat(st *stat) error {
	if errno := fstatRaw(h.fd, st); errno != 0 {
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
