package snapshot

import (
	"errors"
	"io/fs"
)

// A visitor asks for files in one folder after another, below a root or
// anywhere. One goroutine uses it.
type visitor struct {
	root  Place
	place Place // the present folder
	open  bool  // whether place has to be closed
	err   error // why there is no present folder
	stats int64

	asked, trusts bool // what trusted has found out about the present folder
}

// errLink is that a folder below the root is reached through a link.
var errLink = errors.New("a symbolic link is in the way")

func newVisitor(root string) (*visitor, error) {
	p, err := OpenRoot(root)
	return &visitor{root: p}, err
}

func (v *visitor) close() {
	v.leave()
	v.root.Close()
}

func (v *visitor) leave() {
	if v.open {
		v.place.Close()
		v.open = false
	}
}

// enter goes to a folder: "" for the root, relative to it, or absolute. That it
// is not there shows when a file in it is asked for.
func (v *visitor) enter(dir string) {
	v.leave()
	v.asked = false
	switch {
	case dir == "":
		v.place, v.err = v.root, nil
		return
	case absolute(dir):
		v.place, v.err = OpenRoot(dir)
	default:
		v.place, v.err = v.root.Below(dir)
	}
	v.open = v.err == nil
}

// trusted reports whether the present folder's file system tells the truth; see
// [Place.Trusted]. Of a folder that is not there nothing is held against it.
func (v *visitor) trusted() bool {
	if !v.asked {
		v.asked, v.trusts = true, v.err != nil || v.place.Trusted()
	}
	return v.trusts
}

func (v *visitor) stat(name []byte, st *Stat) error {
	if v.err != nil {
		if linked(v.err) {
			return errLink
		}
		return v.err
	}
	return v.place.Stat(name, st)
}

// notThere reports whether a path is absent, and would be found if it appeared.
func notThere(err error) bool {
	return err != nil && !errors.Is(err, errLink) && (errors.Is(err, fs.ErrNotExist) || NotThere(err))
}
