package worktree

import (
	"path"
	"strings"
)

// A climber is a worker's place in the worktree. It keeps the folders open
// between the root and where it is, so that sorted work opens each once. It
// enters no symbolic link. One goroutine uses it.
type climber struct {
	stack []level // the first is the root

	dev     uint64 // the device that trust was asked for last
	trusts  bool
	asked   bool
	scratch []byte

	listing, paths []byte // buffers of list
}

// A level is an open folder, and where its records lie in the stat index.
type level struct {
	place
	rel      string // "" for the root
	found    bool   // whether first, to and next are set
	next, to int
}

func newClimber(root string) (*climber, error) {
	p, err := openRoot(root)
	if err != nil {
		return nil, err
	}
	return &climber{stack: []level{{place: p}}}, nil
}

func (c *climber) close() {
	for _, l := range c.stack {
		l.place.Close()
	}
	c.stack = nil
}

// move goes to the folder rel; the level is good until the next move.
func (c *climber) move(rel string) (*level, error) {
	top := &c.stack[len(c.stack)-1]
	if top.rel == rel {
		return top, nil
	}
	for len(c.stack) > 1 && !within(rel, c.stack[len(c.stack)-1].rel) {
		c.stack[len(c.stack)-1].place.Close()
		c.stack = c.stack[:len(c.stack)-1]
	}
	for {
		top = &c.stack[len(c.stack)-1]
		if top.rel == rel {
			return top, nil
		}
		if err := c.enter(top, rel); err != nil {
			return nil, err
		}
	}
}

// enter goes one folder down on the way to rel.
func (c *climber) enter(top *level, rel string) error {
	start := len(top.rel)
	if start > 0 {
		start++
	}
	end := len(rel)
	if i := strings.IndexByte(rel[start:], '/'); i >= 0 {
		end = start + i
	}
	next, err := top.Below(rel[start:end])
	if err != nil {
		return err
	}
	c.stack = append(c.stack, level{place: place{next}, rel: rel[:end]})
	return nil
}

// within reports whether rel is folder or lies below it.
func within(rel, folder string) bool {
	return folder == "" || strings.HasPrefix(rel, folder) && (len(rel) == len(folder) || rel[len(folder)] == '/')
}

// stat asks for a file of the level.
func (c *climber) stat(l *level, name string, st *stat) error {
	return l.place.Stat(c.cstring(name), st)
}

// cstring returns name with a NUL; it is good until the next call.
func (c *climber) cstring(name string) []byte {
	c.scratch = append(append(c.scratch[:0], name...), 0)
	return c.scratch
}

// trusted reports whether the file system tells the truth about a file of the
// level; see
// [snapshot.Place.Trusted]. It asks once per device.
func (c *climber) trusted(l *level, st *stat) bool {
	if !c.asked || c.dev != st.Dev {
		c.asked, c.dev, c.trusts = true, st.Dev, l.place.Trusted()
	}
	return c.trusts
}

// split cuts a path into its folder, "" for the root, and its name.
func split(p string) (dir, name string) {
	i := strings.LastIndexByte(p, '/')
	return p[:max(i, 0)], p[i+1:]
}

// join is the opposite of split.
func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// outside reports whether a link at the path leads out of the folder. The text
// decides, as it does in store.CheckEntries: nobody follows links on the way.
func outside(at, target string) bool {
	to := path.Join(path.Dir(at), target)
	return path.IsAbs(target) || to == ".." || strings.HasPrefix(to, "../")
}
