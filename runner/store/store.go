package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/disk"
)

// A Dir is a store in a folder. It is safe for concurrent use, by goroutines
// and by processes.
type Dir struct {
	root string // absolute
	// readOnly: see Options.
	readOnly bool
	self     Process
	counter  *Counters
	disk     disk.Disk
	now      func() time.Time
	noClone  sync.Map // device → true, where reflinks were refused
	hashers  sync.Pool
}

// Options change how a store is opened; the zero value is good.
type Options struct {
	Counters *Counters        // nil means counters of its own
	Now      func() time.Time // nil means time.Now
	// ReadOnly leaves the folder as it is: no layout is made, no use is noted and
	// no damaged blob is set aside. Methods that write must not be called.
	ReadOnly bool
	Disk     disk.Disk // by which what is kept is written; nil means disk.Real
}

// Open opens the store in dir and makes what is missing of its layout. A new
// folder gets a .gitignore, so that the store is never committed by accident.
func Open(dir string) (*Dir, error) { return OpenWith(dir, Options{}) }

// OpenWith is Open with options.
func OpenWith(dir string, o Options) (*Dir, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	d := &Dir{root: abs, self: Self(), counter: o.Counters, now: o.Now, disk: o.Disk, readOnly: o.ReadOnly}
	if d.disk == nil {
		d.disk = disk.Real{}
	}
	if d.counter == nil {
		d.counter = new(Counters)
	}
	if d.now == nil {
		d.now = time.Now
	}
	if d.readOnly {
		return d, nil
	}
	if err := d.layOut(); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return d, nil
}

// layOut makes the folders. A store that is complete costs one stat: tmp is made last.
func (d *Dir) layOut() error {
	if _, err := os.Stat(d.path("tmp")); err == nil {
		return nil
	}
	for _, sub := range []string{"cas/sha256", "actions", "last", "refs", "trees", "pins", "bad"} {
		if err := d.disk.Mkdir(d.path(sub)); err != nil {
			return err
		}
	}
	if err := disk.WriteFile(d.disk, d.path(".gitignore"), []byte("*\n"), 0o644); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// tmp stands for all of them, so it must not survive a power cut without them.
	if err := errors.Join(d.disk.Sync(d.path("cas")), d.disk.Sync(d.root)); err != nil {
		return err
	}
	return d.disk.Mkdir(d.path("tmp"))
}

// Root returns the store's folder, absolute.
func (d *Dir) Root() string { return d.root }

// Disk returns what the store writes by, for others who keep files in its folder.
func (d *Dir) Disk() disk.Disk { return d.disk }

// Counters returns the counters of the store, which go on counting.
func (d *Dir) Counters() *Counters { return d.counter }

func (d *Dir) path(parts ...string) string {
	return filepath.Join(append([]string{d.root}, parts...)...)
}

// sharded returns kind/ab/<hex>, the place of a digest below the store's folder.
func sharded(kind string, dig Digest) string {
	h := dig.Hex()
	return kind + "/" + h[:2] + "/" + h
}

// Scratch makes a folder for the caller's own files below the store's folder,
// and so on its file system. It is the caller's to remove; when the process
// dies before, Sweep does. The path is absolute.
func (d *Dir) Scratch() (string, error) { return d.scratch() }

// scratch makes a folder of this process below tmp. Its name says whose it is,
// so that Sweep can tell when it is waste.
func (d *Dir) scratch() (string, error) {
	dir := d.path("tmp", d.scratchName())
	return dir, d.disk.Mkdir(dir)
}

func (d *Dir) scratchName() string { return d.self.FileName() }

// Sweep removes what dead processes left in tmp/ and pins/, and returns what it
// removed. It costs two directory listings when there is nothing.
func (d *Dir) Sweep() ([]string, error) { return d.sweep(false) }

func (d *Dir) sweep(dryRun bool) (removed []string, err error) {
	left, err := d.Clear(dryRun)
	for _, l := range left {
		removed = append(removed, l.Path)
	}
	return removed, err
}

// A Leftover is what a dead process left in the store's folder.
type Leftover struct {
	Path string // slash-separated, relative to the store
	Size int64  // bytes of the files in it
}

// Clear is Sweep for people: it says how large each thing was. With dryRun it
// removes nothing.
func (d *Dir) Clear(dryRun bool) (left []Leftover, err error) {
	for _, place := range []string{"tmp", "pins"} {
		es, listErr := os.ReadDir(d.path(place))
		err = errors.Join(err, listErr)
		for _, e := range es {
			if !d.stale(place, e) {
				continue
			}
			rel := place + "/" + e.Name()
			_, size := d.measure(rel)
			left = append(left, Leftover{rel, size})
			if !dryRun {
				err = errors.Join(err, d.removeTree(d.path(place), e.Name()))
			}
		}
	}
	if err != nil {
		err = fmt.Errorf("sweep store: %w", err)
	}
	return left, err
}

// stale reports whether a dead process left e. A name nobody made here is
// left alone for a day.
func (d *Dir) stale(place string, e fs.DirEntry) bool {
	if is, abandoned := d.abandonedClaim(place, e); is {
		return abandoned
	}
	if p, ok := FileOwner(e.Name()); ok {
		return !p.Alive()
	}
	st, err := e.Info()
	return err == nil && d.now().Sub(st.ModTime()) > 24*time.Hour
}

// writeFile puts data at rel by way of a temporary file and a rename.
func (d *Dir) writeFile(rel string, data []byte) error {
	temp, err := d.writeTemp(d.path("tmp"), data)
	if err != nil {
		return err
	}
	if err := d.renameIn(temp, rel); err != nil {
		return errors.Join(err, disk.RemoveIfThere(d.disk, temp))
	}
	return nil
}

// WriteFile puts a file of the caller's into the store's folder, at a clean
// relative path that is none of the store's own places. It appears whole, by
// rename, and a kill leaves nothing that Sweep does not find. It is not flushed.
func (d *Dir) WriteFile(rel string, data []byte) error {
	if err := callers(rel); err != nil {
		return err
	}
	if err := d.writeFile(rel, data); err != nil {
		return fmt.Errorf("write %s: %w", rel, err)
	}
	return nil
}

// KeepFile is WriteFile for what must outlast a power cut: content and name are
// on the disk when it returns, and those who look before find nothing or all.
func (d *Dir) KeepFile(rel string, data []byte) error {
	if err := d.keepFile(rel, data); err != nil {
		return fmt.Errorf("keep %s: %w", rel, err)
	}
	return nil
}

func (d *Dir) keepFile(rel string, data []byte) error {
	if err := callers(rel); err != nil {
		return err
	}
	temp, err := d.writeTemp(d.path("tmp"), data)
	if err != nil {
		return err
	}
	d.counter.Syncs.Add(2)
	if err = d.disk.Sync(temp); err == nil {
		err = d.renameIn(temp, rel)
	}
	if err != nil {
		return errors.Join(err, disk.RemoveIfThere(d.disk, temp))
	}
	return d.disk.Sync(filepath.Dir(d.path(rel)))
}

// callers fails for a path that is the store's own.
func callers(rel string) error {
	top, _, _ := strings.Cut(rel, "/")
	own := []string{"cas", "actions", "last", "refs", "trees", "pins", "bad", "tmp", "lock", "claims", ".gitignore"}
	if !fs.ValidPath(rel) || rel == "." || slices.Contains(own, top) {
		return &UnsafeError{Path: rel, Reason: "is not a place for the caller's files"}
	}
	return nil
}

// writeTemp writes data to a new file of this process in dir and returns its path.
func (d *Dir) writeTemp(dir string, data []byte) (string, error) {
	path := filepath.Join(dir, d.scratchName())
	f, err := d.disk.Create(path, 0o644)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, disk.RemoveIfThere(d.disk, path))
	}
	d.counter.BytesWritten.Add(int64(len(data)))
	d.counter.FilesWritten.Add(1)
	return path, nil
}

// renameIn renames a file to rel below the store, making rel's folder when it
// is the first there.
func (d *Dir) renameIn(from, rel string) error {
	to := d.path(rel)
	err := d.disk.Rename(from, to)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := d.disk.Mkdir(filepath.Dir(to)); err != nil {
		return err
	}
	return d.disk.Rename(from, to)
}

// share takes the store's lock as a writer or reader that GC must wait for.
func (d *Dir) share(ctx context.Context) (release func(), err error) {
	return lock(ctx, d.path("lock"), false)
}

// Partial is the path of a file in which a blob may be collected that comes from
// elsewhere, also by several processes one after the other; [Dir.Claim] keeps them
// apart. Sweep removes it a day after its last change.
func (d *Dir) Partial(dig Digest) string { return d.path("tmp", "partial-"+dig.Hex()) }
