package worktree

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/mlops-runner/mlops/runner/snapshot"
)

// manyFolders is from how many folders in one on they are looked into on all
// cores. One core needs a sixth of the time to list 1,000 folders of 100 files
// that two need to hash them, and until it is done the other has nothing to do.
const manyFolders = 16

// countFolders counts those among what a folder holds.
func countFolders(es []dirent) (n int) {
	for _, e := range es {
		if e.kind == snapshot.Dir {
			n++
		}
	}
	return n
}

// spread does for a folder that holds es what [walker.folder] does, on all
// cores: each takes the next folder that nobody has taken. What they find is put
// together in the order of the names.
func (w *walker) spread(es []dirent, depth int, ps []*pattern) error {
	var below []string  // folders
	var before [][]item // the files before each of them
	mine := make([]item, 0, len(es))
	for _, e := range es {
		if e.kind != snapshot.Dir {
			mine = w.dirent(mine, e, ps)
			continue
		}
		below, before = append(below, e.path), append(before, mine)
		mine = mine[len(mine):]
	}
	found, err := w.listAll(below, depth+1, ps)
	if err != nil {
		return err
	}
	for i := range below {
		w.note(before[i])
		w.found = append(w.found, found[i]...)
	}
	w.note(mine)
	return nil
}

// listAll enters each of the folders and returns what each holds. It returns the
// error of the first that has one.
func (w *walker) listAll(folders []string, depth int, ps []*pattern) ([][][]item, error) {
	found, errs := make([][][]item, len(folders)), make([]error, len(folders))
	workers := min(runtime.GOMAXPROCS(0), len(folders))
	starts := make([]error, workers)
	var next atomic.Int64
	var wg sync.WaitGroup
	for k := range workers {
		wg.Go(func() {
			at, err := newClimber(w.t.root)
			if err != nil {
				starts[k] = fmt.Errorf("open %s: %w", w.t.root, err)
				return
			}
			defer at.close()
			for i := int(next.Add(1)) - 1; i < len(folders); i = int(next.Add(1)) - 1 {
				one := &walker{t: w.t, ctx: w.ctx, at: at}
				errs[i] = one.enter(folders[i], depth, ps)
				found[i] = one.found
			}
		})
	}
	wg.Wait()
	for _, err := range append(starts, errs...) {
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
