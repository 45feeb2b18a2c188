package worktree

import "github.com/mlops-runner/mlops/runner/snapshot"

// How files look, and how that is laid out, is snapshot's.
type (
	stat  = snapshot.Stat
	state = snapshot.State
	row   = snapshot.Row
	table = snapshot.Table
)

// A place is an open folder of the worktree.
type place struct{ snapshot.Place }

// openRoot opens a folder that the caller chose; links in its path are followed.
func openRoot(path string) (place, error) {
	p, err := snapshot.OpenRoot(path)
	return place{p}, err
}
