package worktree

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/mlops-runner/mlops/runner/snapshot"
	"github.com/mlops-runner/mlops/runner/store"
)

// An index remembers the digests of files that look as they did. It is safe
// for concurrent use.
type index struct {
	file string // "" keeps none
	base *table // as it was read; never changes

	any     atomic.Bool // whether updates holds something
	mu      sync.RWMutex
	updates map[string]*state // by path; nil: the file is gone; guarded by mu
}

// openIndex reads the file. A damaged one counts as missing: the index saves
// time and nothing else.
func openIndex(file string) *index {
	x := &index{file: file, base: &table{}, updates: make(map[string]*state)}
	if file == "" {
		return x
	}
	if t, err := openTable(file); err == nil {
		x.base = t
	}
	return x
}

// known returns the digest of a file of the level, if its stat vouches for it.
func (x *index) known(l *level, p, name string, st *stat) (dig store.Digest, ok bool) {
	if x.any.Load() {
		x.mu.RLock()
		r, updated := x.updates[p]
		x.mu.RUnlock()
		if updated {
			return vouched(r, st)
		}
	}
	i := x.find(l, name)
	if i < 0 {
		return dig, false
	}
	var r state
	x.base.State(i, &r)
	return vouched(&r, st)
}

// vouched returns the recorded digest if the file is still what was read then:
// nothing in its stat has changed. The mark of the content takes the place of
// age, but proves nothing alone: touch -r copies it to another content.
func vouched(r *state, st *stat) (dig store.Digest, ok bool) {
	if r == nil || st.Kind() != snapshot.File {
		return dig, false
	}
	if r.Stat == *st && (r.Flags&snapshot.Racy == 0 || store.Stamped(r.Digest, st.Mtime)) {
		return r.Digest, true
	}
	return dig, false
}

// keeps reports whether what is learnt is kept.
func (x *index) keeps() bool { return x.file != "" }

// blank reports whether nothing is known of the files of the level that are still
// to come.
func (x *index) blank(l *level) bool {
	if x.any.Load() {
		return false
	}
	x.seek(l)
	return l.next == l.to
}

// seek finds where the level's records lie, once.
func (x *index) seek(l *level) {
	if !l.found {
		first, n := x.base.FindDir(l.rel)
		l.found, l.next, l.to = true, first, first+n
	}
}

// find returns the place of name in the base, or -1. Neighbours are asked for
// in order, so the next record is tried first.
func (x *index) find(l *level, name string) int {
	x.seek(l)
	i := l.next
	if i < l.to && x.base.Is(i, name) {
		l.next++
		return i
	}
	first, n := x.base.FindDir(l.rel)
	i = x.base.FindName(first, first+n, name)
	if i == first+n || !x.base.Is(i, name) {
		return -1
	}
	l.next = i + 1
	return i
}

// An update is a new record of a path; nil means that the file is gone.
type update struct {
	path string
	*state
}

func (x *index) put(us []update) {
	if len(us) == 0 || !x.keeps() {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, u := range us {
		x.updates[u.path] = u.state
	}
	x.any.Store(true)
}

// forget notes that the file is gone, if anything is known of it.
func (x *index) forget(l *level, p, name string) {
	if x.find(l, name) >= 0 {
		x.put([]update{{path: p}})
	}
}

// save writes the index if there is something new, and returns its length in
// bytes. A failure costs time at the next start; so does a kill.
func (x *index) save(t *Tree) (n int64, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.file == "" || len(x.updates) == 0 {
		return 0, nil
	}
	if err := x.settle(t); err != nil {
		return 0, err
	}
	rows := x.merged()
	pruned := x.prunedAt()
	if x.base.Len() == 0 {
		pruned = len(rows) // all were seen just now
	}
	if len(rows) > pruned+pruned/4+1000 {
		rows = prune(t.root, rows)
		pruned = len(rows)
	}
	b := snapshot.Encode(store.Digest{}, rows, binary.LittleEndian.AppendUint64(nil, uint64(pruned)))
	if err := replaceFile(t.disk, x.file, b); err != nil {
		return 0, err
	}
	clear(x.updates)
	x.any.Store(false)
	base, err := snapshot.Decode(b)
	if err != nil {
		return 0, err
	}
	err = x.base.Close()
	x.base = base
	return int64(len(b)), err
}

// prunedAt returns how many rows there were when files that are gone were last
// looked for.
func (x *index) prunedAt() int {
	if len(x.base.Payload) != 8 {
		return 0
	}
	return int(min(binary.LittleEndian.Uint64(x.base.Payload), 1<<32))
}

// merged returns the base with the updates, in the order of a table.
func (x *index) merged() []row {
	rows := make([]row, 0, x.base.Len()+len(x.updates))
	for _, r := range x.base.Rows() {
		if _, updated := x.updates[join(r.Dir, r.Name)]; !updated {
			rows = append(rows, r)
		}
	}
	for p, r := range x.updates {
		if r != nil {
			dir, name := split(p)
			rows = append(rows, row{Dir: dir, Name: name, State: *r})
		}
	}
	slices.SortFunc(rows, compareRows)
	return rows
}

func compareRows(a, b row) int {
	if c := strings.Compare(a.Dir, b.Dir); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}

// prune drops the rows of files that are gone. It lists folders instead of
// asking for every file, and is called only when the index has grown.
func prune(root string, rows []row) []row {
	at, err := newClimber(root)
	if err != nil {
		return rows
	}
	defer at.close()
	kept := rows[:0]
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].Dir == rows[0].Dir {
			n++
		}
		names := namesIn(at, rows[0].Dir)
		for _, r := range rows[:n] {
			if names[r.Name] {
				kept = append(kept, r)
			}
		}
		rows = rows[n:]
	}
	return kept
}

func namesIn(at *climber, dir string) map[string]bool {
	names := make(map[string]bool)
	l, err := at.move(dir)
	if err != nil {
		return names
	}
	es, _ := at.list(l)
	for _, e := range es {
		names[e.name()] = true
	}
	return names
}
