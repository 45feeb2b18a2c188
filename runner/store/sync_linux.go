package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// flush writes everything of the file system that dir lies on to the disk.
// The files need not be named.
func flush(dir *os.File, _ []string) (calls int64, err error) {
	return 1, unix.Syncfs(int(dir.Fd()))
}

// clone makes dst share src's extents; it fails where the file system cannot.
func clone(dst, src *os.File) error {
	return unix.IoctlFileClone(int(dst.Fd()), int(src.Fd()))
}
