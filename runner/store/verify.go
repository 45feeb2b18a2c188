package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"sync"

	"golang.org/x/sync/errgroup"
)

// A Problem is something that Verify found.
type Problem struct {
	Kind   string // blob, action, tree, last or ref
	Name   string // digest, fingerprint, key or ref
	Reason string
	// Missing is the blob that something refers to and that is not here, though it may
	// be had elsewhere; zero of other problems.
	Missing Digest
}

func (p Problem) String() string { return fmt.Sprintf("%s %s: %s", p.Kind, p.Name, p.Reason) }

// Verify reads every blob and record and lists what is wrong: content that
// does not match its name, torn records, and references to what is not there.
// A damaged blob moves to bad/, so that it is missing from then on, and what is
// torn is removed: it counted as missing before. progress,
// if not nil, is told the bytes read so far and in all; it is called from one
// goroutine at a time. The error is of Verify itself, not of the store.
func (d *Dir) Verify(ctx context.Context, progress func(done, total int64)) ([]Problem, error) {
	v := &verifier{d: d, progress: progress}
	if err := v.run(ctx); err != nil {
		return v.problems, fmt.Errorf("verify store: %w", err)
	}
	sort.Slice(v.problems, func(i, j int) bool {
		a, b := v.problems[i], v.problems[j]
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) < 0
	})
	return v.problems, nil
}

type verifier struct {
	d        *Dir
	progress func(done, total int64)
	blobs    map[Digest]int64

	mu          sync.Mutex // guards what follows
	problems    []Problem
	bad         map[Digest]bool
	done, total int64
}

func (v *verifier) run(ctx context.Context) (err error) {
	if v.blobs, err = v.d.listBlobs(); err != nil {
		return err
	}
	for _, n := range v.blobs {
		v.total += n
	}
	v.bad = make(map[Digest]bool)
	var g errgroup.Group
	g.SetLimit(2)
	for dig, size := range v.blobs {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error { return v.blob(dig, size) })
	}
	if err := errors.Join(g.Wait(), context.Cause(ctx)); err != nil {
		return err
	}
	for dig := range v.bad {
		delete(v.blobs, dig)
	}
	return v.records()
}

// blob hashes one blob, whatever its mark says.
func (v *verifier) blob(dig Digest, size int64) error {
	dir, err := openFolder(v.d.path(casDir))
	if err != nil {
		return err
	}
	defer dir.close()
	st, err := dir.stat(sharded("", dig)[1:])
	if err == nil {
		err = v.d.recheck(dig, st)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done += size
	if v.progress != nil {
		v.progress(v.done, v.total)
	}
	if errors.Is(err, fs.ErrNotExist) || err == nil {
		return nil // removed meanwhile, or sound
	}
	var missing *MissingError
	if !errors.As(err, &missing) {
		return err
	}
	v.problems = append(v.problems, Problem{Kind: "blob", Name: dig.String(), Reason: missing.Reason})
	v.bad[dig] = true
	return nil
}

func (v *verifier) add(kind, name, reason string) {
	v.problems = append(v.problems, Problem{Kind: kind, Name: name, Reason: reason})
}

// records checks actions, pointers and refs, and the trees they name.
func (v *verifier) records() error {
	trees := make(map[Digest]bool)
	err := v.d.eachSharded("actions", func(fp Digest, path string, _ fs.FileInfo) error {
		record, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		data, ok := openAction(record)
		if !ok {
			v.add("action", fp.String(), "torn record")
			return v.d.disk.Remove(path) // it counts as missing already
		}
		for _, dig := range References(data) {
			v.reference("action", fp.String(), dig, trees)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = v.d.eachSharded("last", func(_ Digest, path string, _ fs.FileInfo) error {
		b, err := os.ReadFile(path)
		if _, key, bad := parseLast(b); err == nil && bad != nil {
			v.add("last", key, "torn pointer")
			return v.d.disk.Remove(path)
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.refs(trees)
}

func (v *verifier) refs(trees map[Digest]bool) error {
	refs, err := v.d.Refs()
	for name, dig := range refs {
		v.reference("ref", name, dig, trees)
	}
	return err
}

// reference checks that a blob is there, and what it holds if it is a tree. A
// digest in an action that was never stored, such as an input's, is no fault:
// only what a tree or ref names must be here, or what was found damaged.
func (v *verifier) reference(kind, name string, dig Digest, seen map[Digest]bool) {
	size, ok := v.blobs[dig]
	if !ok {
		if v.bad[dig] || kind != "action" {
			p := Problem{Kind: kind, Name: name, Reason: "refers to blob " + dig.Short() + ", which is missing"}
			if !v.bad[dig] { // or else it was here a moment ago, and was told
				p.Missing = dig
			}
			v.problems = append(v.problems, p)
		}
		return
	}
	if seen[dig] {
		return
	}
	seen[dig] = true
	g := &collector{d: v.d}
	for _, n := range g.treeNodes(dig, size) {
		if n.kind != 'l' {
			v.reference("tree", dig.String(), n.digest, seen)
		}
	}
}

// Usage is what a store takes, as `mlops cache ls` shows it.
type Usage struct {
	Actions, Blobs, Folders, Bad int
	BlobBytes                    int64 // hard links to blobs elsewhere cost nothing more
	BadBytes, TempBytes          int64
}

// Usage measures the store by a walk over its names; nothing is read.
func (d *Dir) Usage(ctx context.Context) (u Usage, err error) {
	blobs, err := d.listBlobs()
	if err != nil {
		return u, fmt.Errorf("measure store: %w", err)
	}
	u.Blobs = len(blobs)
	for _, n := range blobs {
		u.BlobBytes += n
	}
	err = d.eachSharded("actions", func(Digest, string, fs.FileInfo) error {
		u.Actions++
		return ctx.Err()
	})
	if err != nil {
		return u, fmt.Errorf("measure store: %w", err)
	}
	_, u.TempBytes = d.measure("tmp")
	u.Bad, u.BadBytes = d.measure("bad")
	farms, err := os.ReadDir(d.path("trees"))
	u.Folders = len(farms)
	if err != nil {
		return u, fmt.Errorf("measure store: %w", err)
	}
	return u, nil
}

// measure counts the files below a place in the store's folder.
func (d *Dir) measure(sub string) (n int, size int64) {
	filepath.WalkDir(d.path(sub), func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		if st, err := e.Info(); err == nil {
			n, size = n+1, size+st.Size()
		}
		return nil
	})
	return n, size
}
