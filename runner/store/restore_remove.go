package store

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// removePrevious removes what an earlier Restore put here and the entries no
// longer name, and then the folders that this left empty.
func (r *restorer) removePrevious(es []Entry) error {
	if len(r.o.Previous) == 0 {
		return nil
	}
	if err := CheckEntries(r.o.Previous); err != nil {
		return err
	}
	wanted := make(map[string]bool, len(es))
	for _, e := range es {
		wanted[e.Path] = true
	}
	var at cursor
	defer at.close()
	folders := make(map[string]bool)
	for _, e := range sortByFolder(r.o.Previous) {
		if wanted[e.Path] {
			continue
		}
		if err := r.removeStale(&at, e); err != nil {
			return err
		}
		for dir := path.Dir(e.Path); dir != "."; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	at.close()
	r.removeEmpty(folders)
	return nil
}

// removeStale removes one entry of old, if it is still what it was.
func (r *restorer) removeStale(at *cursor, e Entry) error {
	err := at.move(r.top, path.Dir(e.Path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil { // a link or file has taken the place of its folder: not ours
		r.left = append(r.left, e.Path)
		return nil
	}
	name := path.Base(e.Path)
	st, err := at.stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if e.Mode == fs.ModeDir {
		at.rmdir(name) // stays if somebody put something into it
		return nil
	}
	if !r.unchanged(at.folder, name, e, st) {
		r.left = append(r.left, e.Path)
		return nil
	}
	r.removed.Add(1)
	return at.remove(name)
}

func (r *restorer) unchanged(dir folder, name string, e Entry, st fileInfo) bool {
	if e.Mode == fs.ModeSymlink {
		target, err := dir.readlink(name)
		return err == nil && target == e.Link
	}
	return st.Mode.IsRegular() && st.Size == e.Size && Stamped(e.Digest, st.Mtime)
}

// removeEmpty removes the folders that are empty, deepest first.
func (r *restorer) removeEmpty(folders map[string]bool) {
	for _, rel := range byDepth(folders) {
		dir, err := r.top.walk(path.Dir(rel))
		if err != nil {
			continue
		}
		dir.rmdir(path.Base(rel)) // fails, as it should, when something is left
		dir.close()
	}
}

func byDepth(folders map[string]bool) []string {
	out := make([]string, 0, len(folders))
	for f := range folders {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Count(b, "/") - strings.Count(a, "/") })
	return out
}

// purge removes from the folders that are restored whole what no entry names.
func (r *restorer) purge(es []Entry) error {
	if len(r.o.Folders) == 0 {
		return nil
	}
	wanted := make(map[string]bool, len(es))
	for _, e := range es {
		for p := e.Path; p != "." && !wanted[p]; p = path.Dir(p) {
			wanted[p] = true
		}
	}
	for _, f := range r.o.Folders {
		if err := r.purgeFolder(path.Clean(f), wanted); err != nil {
			return err
		}
	}
	return nil
}

func (r *restorer) purgeFolder(rel string, wanted map[string]bool) error {
	if r.fresh[rel] {
		return nil
	}
	dir, err := r.top.walk(rel)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.close()
	es, err := dir.list()
	if err != nil {
		return err
	}
	for _, e := range es {
		at := path.Join(rel, e.name)
		switch {
		case !wanted[at]:
			r.removed.Add(1)
			err = dir.removeAll(e.name)
		case e.dir:
			err = r.purgeFolder(at, wanted)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
