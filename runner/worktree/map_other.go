//go:build !linux

package worktree

import (
	"os"

	"github.com/mlops-runner/mlops/runner/snapshot"
)

// openTable reads a table.
func openTable(file string) (*table, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return snapshot.Decode(b)
}
