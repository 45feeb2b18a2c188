package worktree

import (
	"context"
	"io/fs"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/mlops-runner/mlops/runner/snapshot"
	"github.com/mlops-runner/mlops/runner/store"
)

// Current reports whether all entries stand in the tree with exactly this
// content and mode, so that publishing them would change nothing. It costs a
// stat each and reads no content: a file that neither its mark nor the stat
// index vouches for counts as not current. What else the tree holds is not
// looked at.
func (t *Tree) Current(ctx context.Context, entries []store.Entry) bool {
	var differs atomic.Bool
	var next atomic.Int64
	var wg sync.WaitGroup
	const chunk = 256
	for range min(runtime.GOMAXPROCS(0), (len(entries)+chunk-1)/chunk) {
		wg.Go(func() {
			at, err := newClimber(t.root)
			if err != nil {
				differs.Store(true)
				return
			}
			defer at.close()
			for ctx.Err() == nil && !differs.Load() {
				from := int(next.Add(chunk)) - chunk
				if from >= len(entries) {
					return
				}
				if !t.allCurrent(at, entries[from:min(from+chunk, len(entries))]) {
					differs.Store(true)
				}
			}
		})
	}
	wg.Wait()
	return ctx.Err() == nil && !differs.Load()
}

func (t *Tree) allCurrent(at *climber, es []store.Entry) bool {
	stats := int64(0)
	defer func() { t.counters.Stats.Add(stats) }()
	for i := range es {
		stats++
		if !t.current(at, &es[i]) {
			return false
		}
	}
	return true
}

func (t *Tree) current(at *climber, e *store.Entry) bool {
	dir, name := split(e.Path)
	l, err := at.move(dir)
	if err != nil {
		return false
	}
	var st stat
	if err := at.stat(l, name, &st); err != nil {
		return false
	}
	switch e.Mode {
	case fs.ModeDir:
		return st.Kind() == snapshot.Dir
	case fs.ModeSymlink:
		target, err := l.readlink(at.cstring(name))
		return err == nil && target == e.Link
	}
	if st.Kind() != snapshot.File || st.Size != e.Size || store.Normal(fs.FileMode(st.Mode&0o777)) != e.Mode || !at.trusted(l, &st) {
		return false
	}
	dig, ok := t.index.known(l, e.Path, name, &st)
	return ok && dig == e.Digest
}
