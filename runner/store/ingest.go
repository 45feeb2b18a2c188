package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// IngestOptions say how files come into the store. The zero value copies.
type IngestOptions struct {
	// Move takes the file itself: it is sealed and renamed into the store at
	// Commit, without a second read or a copy. Across file systems, and when
	// the file has other names, it is copied and removed at Commit.
	Move bool
	// Known trusts the digests that the entries already have: files are not
	// read. Only what cannot have changed since it was hashed may come so.
	Known   bool
	Workers int // 0 means 2
}

// Ingest stores the file at name and returns its entry, with Path empty. For a
// symbolic link or a folder it returns the entry and stores nothing; anything
// but these and regular files is an *UnsafeError. Options.Known has no effect.
func (b *Batch) Ingest(ctx context.Context, name string, o IngestOptions) (Entry, error) {
	dir, err := openFolder(filepath.Dir(name))
	if err != nil {
		return Entry{}, fmt.Errorf("ingest: %w", err)
	}
	defer dir.close()
	o.Known = false
	e, err := b.ingest(ctx, dir, filepath.Base(name), Entry{}, o)
	if err != nil {
		return Entry{}, fmt.Errorf("ingest: %w", err)
	}
	return e, nil
}

// IngestAll stores the files that the entries name below root, several at a
// time, and returns the entries with mode, size and digest filled in, in the
// same order. Where an entry has a digest already, other content is a
// *MismatchError. Links in a path's folders are not followed.
func (b *Batch) IngestAll(ctx context.Context, root string, es []Entry, o IngestOptions) ([]Entry, error) {
	if err := b.checkPaths(es); err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	top, err := openFolder(root)
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	defer top.close()
	if o.Workers <= 0 {
		o.Workers = 2
	}
	out := slices.Clone(es)
	err = inChunks(ctx, len(out), o.Workers, func(from, to int) error {
		return b.ingestRange(ctx, top, out[from:to], o)
	})
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	return out, nil
}

func (b *Batch) checkPaths(es []Entry) error {
	for _, e := range es {
		if e.Path == "." || !fs.ValidPath(e.Path) {
			return &UnsafeError{Path: e.Path, Reason: "is not a clean relative path"}
		}
	}
	return nil
}

// ingestRange keeps the folder of the last file open for the next one.
func (b *Batch) ingestRange(ctx context.Context, top folder, es []Entry, o IngestOptions) error {
	var at cursor
	defer at.close()
	for i, e := range es {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		dir, name := path.Split(e.Path)
		if err := at.move(top, path.Clean(dir)); err != nil {
			return err
		}
		got, err := b.ingest(ctx, at.folder, name, e, o)
		if err != nil {
			return err
		}
		es[i] = got
	}
	return nil
}

// ingest stores one file. want is what the caller knows of it.
func (b *Batch) ingest(ctx context.Context, dir folder, name string, want Entry, o IngestOptions) (Entry, error) {
	st, err := dir.stat(name)
	if err != nil {
		return want, err
	}
	got := Entry{Path: want.Path, Mode: Normal(st.Mode)}
	switch {
	case st.Mode.IsDir():
		return got, nil
	case st.Mode&fs.ModeSymlink != 0:
		got.Link, err = dir.readlink(name)
		got.Digest = Sum([]byte(got.Link))
		return got, errors.Join(err, mismatch(dir, name, want.Digest, got.Digest))
	case !st.Mode.IsRegular():
		return got, &UnsafeError{Path: dir.path + "/" + name, Reason: "is neither a file, a folder nor a symbolic link"}
	}
	got.Size = st.Size
	if o.Move && st.Nlink == 1 && b.renames(dir, name, st.Dev) {
		got.Digest, err = b.take(ctx, dir, name, st, want.Digest, o.Known)
		return got, err
	}
	if got.Digest, got.Size, err = b.copy(ctx, dir, name, want.Digest); err == nil && o.Move {
		b.mu.Lock()
		b.sources = append(b.sources, dir.path+"/"+name)
		b.mu.Unlock()
	}
	return got, err
}

func mismatch(dir folder, name string, want, got Digest) error {
	if want.IsZero() || want == got {
		return nil
	}
	return &MismatchError{dir.path + "/" + name, want, got}
}

// renames reports whether a file of the device can be renamed into the store.
// Equal device numbers do not prove it (bind mounts), so the first file of each
// device goes there and back.
func (b *Batch) renames(dir folder, name string, dev uint64) bool {
	if strings.HasPrefix(dir.path, b.d.path("tmp")+string(os.PathSeparator)) {
		return true // lent by Scratch
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	ok, known := b.same[dev]
	if known {
		return ok
	}
	here, err := openFolder(b.d.path("tmp"))
	if err != nil {
		return false
	}
	defer here.close()
	probe := b.d.scratchName()
	ok = dir.rename(name, here, probe) == nil && here.rename(probe, dir, name) == nil
	b.same[dev] = ok
	return ok
}

// take seals the file where it lies; Commit renames it.
func (b *Batch) take(ctx context.Context, dir folder, name string, st fileInfo, want Digest, known bool) (Digest, error) {
	dig := want
	if !known || want.IsZero() {
		var err error
		if dig, err = b.hash(ctx, dir, name, st); err != nil {
			return dig, err
		}
		if err := mismatch(dir, name, want, dig); err != nil {
			return dig, err
		}
	}
	if b.has(dig) {
		b.mu.Lock()
		b.sources = append(b.sources, dir.path+"/"+name)
		b.mu.Unlock()
		return dig, nil
	}
	if err := dir.chmod(name, 0o444); err != nil {
		return dig, err
	}
	if err := dir.chtimes(name, st.seconds(), dig.mark()); err != nil {
		return dig, err
	}
	if !b.stage(dig, staged{path: dir.path + "/" + name}) {
		b.mu.Lock()
		b.sources = append(b.sources, dir.path+"/"+name)
		b.mu.Unlock()
	}
	return dig, nil
}

// hash reads the file and makes sure that nobody wrote to it meanwhile.
func (b *Batch) hash(ctx context.Context, dir folder, name string, before fileInfo) (Digest, error) {
	f, err := dir.open(name)
	if err != nil {
		return Digest{}, err
	}
	defer f.Close()
	dig, n, err := b.d.copyHash(ctx, io.Discard, f)
	if err != nil {
		return dig, err
	}
	after, err := statFile(f)
	if err == nil && (n != before.Size || after.Mtime != before.Mtime || after.Ino != before.Ino) {
		err = fmt.Errorf("%s/%s: changed while it was being read", dir.path, name)
	}
	return dig, err
}

func (b *Batch) copy(ctx context.Context, dir folder, name string, want Digest) (Digest, int64, error) {
	f, err := dir.open(name)
	if err != nil {
		return Digest{}, 0, err
	}
	defer f.Close()
	dig, n, err := b.Put(ctx, f)
	if err == nil {
		err = mismatch(dir, name, want, dig)
	}
	return dig, n, err
}

// A cursor is the folder that was used last. Sorted work opens each folder once.
type cursor struct {
	folder
	rel  string
	open bool
}

func (c *cursor) move(top folder, rel string) error {
	if c.open && c.rel == rel {
		return nil
	}
	next, err := top.walk(rel)
	if err != nil {
		return err
	}
	c.close()
	c.folder, c.rel, c.open = next, rel, true
	return nil
}

func (c *cursor) close() {
	if c.open {
		c.folder.close()
		c.open = false
	}
}

// chunk is how many neighbours one worker takes: enough that two workers
// seldom meet in a folder, few enough that neither waits long for the other.
const chunk = 256

// inChunks calls work for consecutive ranges of n things from several
// goroutines, until one fails.
func inChunks(ctx context.Context, n, workers int, work func(from, to int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range min(workers, (n+chunk-1)/chunk) {
		g.Go(func() error {
			for ctx.Err() == nil {
				from := int(next.Add(chunk)) - chunk
				if from >= n {
					return nil
				}
				if err := work(from, min(from+chunk, n)); err != nil {
					return err
				}
			}
			return context.Cause(ctx)
		})
	}
	return g.Wait()
}

// exists reports whether there is anything at path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
