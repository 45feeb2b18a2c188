//go:build !(linux && (amd64 || arm64 || riscv64 || loong64))

package worktree

import "io/fs"

// kinds turns what the system listed into dirents. Most file systems tell the
// type with the name; where one does not, a stat does.
func (l *level) kinds(es []fs.DirEntry) []dirent {
	out := make([]dirent, len(es))
	for i, e := range es {
		out[i].path = join(l.rel, e.Name())
		switch {
		case e.Type().IsRegular():
			out[i].kind = typeFile
		case e.IsDir():
			out[i].kind = typeDir
		case e.Type()&fs.ModeSymlink != 0:
			out[i].kind = typeLink
		case e.Type()&fs.ModeIrregular != 0:
			out[i].kind = l.kindOf(e.Name())
		}
	}
	return out
}
