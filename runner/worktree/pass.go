package worktree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mlops-runner/mlops/runner/snapshot"
	"github.com/mlops-runner/mlops/runner/store"
)

// smallFile is read by one call. A buffer larger than that shows, without a
// further call, that the file has not grown.
const smallFile = 128 << 10 // bytes

// An item is a path to find the digest of.
type item struct {
	path string
	st   *stat  // what a stat told already, or nil
	kind uint32 // the type it had when it was found, as in stat.Mode; 0 if unknown
}

// A pass makes the entries of many paths, on all cores: one stat each, and a
// read where the index does not vouch for the content.
type pass struct {
	t     *Tree
	ctx   context.Context // of the call, which a pass does not outlive
	items []item
	out   []store.Entry // in the order of items; without a Path where nothing is
	chunk int
	next  atomic.Int64
	from  func(path string) string // the pattern that named a path

	mu       sync.Mutex
	large    []large   // files that are worth a turn of their own
	problems []problem // guarded by mu, as is large
}

type large struct {
	i  int
	st stat
}

type problem struct {
	i   int
	err error
}

// digests returns the entries of the items, which are sorted by path. Those of
// files that are gone are left out. from names the pattern to blame for a path.
func (t *Tree) digests(ctx context.Context, items []item, from func(string) string) ([]store.Entry, error) {
	workers := runtime.GOMAXPROCS(0)
	p := &pass{
		t: t, ctx: ctx, items: items, out: make([]store.Entry, len(items)), from: from,
		chunk: max(1, min(256, len(items)/(4*workers))),
	}
	p.run(min(workers, len(items)), (*worker).chunks)
	if len(p.large) > 0 {
		sort.Slice(p.large, func(i, j int) bool { return p.large[i].st.Size > p.large[j].st.Size })
		p.next.Store(0)
		p.run(min(workers, len(p.large)), (*worker).larges)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if len(p.problems) > 0 {
		return nil, p.err()
	}
	return slices.DeleteFunc(p.out, func(e store.Entry) bool { return e.Path == "" }), nil
}

func (p *pass) run(workers int, work func(*worker) error) {
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			at, err := newClimber(p.t.root)
			if err != nil {
				p.fail(-1, fmt.Errorf("open %s: %w", p.t.root, err))
				return
			}
			w := &worker{pass: p, at: at}
			defer w.done()
			if err := work(w); err != nil {
				p.fail(-1, err)
			}
		})
	}
	wg.Wait()
}

func (p *pass) fail(i int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, problem{i, err})
}

// err joins the problems in the order of the paths.
func (p *pass) err() error {
	sort.SliceStable(p.problems, func(i, j int) bool { return p.problems[i].i < p.problems[j].i })
	errs := make([]error, len(p.problems))
	for i, x := range p.problems {
		errs[i] = x.err
	}
	return errors.Join(errs...)
}

// A worker is one goroutine of a pass.
type worker struct {
	*pass
	at                   *climber
	hash                 *hasher
	news                 []update
	stats, hashed, bytes int64
}

// done hands in what the worker has learnt and counted.
func (w *worker) done() {
	w.at.close()
	if w.hash != nil {
		w.t.hashers.Put(w.hash)
	}
	w.t.index.put(w.news)
	w.t.counters.Stats.Add(w.stats)
	w.t.counters.FilesHashed.Add(w.hashed)
	w.t.counters.BytesHashed.Add(w.bytes)
}

func (w *worker) chunks() error {
	for w.ctx.Err() == nil {
		from := int(w.next.Add(int64(w.chunk))) - w.chunk
		if from >= len(w.items) {
			return nil
		}
		for i := from; i < min(from+w.chunk, len(w.items)); i++ {
			if err := w.one(i); err != nil {
				w.fail(i, err)
			}
		}
	}
	return nil
}

// larges hashes the large files, biggest first so that no core is left with
// one at the end.
func (w *worker) larges() error {
	for w.ctx.Err() == nil {
		k := int(w.next.Add(1)) - 1
		if k >= len(w.large) {
			return nil
		}
		f := &w.large[k]
		dir, name := split(w.items[f.i].path)
		l, err := w.at.move(dir)
		if err == nil {
			err = w.reread(f.i, l, name, &f.st)
		}
		if err != nil && !snapshot.NotThere(err) {
			w.fail(f.i, err)
		}
	}
	return nil
}

// one makes the entry of item i, or puts it off if its file is large.
func (w *worker) one(i int) error {
	it := &w.items[i]
	dir, name := split(it.path)
	l, err := w.at.move(dir)
	if snapshot.NotThere(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", dir, err)
	}
	if it.st == nil && it.kind == snapshot.File && w.t.index.blank(l) {
		if done, err := w.fresh(i, l, name); done || err != nil {
			return err
		}
	}
	var st stat
	if it.st != nil {
		st = *it.st
	} else {
		w.stats++
		if err := w.at.stat(l, name, &st); snapshot.NotThere(err) {
			w.t.index.forget(l, it.path, name)
			return nil
		} else if err != nil {
			return fmt.Errorf("stat %s: %w", it.path, err)
		}
	}
	return w.sort(i, l, name, &st)
}

// sort sends an item the way of its type.
func (w *worker) sort(i int, l *level, name string, st *stat) error {
	it := &w.items[i]
	switch st.Kind() {
	case snapshot.File:
		return w.file(i, l, name, st)
	case snapshot.Link:
		return w.link(i, l, name)
	case snapshot.Dir:
		return nil
	}
	return &store.UnsafeError{Path: it.path, Reason: "is neither a file, a folder nor a symbolic link"}
}

func (w *worker) file(i int, l *level, name string, st *stat) error {
	if w.at.trusted(l, st) {
		if dig, ok := w.t.index.known(l, w.items[i].path, name, st); ok {
			w.entry(i, st, st.Size, dig)
			return nil
		}
	}
	if st.Size > smallFile {
		w.putOff(i, st)
		return nil
	}
	err := w.reread(i, l, name, st)
	if snapshot.NotThere(err) {
		return nil
	}
	return err
}

// putOff leaves a large file for a turn of its own.
func (w *worker) putOff(i int, st *stat) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.large = append(w.large, large{i, *st})
}

// fresh makes the entry of a file of a folder of which the index knows nothing:
// it has to be read anyway, so it is opened first, and the open file is asked
// for its stat. It reports whether that was all.
func (w *worker) fresh(i int, l *level, name string) (done bool, err error) {
	h := w.hasher()
	now := w.t.now()
	if err := h.open(l.place, w.at.cstring(name)); snapshot.NotThere(err) {
		return false, nil // or a link by now; the way of all files tells
	} else if err != nil {
		return false, fmt.Errorf("hash %s: %w", w.items[i].path, err)
	}
	defer h.close()
	w.stats++
	var st stat
	if err := h.stat(&st); err != nil {
		return false, fmt.Errorf("stat %s: %w", w.items[i].path, err)
	}
	switch {
	case st.Kind() != snapshot.File:
		return true, w.sort(i, l, name, &st)
	case st.Size > smallFile:
		w.putOff(i, &st)
		return true, nil
	}
	return true, w.read(i, l, name, &st, now)
}

func (w *worker) hasher() *hasher {
	if w.hash == nil {
		var ok bool
		if w.hash, ok = w.t.hashers.Get().(*hasher); !ok {
			w.hash = newHasher()
		}
	}
	return w.hash
}

func (w *worker) entry(i int, st *stat, size int64, dig store.Digest) {
	mode := store.Normal(fs.FileMode(st.Mode & 0o777))
	w.out[i] = store.Entry{Path: w.items[i].path, Mode: mode, Size: size, Digest: dig}
}

// reread opens a file whose stat is known, and reads it. The clock is read
// before the file: a write that the stat might not show can come only after both.
func (w *worker) reread(i int, l *level, name string, st *stat) error {
	now := w.t.now()
	h := w.hasher()
	if err := h.open(l.place, w.at.cstring(name)); err != nil {
		return fmt.Errorf("hash %s: %w", w.items[i].path, err)
	}
	defer h.close()
	return w.read(i, l, name, st, now)
}

// read hashes the open file and makes it known.
func (w *worker) read(i int, l *level, name string, st *stat, now time.Time) error {
	dig, n, err := w.hash.hash(w.ctx, st.Size)
	w.hashed++
	w.bytes += n
	if err != nil {
		return fmt.Errorf("hash %s: %w", w.items[i].path, err)
	}
	w.entry(i, st, n, dig)
	if !w.t.index.keeps() || !w.at.trusted(l, st) {
		return nil
	}
	r := &state{Stat: *st, Digest: dig}
	if n != st.Size || snapshot.Young(st, now) && !store.Stamped(dig, st.Mtime) {
		r.Flags = snapshot.Racy
	}
	w.learn(i, l, name, r)
	return nil
}

// learn notes a record, unless the index says the same already: a file that
// stays racy must not make every run write the index.
func (w *worker) learn(i int, l *level, name string, r *state) {
	if k := w.t.index.find(l, name); k >= 0 {
		var old state
		if w.t.index.base.State(k, &old); old == *r && !w.t.index.any.Load() {
			return
		}
	}
	w.news = append(w.news, update{w.items[i].path, r})
}

func (w *worker) link(i int, l *level, name string) error {
	p := w.items[i].path
	target, err := l.readlink(w.at.cstring(name))
	if snapshot.NotThere(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read link %s: %w", p, err)
	}
	if outside(p, target) {
		return &OutsideError{Pattern: w.from(p), Path: p, Target: target}
	}
	w.out[i] = store.Entry{Path: p, Mode: fs.ModeSymlink, Digest: store.Sum([]byte(target)), Link: target}
	return nil
}
