//go:build unix

package record

import (
	"errors"
	"os"
	"syscall"
)

// lockFolder takes the lock that shows that a record's writer lives. The
// kernel gives it back when the process dies, however it dies, and it follows
// the folder through renames. It reports false where locks are not supported.
func lockFolder(dir *os.File) bool {
	for {
		if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != syscall.EINTR {
			return err == nil
		}
	}
}

// locked reports whether a live process holds the lock of a folder, and
// whether the question could be asked.
func locked(dir string) (held, ok bool) {
	f, err := os.Open(dir)
	if err != nil {
		return false, false
	}
	defer f.Close() // which also returns the lock, if we got it
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	return errors.Is(err, syscall.EWOULDBLOCK), err == nil || errors.Is(err, syscall.EWOULDBLOCK)
}
