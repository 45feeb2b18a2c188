package store

import (
	"errors"
	"io/fs"
	"path"
)

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
