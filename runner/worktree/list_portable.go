//go:build !(linux && (amd64 || arm64 || riscv64 || loong64))

package worktree

import (
	"io/fs"

	"github.com/mlops-runner/mlops/runner/snapshot"
)

// kinds turns what the system listed into dirents. Most file systems tell the
// type with the name; where one does not, a stat does.
func (l *level) kinds(es []fs.DirEntry) []dirent {
	out := make([]dirent, len(es))
	for i, e := range es {
		out[i].path = join(l.rel, e.Name())
		switch {
		case e.Type().IsRegular():
			out[i].kind = snapshot.File
		case e.IsDir():
			out[i].kind = snapshot.Dir
		case e.Type()&fs.ModeSymlink != 0:
			out[i].kind = snapshot.Link
		case e.Type()&fs.ModeIrregular != 0:
			out[i].kind = l.kindOf(e.Name())
		}
	}
	return out
}
