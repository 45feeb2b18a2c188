package record

import (
	"os"

	"golang.org/x/sys/unix"
)

// flush brings everything below dir to the disk: one call for thousands of
// files, at the price of the file system's other dirty pages.
func flush(dir *os.File, _ []string) error { return unix.Syncfs(int(dir.Fd())) }
