package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/mlops-runner/mlops/runner/disk"
)

// A Batch is a set of blobs and action records that become visible together:
// the records only after all blobs have reached the disk. It is safe for
// concurrent use until Commit or Close, and one of them must be called; while
// a batch is open, GC waits.
type Batch struct {
	d       *Dir
	scratch string // "" until it is needed
	cas     folder
	unlock  func()

	mu      sync.Mutex // guards what follows
	staged  map[Digest]staged
	sources []string        // files that were moved in by copying
	same    map[uint64]bool // device → whether a file of it can be renamed into the store
	actions []pointer
	last    []pointer
	done    bool
}

// staged is a blob on its way: where its bytes lie now.
type staged struct {
	path string
	temp bool // whether path is ours to remove
}

// pointer is a small file to be renamed in after the blobs: its place and content.
type pointer struct {
	rel  string
	data []byte
}

// Begin starts a batch.
func (d *Dir) Begin(ctx context.Context) (*Batch, error) {
	unlock, err := d.share(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin batch: %w", err)
	}
	cas, err := openFolder(d.path(casDir))
	if err != nil {
		unlock()
		return nil, fmt.Errorf("begin batch: %w", err)
	}
	return &Batch{
		d: d, cas: cas, unlock: unlock,
		staged: make(map[Digest]staged), same: make(map[uint64]bool),
	}, nil
}

// Put stores what r gives until its end and returns its digest and length in bytes.
func (b *Batch) Put(ctx context.Context, r io.Reader) (Digest, int64, error) {
	dir, err := b.folder()
	if err != nil {
		return Digest{}, 0, fmt.Errorf("put blob: %w", err)
	}
	f, err := b.d.disk.Create(filepath.Join(dir, fmt.Sprintf("put%016x", rand.Uint64())), 0o600)
	if err != nil {
		return Digest{}, 0, fmt.Errorf("put blob: %w", err)
	}
	dig, n, err := b.d.copyHash(ctx, f, r)
	if err == nil {
		b.d.counter.BytesWritten.Add(n)
		err = b.seal(f, dig)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return Digest{}, 0, fmt.Errorf("put blob: %w", errors.Join(err, disk.RemoveIfThere(b.d.disk, f.Name())))
	}
	if !b.stage(dig, staged{f.Name(), true}) {
		disk.RemoveIfThere(b.d.disk, f.Name()) // or Close does
	}
	return dig, n, nil
}

// folder is the batch's own folder for blobs on their way. Many batches move
// files in from elsewhere and need none.
func (b *Batch) folder() (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var err error
	if b.scratch == "" {
		b.scratch, err = b.d.scratch()
	}
	return b.scratch, err
}

// seal makes the file read-only and gives it the mark of its digest.
func (b *Batch) seal(f disk.File, dig Digest) error {
	if err := f.Chmod(0o444); err != nil {
		return err
	}
	when := dig.stamp(b.d.now())
	return os.Chtimes(f.Name(), when, when)
}

// PutBytes stores p.
func (b *Batch) PutBytes(ctx context.Context, p []byte) (Digest, error) {
	dig := Sum(p)
	b.d.counter.BytesHashed.Add(int64(len(p)))
	if b.has(dig) {
		return dig, nil
	}
	_, _, err := b.Put(ctx, bytes.NewReader(p))
	return dig, err
}

// has reports whether the blob is staged or stored.
func (b *Batch) has(dig Digest) bool {
	b.mu.Lock()
	_, ok := b.staged[dig]
	b.mu.Unlock()
	if ok {
		return true
	}
	_, err := b.d.checkIn(b.cas, dig, sharded("", dig)[1:])
	return err == nil
}

// stage notes a blob and reports whether it is new to the batch and the store.
func (b *Batch) stage(dig Digest, s staged) bool {
	if b.has(dig) {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.staged[dig]; ok {
		return false
	}
	b.staged[dig] = s
	return true
}

// Action makes the record of fingerprint part of the batch; see Dir.PutAction.
func (b *Batch) Action(fingerprint Digest, data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.actions = append(b.actions, pointer{sharded("actions", fingerprint), sealAction(data)})
}

// Last makes the pointer of key part of the batch; see Dir.SetLast.
func (b *Batch) Last(key string, fingerprint Digest) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = append(b.last, pointer{lastPath(key), lastText(key, fingerprint)})
}

// Commit flushes the new blobs, gives them their names, and then publishes the
// action records and pointers. If it fails, no record of the batch is visible.
// A batch without new blobs flushes nothing.
func (b *Batch) Commit(ctx context.Context) error {
	defer b.Close()
	if ctx.Err() != nil {
		return fmt.Errorf("commit batch: %w", context.Cause(ctx))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done {
		return errors.New("commit batch: already committed or closed")
	}
	if err := b.publish(); err != nil {
		return fmt.Errorf("commit batch: %w", err)
	}
	for _, path := range b.sources {
		b.d.disk.Remove(path) // a source left behind is a copy, not a fault
	}
	return nil
}

func (b *Batch) publish() (err error) {
	pointers := append(b.actions, b.last...)
	temps := make([]string, len(pointers))
	defer func() {
		for _, t := range temps {
			if err != nil && t != "" {
				disk.RemoveIfThere(b.d.disk, t) // those renamed already are not there any more
			}
		}
	}()
	for i, p := range pointers {
		if temps[i], err = b.d.writeTemp(b.d.path("tmp"), p.data); err != nil {
			return err
		}
	}
	if err := b.flush(); err != nil {
		return err
	}
	if err := b.install(); err != nil {
		return err
	}
	for i, p := range pointers {
		if err := b.d.renameIn(temps[i], p.rel); err != nil {
			return err
		}
	}
	return nil
}

// flush brings the staged blobs to the disk: one by its own fsync, several by
// one syncfs.
func (b *Batch) flush() error {
	if len(b.staged) == 0 {
		return nil
	}
	paths := make([]string, 0, len(b.staged))
	for _, s := range b.staged {
		paths = append(paths, s.path)
	}
	b.d.counter.Syncs.Add(1)
	if len(paths) == 1 {
		return b.d.disk.Sync(paths[0])
	}
	calls, err := b.d.disk.SyncAll(b.d.path("tmp"), paths)
	b.d.counter.Syncs.Add(calls - 1)
	return err
}

// install renames the staged blobs to their names, on two goroutines: that is
// as far as renames within one file system go in parallel.
func (b *Batch) install() error {
	var g errgroup.Group
	g.SetLimit(2)
	for dig, s := range b.staged {
		g.Go(func() error { return b.installOne(dig, s) })
	}
	return g.Wait()
}

func (b *Batch) installOne(dig Digest, s staged) error {
	rel := sharded(casDir, dig)
	st, err := b.cas.stat(rel[len(casDir)+1:])
	if err == nil && st.Mode.IsRegular() && Stamped(dig, st.Mtime) {
		return b.drop(s) // another process was first
	}
	if !s.temp {
		if err := untouched(s.path, dig); err != nil {
			return err
		}
	}
	if err := b.d.renameIn(s.path, rel); err != nil {
		return err
	}
	b.d.counter.FilesWritten.Add(1)
	return nil
}

// drop removes the file of a blob that is not needed.
func (b *Batch) drop(s staged) error {
	return disk.RemoveIfThere(b.d.disk, s.path)
}

// untouched makes sure that a file that lay in somebody's folder until now is
// still the one that was hashed.
func untouched(path string, dig Digest) error {
	dir, err := openFolder(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.close()
	st, err := dir.stat(filepath.Base(path))
	if err != nil {
		return err
	}
	if !st.Mode.IsRegular() || !Stamped(dig, st.Mtime) {
		return fmt.Errorf("%s: changed while it was being stored", path)
	}
	return nil
}

// Close ends the batch and drops what was not committed. Files that were to be
// moved in stay where they are. It may be called after Commit.
func (b *Batch) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done {
		return nil
	}
	b.done = true
	b.cas.close()
	var err error
	if b.scratch != "" {
		err = os.RemoveAll(b.scratch)
	}
	b.unlock()
	if err != nil {
		return fmt.Errorf("close batch: %w", err)
	}
	return nil
}

// Put stores one blob in a batch of its own.
func (d *Dir) Put(ctx context.Context, r io.Reader) (dig Digest, n int64, err error) {
	err = d.once(ctx, func(b *Batch) error {
		dig, n, err = b.Put(ctx, r)
		return err
	})
	return dig, n, err
}

// PutBytes stores p in a batch of its own.
func (d *Dir) PutBytes(ctx context.Context, p []byte) (Digest, error) {
	dig := Sum(p)
	return dig, d.once(ctx, func(b *Batch) error {
		_, err := b.PutBytes(ctx, p)
		return err
	})
}

// PutTree stores a tree in a batch of its own; see Batch.PutTree.
func (d *Dir) PutTree(ctx context.Context, es []Entry) (dig Digest, err error) {
	err = d.once(ctx, func(b *Batch) error {
		dig, err = b.PutTree(ctx, es)
		return err
	})
	return dig, err
}

func (d *Dir) once(ctx context.Context, fill func(*Batch) error) error {
	b, err := d.Begin(ctx)
	if err != nil {
		return err
	}
	if err := fill(b); err != nil {
		return errors.Join(err, b.Close())
	}
	return b.Commit(ctx)
}
