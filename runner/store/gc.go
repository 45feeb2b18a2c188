package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"time"

	"github.com/mlops-runner/mlops/runner/disk"
)

// GCOptions say what may go. The zero value removes only what nothing refers
// to, and what dead processes left.
type GCOptions struct {
	// MaxSize is how many bytes of blobs may stay; actions go, least recently
	// used first, until that holds. 0 means no limit, negative that every
	// action goes that is not kept or pinned.
	MaxSize int64
	// DryRun reports what would be removed and removes nothing.
	DryRun bool
	// Keep, if not nil, is asked about every fingerprint and every blob and
	// says which stay, with all they refer to, whatever MaxSize says.
	Keep func(Digest) bool
	// Roots keep blobs as actions do, and go with MaxSize as those do.
	Roots []Root
}

// A Root is something outside of the store's own records that needs blobs, such
// as a version of a dataset.
type Root struct {
	Name  string
	Used  time.Time // last use
	Blobs []Digest  // those that are not there, and trees, are allowed
}

// GCReport says what GC removed, or would remove.
type GCReport struct {
	Actions, Blobs, Folders int
	Freed                   int64    // bytes of blobs
	Left                    int64    // bytes of blobs that remain
	Swept                   []string // what dead processes had left, relative to the store
	Roots                   []string // names of those that no longer keep their blobs
}

// GC removes actions and blobs. While it works, no batch, restore or pin can
// begin, and it waits for those that have begun. Blobs stay that are reachable
// from a remaining action, a ref, a pin of a living process, or what Keep wants.
// A kill in the middle leaves blobs that nothing refers to, never the opposite.
func (d *Dir) GC(ctx context.Context, o GCOptions) (GCReport, error) {
	release, err := lock(ctx, d.path("lock"), !o.DryRun)
	if err != nil {
		return GCReport{}, fmt.Errorf("gc: %w", err)
	}
	defer release()
	g := &collector{d: d, o: o, users: make(map[Digest]int), reach: make(map[Digest][]Digest)}
	rep, err := g.run(ctx)
	if err != nil {
		return rep, fmt.Errorf("gc: %w", err)
	}
	return rep, nil
}

// collector is one GC at work.
type collector struct {
	d       *Dir
	o       GCOptions
	pinned  map[Digest]bool
	blobs   map[Digest]int64 // size of every blob that is there
	actions []usedAction
	users   map[Digest]int      // how many remaining roots reach a blob
	reach   map[Digest][]Digest // blobs below a blob, itself first; known so far
}

// usedAction is an action record and when it was last used.
type usedAction struct {
	fingerprint Digest
	used        time.Time
	blobs       []Digest
	root        string // name, of what is no action but a Root
}

func (g *collector) run(ctx context.Context) (rep GCReport, err error) {
	if rep.Swept, err = g.d.sweep(g.o.DryRun); err != nil {
		return rep, err
	}
	if err := g.survey(ctx); err != nil {
		return rep, err
	}
	gone := g.choose()
	for _, a := range gone {
		if a.root != "" {
			rep.Roots = append(rep.Roots, a.root)
			continue
		}
		rep.Actions++
		if err := g.remove(sharded("actions", a.fingerprint)); err != nil {
			return rep, err
		}
	}
	if err := g.dropPointers(gone); err != nil {
		return rep, err
	}
	if rep.Folders, err = g.d.removeFarms(func(t Digest) bool { return g.users[t] > 0 }, g.o.DryRun); err != nil {
		return rep, err
	}
	return rep, g.sweepBlobs(ctx, &rep)
}

// survey lists blobs and actions and counts who needs what.
func (g *collector) survey(ctx context.Context) (err error) {
	if g.pinned, err = g.d.pinned(); err != nil {
		return err
	}
	if g.blobs, err = g.d.listBlobs(); err != nil {
		return err
	}
	if err := g.listActions(ctx); err != nil {
		return err
	}
	g.listRoots()
	refs, err := g.d.Refs()
	if err != nil {
		return err
	}
	for _, dig := range refs {
		g.use(g.below(dig), 1)
	}
	for dig := range g.blobs {
		if g.pinned[dig] || g.o.Keep != nil && g.o.Keep(dig) {
			g.use(g.below(dig), 1)
		}
	}
	return ctx.Err()
}

func (g *collector) use(blobs []Digest, by int) {
	for _, dig := range blobs {
		g.users[dig] += by
	}
}

func (g *collector) listActions(ctx context.Context) error {
	return g.d.eachSharded("actions", func(fp Digest, path string, st fs.FileInfo) error {
		record, err := os.ReadFile(path)
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		a := usedAction{fingerprint: fp, used: st.ModTime()}
		if data, ok := openAction(record); ok {
			for _, dig := range References(data) {
				a.blobs = append(a.blobs, g.below(dig)...)
			}
			g.use(a.blobs, 1)
		} else {
			a.used = time.Time{} // torn: the first to go
		}
		g.actions = append(g.actions, a)
		return nil
	})
}

// listRoots adds the caller's roots to the actions.
func (g *collector) listRoots() {
	for _, r := range g.o.Roots {
		a := usedAction{used: r.Used, root: r.Name}
		for _, dig := range r.Blobs {
			a.blobs = append(a.blobs, g.below(dig)...)
		}
		if len(a.blobs) == 0 {
			continue // nothing of it is here
		}
		g.use(a.blobs, 1)
		g.actions = append(g.actions, a)
	}
}

// References returns the digests whose text form stands in data, each once.
func References(data []byte) []Digest {
	var out []Digest
	seen := make(map[Digest]bool)
	for i := 0; i+digestText <= len(data); i++ {
		if data[i] != digestPrefix[0] {
			continue
		}
		dig, err := Parse(string(data[i : i+digestText]))
		if err != nil || seen[dig] {
			continue
		}
		seen[dig] = true
		out = append(out, dig)
	}
	return out
}

// maxTree is the size of the largest blob that GC opens to see if it is a
// tree: a folder of about a million files.
const maxTree = 128 << 20

// below returns the blob and, if it is a tree, all blobs that it holds.
func (g *collector) below(dig Digest) []Digest {
	if known, ok := g.reach[dig]; ok {
		return known
	}
	size, ok := g.blobs[dig]
	if !ok {
		return nil
	}
	out := []Digest{dig}
	g.reach[dig] = out // a cycle is impossible, but costs nothing to survive
	for _, n := range g.treeNodes(dig, size) {
		if n.kind == 'd' {
			out = append(out, g.below(n.digest)...)
		} else if _, ok := g.blobs[n.digest]; ok {
			out = append(out, n.digest)
		}
	}
	g.reach[dig] = out
	return out
}

// treeNodes returns the lines of a tree, or none for any other blob.
func (g *collector) treeNodes(dig Digest, size int64) []node {
	if size < int64(len(treeMagic)) || size > maxTree {
		return nil
	}
	f, err := os.Open(g.d.Path(dig))
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, len(treeMagic))
	if n, _ := f.Read(head); string(head[:n]) != treeMagic {
		return nil
	}
	blob, err := os.ReadFile(f.Name())
	if err != nil {
		return nil
	}
	ns, err := decodeTree(blob)
	if err != nil {
		return nil // a file that begins like a tree
	}
	return ns
}

// choose takes actions away, the longest unused first, until the rest fits,
// and returns them.
func (g *collector) choose() (gone []usedAction) {
	sort.Slice(g.actions, func(i, j int) bool { return g.actions[i].used.Before(g.actions[j].used) })
	size := g.reachable()
	for _, a := range g.actions {
		torn := a.used.IsZero() && a.root == ""
		fits := g.o.MaxSize == 0 || g.o.MaxSize > 0 && size <= g.o.MaxSize
		kept := a.root == "" && (g.pinned[a.fingerprint] || g.o.Keep != nil && g.o.Keep(a.fingerprint))
		if !torn && (fits || kept) {
			continue
		}
		gone = append(gone, a)
		for _, dig := range a.blobs {
			if g.users[dig]--; g.users[dig] == 0 {
				size -= g.blobs[dig]
			}
		}
	}
	return gone
}

func (g *collector) reachable() (size int64) {
	for dig, n := range g.blobs {
		if g.users[dig] > 0 {
			size += n
		}
	}
	return size
}

func (g *collector) remove(rel string) error {
	if g.o.DryRun {
		return nil
	}
	return disk.RemoveIfThere(g.d.disk, g.d.path(rel))
}

// dropPointers removes the last/ files that lead to actions that are gone.
func (g *collector) dropPointers(gone []usedAction) error {
	there := make(map[Digest]bool, len(g.actions))
	for _, a := range g.actions {
		if a.root != "" {
			continue
		}
		there[a.fingerprint] = true
	}
	for _, a := range gone {
		delete(there, a.fingerprint)
	}
	return g.d.eachSharded("last", func(name Digest, path string, _ fs.FileInfo) error {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if fp, _, err := parseLast(b); err == nil && there[fp] {
			return nil
		}
		return g.remove(sharded("last", name))
	})
}

func (g *collector) sweepBlobs(ctx context.Context, rep *GCReport) error {
	for dig, size := range g.blobs {
		if g.users[dig] > 0 {
			rep.Left += size
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := g.remove(sharded(casDir, dig)); err != nil {
			return err
		}
		rep.Blobs++
		rep.Freed += size
	}
	return nil
}

func (d *Dir) listBlobs() (map[Digest]int64, error) {
	blobs := make(map[Digest]int64)
	err := d.eachSharded(casDir, func(dig Digest, _ string, st fs.FileInfo) error {
		blobs[dig] = st.Size()
		return nil
	})
	return blobs, err
}

// eachSharded visits the files kind/ab/<hex>. Names that are no digests are
// passed over, and so is what vanishes meanwhile.
func (d *Dir) eachSharded(kind string, visit func(dig Digest, path string, st fs.FileInfo) error) error {
	return filepath.WalkDir(d.path(kind), func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() {
			return err
		}
		dig, ok := parseHex(e.Name())
		if !ok {
			return nil
		}
		st, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return visit(dig, path, st)
	})
}
