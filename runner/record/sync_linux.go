package record

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// flushAll brings everything to the disk that the file system of dir has to
// write: one call for thousands of files, at the price of what is not ours.
func flushAll(dir string) (done bool, err error) {
	f, err := os.Open(dir)
	if err != nil {
		return true, err
	}
	return true, errors.Join(unix.Syncfs(int(f.Fd())), f.Close())
}

// flushFolder brings the names in a folder to the disk.
func flushFolder(name string) error { return flushOne(name) }
