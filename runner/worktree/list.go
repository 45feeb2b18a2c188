package worktree

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

func (l *level) kindOf(name string) uint32 {
	var st stat
	if l.place.Stat(append([]byte(name), 0), &st) != nil {
		return 0
	}
	return st.Kind()
}
