package worktree

import "io/fs"

// A dirent is a name in a folder. kind is one of the types of stat.Mode, or
// another for what is neither file, folder nor link.
type dirent struct {
	path string
	kind uint32
	end  int // for list's own use
}

func (d dirent) name() string {
	_, name := split(d.path)
	return name
}

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

func (l *level) kindOf(name string) uint32 {
	var st stat
	if l.place.stat(append([]byte(name), 0), &st) != nil {
		return 0
	}
	return st.kind()
}
