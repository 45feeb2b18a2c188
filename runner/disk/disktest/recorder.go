// Package disktest puts something between a program and its disk: a [Recorder],
// which makes again every state that a power cut could have left, and a
// [Failing] disk, which is full or broken from some call on.
//
// The model of a power cut is that of ALICE (Pillai et al., OSDI 2014) at its
// strictest: nothing reaches the disk before it is synced, and what is not
// synced may reach it in part and in any order. A rename is one step. File
// systems keep more order than that; what holds here holds on all of them.
package disktest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/disk"
)

// A Recorder does what it is told on the real disk, below one folder, and
// remembers each step. It is safe for concurrent use.
type Recorder struct {
	root string

	mu    sync.Mutex // guards all below
	top   *node
	steps []step
}

// A node is a file or folder, whatever its names.
type node struct {
	dir     bool
	mode    fs.FileMode
	mtime   time.Time
	entries map[string]*node // as they are now
}

// A step is one change or one sync.
type step struct {
	kind kind
	what string // for people

	node       *node // that is named, written or synced
	dir, from  *node // where the name appears, and where it was
	name, gone string
	data       []byte
}

type kind int

const (
	naming   kind = iota // dir/name becomes node, and from/gone nothing
	removing             // from/gone becomes nothing
	writing              // node grows by data
	syncing              // node's data, or a folder's names, are on the disk
	flushing             // everything is
	marking              // the program has promised something
)

var _ disk.Disk = (*Recorder)(nil)

// Record starts a record of what happens below root, an existing empty folder.
func Record(root string) *Recorder {
	return &Recorder{root: root, top: &node{dir: true, entries: map[string]*node{}}}
}

// Mark notes that the program has promised something; see [State.Marked].
func (r *Recorder) Mark(promise string) { r.add(step{kind: marking, what: promise}) }

func (r *Recorder) add(s step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps = append(r.steps, s)
}

// rel is the path below the root.
func (r *Recorder) rel(path string) string {
	rel, err := filepath.Rel(r.root, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(rel)
}

// find returns the folder of a path and the last name; the caller holds the lock.
func (r *Recorder) find(path string) (dir *node, name string) {
	dir = r.top
	names := strings.Split(r.rel(path), "/")
	for _, n := range names[:len(names)-1] {
		next := dir.entries[n]
		if next == nil { // made by others
			next = &node{dir: true, entries: map[string]*node{}}
			r.named(dir, n, next)
		}
		dir = next
	}
	return dir, names[len(names)-1]
}

func (r *Recorder) named(dir *node, name string, n *node) {
	dir.entries[name] = n
	r.steps = append(r.steps, step{kind: naming, what: "name " + name, node: n, dir: dir, name: name})
}

// known returns the node of a file. One that others have written counts as
// written now, and not synced. It looks at mode and time again.
func (r *Recorder) known(path string) *node {
	dir, name := r.find(path)
	if name == "." {
		return r.top
	}
	n := dir.entries[name]
	st, err := os.Lstat(path)
	if err != nil {
		return n
	}
	if n == nil {
		n = &node{dir: st.IsDir(), entries: map[string]*node{}}
		r.named(dir, name, n)
		if data, err := os.ReadFile(path); err == nil {
			r.steps = append(r.steps, step{kind: writing, what: "found " + name, node: n, data: data})
		}
	}
	n.mode, n.mtime = st.Mode().Perm(), st.ModTime()
	return n
}

// Create makes a file and records it.
func (r *Recorder) Create(path string, perm fs.FileMode) (disk.File, error) {
	f, err := disk.Real{}.Create(path, perm)
	return r.opened(path, f, err)
}

// Append opens a file and records it.
func (r *Recorder) Append(path string, perm fs.FileMode) (disk.File, error) {
	f, err := disk.Real{}.Append(path, perm)
	return r.opened(path, f, err)
}

func (r *Recorder) opened(path string, f disk.File, err error) (disk.File, error) {
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return &recorded{f, r, r.known(path)}, nil
}

// recorded is an open file.
type recorded struct {
	disk.File
	r *Recorder
	n *node
}

func (f *recorded) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.r.add(step{kind: writing, what: "write " + f.r.rel(f.Name()), node: f.n, data: append([]byte(nil), p[:n]...)})
	return n, err
}

func (f *recorded) Sync() error {
	err := f.File.Sync()
	if err == nil {
		f.r.add(step{kind: syncing, what: "sync " + f.r.rel(f.Name()), node: f.n})
	}
	return err
}

// Mkdir makes folders and records them.
func (r *Recorder) Mkdir(path string) error {
	if err := (disk.Real{}).Mkdir(path); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	dir, name := r.find(path)
	if name != "." && dir.entries[name] == nil {
		r.named(dir, name, &node{dir: true, entries: map[string]*node{}})
	}
	return nil
}

// Rename renames and records it.
func (r *Recorder) Rename(from, to string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := os.Lstat(from); err == nil {
		r.known(from)
	}
	if err := (disk.Real{}).Rename(from, to); err != nil {
		return err
	}
	was, gone := r.find(from)
	dir, name := r.find(to)
	n := was.entries[gone]
	delete(was.entries, gone)
	dir.entries[name] = n
	r.steps = append(r.steps, step{kind: naming, what: "rename " + r.rel(from) + " to " + r.rel(to), node: n, dir: dir, name: name, from: was, gone: gone})
	return nil
}

// Remove removes and records it.
func (r *Recorder) Remove(path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := (disk.Real{}).Remove(path); err != nil {
		return err
	}
	dir, name := r.find(path)
	delete(dir.entries, name)
	r.steps = append(r.steps, step{kind: removing, what: "remove " + r.rel(path), from: dir, gone: name})
	return nil
}

// Sync syncs nothing, which a test need not wait for, and records it.
func (r *Recorder) Sync(path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := os.Lstat(path); err != nil {
		return err
	}
	n := r.known(path)
	r.steps = append(r.steps, step{kind: syncing, what: "sync " + r.rel(path), node: n})
	return nil
}

// SyncAll records that everything was synced; see Sync.
func (r *Recorder) SyncAll(folder string, files []string) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range files {
		r.known(f)
	}
	r.steps = append(r.steps, step{kind: flushing, what: "sync all"})
	return 1, nil
}
