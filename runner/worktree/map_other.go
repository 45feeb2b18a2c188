//go:build !linux

package worktree

import "os"

// openTable reads a table.
func openTable(file string) (*table, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return decodeTable(b)
}
