package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// removeDepth is how many folders inside one another are removed where they
// are. What lies deeper is first moved up, so that a tree of a hundred thousand
// levels, which a shell makes in seconds, costs neither as many descriptors nor
// the memory for their paths.
const removeDepth = 64

// RemoveScratch removes a folder that Scratch made, and whatever a job left in
// it: folders that their owner may not read or change, and nests of any depth.
// Symbolic links are removed, not followed. It goes on after an error and
// returns all of them; a folder that is not there is none.
func (d *Dir) RemoveScratch(path string) error {
	err := d.removeTree(filepath.Dir(path), filepath.Base(path))
	if err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

func (d *Dir) removeTree(dir, name string) error {
	f, err := openFolder(dir)
	if err != nil {
		return err
	}
	defer f.close()
	top, err := openFolder(d.path("tmp"))
	if err != nil {
		return err
	}
	defer top.close()
	r := remover{top: top, name: d.scratchName}
	r.remove(f, name, 0)
	for len(r.moved) > 0 {
		name := r.moved[len(r.moved)-1]
		r.moved = r.moved[:len(r.moved)-1]
		r.remove(top, name, 0)
	}
	return errors.Join(r.errs...)
}

// A remover is one removal at work.
type remover struct {
	top   folder // takes what lies too deep
	name  func() string
	moved []string // names in top that remain to be removed
	errs  []error
}

// maxRemoveErrors is how many errors of one removal are told.
const maxRemoveErrors = 5

func (r *remover) failed(err error) {
	if err != nil && !errors.Is(err, fs.ErrNotExist) && len(r.errs) < maxRemoveErrors {
		r.errs = append(r.errs, err)
	}
}

func (r *remover) remove(dir folder, name string, depth int) {
	err := dir.remove(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return
	}
	st, statErr := dir.stat(name)
	if statErr != nil || !st.Mode.IsDir() {
		r.failed(err)
		return
	}
	if st.Mode.Perm()&0o700 != 0o700 {
		_ = dir.chmod(name, 0o700) // what then still fails says why
	}
	if depth >= removeDepth {
		up := r.name()
		if err := dir.rename(name, r.top, up); err != nil {
			r.failed(err)
			return
		}
		r.moved = append(r.moved, up)
		return
	}
	r.inside(dir, name, depth)
	r.failed(dir.rmdir(name))
}

// inside removes what is in a folder.
func (r *remover) inside(dir folder, name string, depth int) {
	d, err := dir.sub(name)
	if err != nil {
		r.failed(err)
		return
	}
	defer d.close()
	es, err := d.list()
	r.failed(err)
	for _, e := range es {
		r.remove(d, e.name, depth+1)
	}
}
