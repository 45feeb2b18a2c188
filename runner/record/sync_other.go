//go:build !linux

package record

import (
	"errors"
	"os"
	"path/filepath"
)

// flush brings the named files of dir to the disk, one by one.
func flush(dir *os.File, names []string) error {
	for _, name := range names {
		f, err := os.Open(filepath.Join(dir.Name(), filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}
