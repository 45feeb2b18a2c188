//go:build !linux

package snapshot

import "os"

// read reads a table.
func read(file string) (*Table, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return Decode(b)
}
