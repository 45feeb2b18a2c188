package worktree

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/disk"
	"github.com/mlops-runner/mlops/runner/snapshot"
	"github.com/mlops-runner/mlops/runner/store"
)

// A Tree is the folder of an mlops.yaml and all that lies below it. It is safe
// for concurrent use until Close.
type Tree struct {
	root     string
	index    *index
	counters *store.Counters
	disk     disk.Disk
	now      func() time.Time
	skip     []string

	mu      sync.Mutex
	tracked *trackedAt // what git's index held when it was last read; guarded by mu

	hashers sync.Pool // of *hasher, for the next pass
}

// Options change how a Tree is opened; the zero value is good.
type Options struct {
	Index    string           // path of the stat index file; "" keeps none
	Counters *store.Counters  // nil: own ones
	Now      func() time.Time // nil: time.Now
	Disk     disk.Disk        // by which the index is saved; nil: the machine's
	// Skip are folders, relative and with slashes, that are never inputs
	// beside .git and .mlops: the store's, say, if it lies inside the tree.
	Skip []string
}

// Open opens the folder of an mlops.yaml. It reads the stat index and no more;
// a damaged index counts as none.
func Open(root string, o Options) (*Tree, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("open worktree: %w", err)
	}
	info, err := os.Stat(abs)
	if err != nil {
		return nil, fmt.Errorf("open worktree: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("open worktree: %s is not a folder", abs)
	}
	t := &Tree{root: abs, counters: o.Counters, disk: o.Disk, now: o.Now, index: openIndex(o.Index)}
	if t.counters == nil {
		t.counters = new(store.Counters)
	}
	if t.now == nil {
		t.now = time.Now
	}
	if t.disk == nil {
		t.disk = disk.Real{}
	}
	for _, s := range o.Skip {
		if s = path.Clean(s); s != "." && fs.ValidPath(s) {
			t.skip = append(t.skip, s)
		}
	}
	return t, nil
}

// Root returns the folder, absolute.
func (t *Tree) Root() string { return t.root }

// Close saves the stat index, by rename and only if something changed; files
// that changed lately are flushed before. The Tree may be used and closed again.
func (t *Tree) Close() error {
	n, err := t.index.save(t)
	if err != nil {
		return fmt.Errorf("save the stat index: %w", err)
	}
	if n > 0 {
		t.counters.BytesWritten.Add(n)
		t.counters.FilesWritten.Add(1)
	}
	return nil
}

// reserved reports whether the path is never an input: it lies in .git or
// .mlops, of this project or of one inside it, or in a folder of Options.Skip.
func (t *Tree) reserved(p string) bool {
	return ours(p) || slices.ContainsFunc(t.skip, func(s string) bool { return within(p, s) })
}

// ours reports whether the path lies in a .git or .mlops, at any depth.
func ours(p string) bool {
	if !strings.Contains(p, ".git") && !strings.Contains(p, ".mlops") {
		return false
	}
	for name := range strings.SplitSeq(p, "/") {
		if name == ".git" || name == ".mlops" {
			return true
		}
	}
	return false
}

// Entry returns the entry of one path: a file, a link, or a folder, of which
// only the mode is told. The error is a *MissingError if there is nothing, an
// *OutsideError if the path or a link leads out of the tree.
func (t *Tree) Entry(ctx context.Context, name string) (store.Entry, error) {
	p := path.Clean(filepath.ToSlash(name))
	if !fs.ValidPath(p) {
		return store.Entry{}, &OutsideError{Pattern: name, Path: p}
	}
	if p == "." {
		return store.Entry{Path: p, Mode: fs.ModeDir}, nil
	}
	st, err := t.statOne(p)
	if snapshot.NotThere(err) || t.reserved(p) {
		return store.Entry{}, t.missing(name, p)
	}
	if err != nil {
		return store.Entry{}, fmt.Errorf("stat %s: %w", name, err)
	}
	if st.Kind() == snapshot.Dir {
		return store.Entry{Path: p, Mode: fs.ModeDir}, nil
	}
	es, err := t.digests(ctx, []item{{path: p, st: st}}, func(string) string { return name })
	if err == nil && len(es) == 0 {
		err = t.missing(name, p)
	}
	if err != nil {
		return store.Entry{}, err
	}
	return es[0], nil
}

// statOne asks for one path.
func (t *Tree) statOne(p string) (*stat, error) {
	at, err := newClimber(t.root)
	if err != nil {
		return nil, err
	}
	defer at.close()
	return t.statAt(at, p)
}

func (t *Tree) statAt(at *climber, p string) (*stat, error) {
	dir, name := split(p)
	l, err := at.move(dir)
	if err != nil {
		return nil, err
	}
	t.counters.Stats.Add(1)
	st := new(stat)
	if err := at.stat(l, name, st); err != nil {
		return nil, err
	}
	return st, nil
}
