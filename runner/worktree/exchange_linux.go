package worktree

import (
	"errors"

	"golang.org/x/sys/unix"
)

// exchange lets the folder at path, which is absolute, and p's name change
// places, or moves it to name if there is none.
func (p place) exchange(path, name string) error {
	err := unix.Renameat2(unix.AT_FDCWD, path, p.FD, name, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.ENOENT) {
		err = unix.Renameat2(unix.AT_FDCWD, path, p.FD, name, unix.RENAME_NOREPLACE)
	}
	return err
}
