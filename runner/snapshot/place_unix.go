//go:build unix

package snapshot

import (
	"errors"
	"syscall"
)

// A Place is an open folder. The zero Place is none.
type Place struct{ FD int }

// OpenRoot opens a folder that the caller chose; links in its path are followed.
func OpenRoot(path string) (Place, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
		if err != syscall.EINTR {
			return Place{fd}, err
		}
	}
}

// Below opens the folder rel, "" for p itself, through no symbolic link.
func (p Place) Below(rel string) (Place, error) {
	if rel == "" {
		rel = "."
	}
	for {
		fd, err := openBelow(p.FD, rel)
		if err != syscall.EINTR && err != syscall.EAGAIN { // EAGAIN: a rename crossed the way
			return Place{fd}, err
		}
	}
}

// Close closes the folder.
func (p Place) Close() { syscall.Close(p.FD) }

// Trusted reports whether the folder's file system is one whose stats tell the
// truth. Network and FUSE file systems cache stats or invent them.
func (p Place) Trusted() bool { return trustedFS(p.FD) }

// Stat asks for name, which ends in NUL, and follows no link.
func (p Place) Stat(name []byte, st *Stat) error {
	if errno := statRaw(p.FD, name, st); errno != 0 {
		return errno
	}
	return nil
}

// openStepwise is openBelow by one call a folder, for systems that have no other.
func openStepwise(fd int, rel string, flags int) (int, error) {
	at := fd
	for more := true; more; {
		name := rel
		if name, rel, more = firstName(rel); name == "" {
			return -1, syscall.EINVAL
		}
		next, err := openAt(at, name, flags|syscall.O_NOFOLLOW)
		if at != fd {
			syscall.Close(at)
		}
		if err != nil {
			return -1, err
		}
		at = next
	}
	return at, nil
}

// firstName cuts a path at its first slash.
func firstName(rel string) (name, rest string, more bool) {
	for i := range len(rel) {
		if rel[i] == '/' {
			return rel[:i], rel[i+1:], true
		}
	}
	return rel, "", false
}

// NotThere reports whether the error says that there is no such file, or no
// folder to hold it: a file or link may have taken its place.
func NotThere(err error) bool {
	return errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

// linked reports whether the error says that a symbolic link was in the way.
func linked(err error) bool { return errors.Is(err, syscall.ELOOP) }

// absolute reports whether a path is.
func absolute(path string) bool { return path[0] == '/' }
