package worktree

import "io/fs"

// A dirent is a name in a folder. kind is one of the types of stat.Mode, or 0
// for what is neither file, folder nor link.
type dirent struct {
	name string
	kind uint32
}

// kinds turns what the system listed into dirents. Most file systems tell the
// type with the name; where one does not, a stat does.
func (p place) kinds(es []fs.DirEntry) []dirent {
	out := make([]dirent, len(es))
	for i, e := range es {
		out[i].name = e.Name()
		switch {
		case e.Type().IsRegular():
			out[i].kind = typeFile
		case e.IsDir():
			out[i].kind = typeDir
		case e.Type()&fs.ModeSymlink != 0:
			out[i].kind = typeLink
		case e.Type()&fs.ModeIrregular != 0:
			var st stat
			if p.stat(append([]byte(e.Name()), 0), &st) == nil {
				out[i].kind = st.kind()
			}
		}
	}
	return out
}
