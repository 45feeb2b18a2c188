package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// RestoreOptions say how entries come into a folder. The zero value makes
// independent, writable files and removes nothing.
type RestoreOptions struct {
	// Link allows hard links to the store's blobs where reflinks are not to be
	// had. Such files are read-only (0444) and share their bytes with the
	// store; an edit that gets through is noticed before the blob's next use.
	Link    bool
	Workers int // 0 means 2
	// Folders are restored whole: what they hold besides the entries is
	// removed, and links or files in the way of their folders are replaced.
	Folders []string
}

// RestoreStats say what Restore did, in files.
type RestoreStats struct {
	Linked, Reflinked, Copied, Kept, Removed int64
	Bytes                                    int64 // copied
}

// Restore puts the entries into the folder dst, which is made if missing.
// Nothing is written outside it: names are taken one by one from open folders,
// and symbolic links on the way are an *UnsafeError, except below Folders,
// where they are replaced. Each file appears whole, by rename or link; one
// that is there already, with the mark of its digest, is left alone.
//
// A file is a reflink of its blob where the file system can, else a hard link
// if Link is set and the file is not executable, else a copy. Missing or
// damaged blobs are a *MissingError, found before that file is touched.
func (d *Dir) Restore(ctx context.Context, es []Entry, dst string, o RestoreOptions) (RestoreStats, error) {
	release, err := d.share(ctx)
	if err != nil {
		return RestoreStats{}, fmt.Errorf("restore: %w", err)
	}
	defer release()
	return d.place(ctx, es, dst, o, nil)
}

// Copy puts the files that the entries name below src into dst, under the
// rules of Restore, as independent files with the mode and modification time
// of their sources. The store's blobs play no part; the entries' digests are
// not checked.
func (d *Dir) Copy(ctx context.Context, es []Entry, src, dst string, o RestoreOptions) (RestoreStats, error) {
	from, err := openFolder(src)
	if err != nil {
		return RestoreStats{}, fmt.Errorf("copy: %w", err)
	}
	defer from.close()
	return d.place(ctx, es, dst, o, &from)
}

// restorer is one Restore at work.
type restorer struct {
	d                                               *Dir
	o                                               RestoreOptions
	top                                             folder  // dst
	cas                                             folder  // blobs
	from                                            *folder // sources of Copy; nil for blobs
	stage                                           func() (folder, error)
	stageOpen                                       bool
	fresh                                           map[string]bool
	noLink                                          atomic.Bool
	sequence                                        atomic.Int64
	linked, reflinked, copied, kept, removed, bytes atomic.Int64
}

func (d *Dir) place(ctx context.Context, es []Entry, dst string, o RestoreOptions, from *folder) (RestoreStats, error) {
	if err := CheckEntries(es); err != nil {
		return RestoreStats{}, fmt.Errorf("restore: %w", err)
	}
	r := &restorer{d: d, o: o, from: from, fresh: make(map[string]bool)}
	if r.o.Workers <= 0 {
		r.o.Workers = 2
	}
	r.o.Workers = min(r.o.Workers, 1+len(es)/fewFiles)
	if err := r.open(dst); err != nil {
		return RestoreStats{}, fmt.Errorf("restore: %w", err)
	}
	defer r.close()
	if err := r.run(ctx, sortByFolder(es)); err != nil {
		return r.stats(), fmt.Errorf("restore: %w", err)
	}
	return r.stats(), nil
}

// fewFiles is how many are put in place by one worker: two would wait for each
// other's lock on the folder.
const fewFiles = 512

func (r *restorer) stats() RestoreStats {
	return RestoreStats{
		Linked: r.linked.Load(), Reflinked: r.reflinked.Load(), Copied: r.copied.Load(),
		Kept: r.kept.Load(), Removed: r.removed.Load(), Bytes: r.bytes.Load(),
	}
}

func (r *restorer) open(dst string) (err error) {
	if err := os.MkdirAll(dst, 0o755); err != nil {
		return err
	}
	if r.top, err = openFolder(dst); err != nil {
		return err
	}
	if r.cas, err = openFolder(r.d.path(casDir)); err != nil {
		r.top.close()
	}
	r.stage = sync.OnceValues(r.openStage)
	return err
}

func (r *restorer) close() {
	r.top.close()
	r.cas.close()
	if r.stageOpen {
		stage, _ := r.stage()
		stage.close()
		os.RemoveAll(stage.path)
	}
}

// openStage makes a place for temporary files in the store, where Sweep finds
// what a kill leaves. It is made only when it is needed, so that a Restore that
// finds everything in place writes nothing.
func (r *restorer) openStage() (folder, error) {
	scratch, err := r.d.scratch()
	if err != nil {
		return folder{}, err
	}
	stage, err := openFolder(scratch)
	if err != nil {
		return folder{}, err
	}
	r.stageOpen = true
	return stage, nil
}

// stageFor returns the folder for temporary files on the way into dir: the
// store's, or dir itself when that lies on another file system.
func (r *restorer) stageFor(dir folder) (folder, error) {
	stage, err := r.stage()
	if err != nil {
		return folder{}, err
	}
	a, err := dir.stat(".")
	if err != nil {
		return folder{}, err
	}
	b, err := stage.stat(".")
	if err != nil || a.Dev == b.Dev {
		return stage, err
	}
	return dir, nil
}

// sortByFolder puts the entries of one folder next to each other.
func sortByFolder(es []Entry) []Entry {
	return sortedCopy(es, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(path.Dir(a.Path), path.Dir(b.Path)), cmp.Compare(a.Path, b.Path))
	})
}

func (r *restorer) run(ctx context.Context, es []Entry) error {
	if err := r.makeFolders(es); err != nil {
		return err
	}
	err := inChunks(ctx, len(es), r.o.Workers, func(from, to int) error {
		return r.placeRange(ctx, es[from:to])
	})
	if err != nil {
		return err
	}
	return r.purge(es)
}

// owned reports whether rel lies below one of the folders that are restored whole.
func (r *restorer) owned(rel string) bool {
	for _, f := range r.o.Folders {
		f = path.Clean(f)
		if f == "." || strings.HasPrefix(rel, f+"/") {
			return true
		}
	}
	return false
}

func (r *restorer) makeFolders(es []Entry) error {
	for i, e := range es {
		dir := path.Dir(e.Path)
		if e.Mode == fs.ModeDir {
			dir = e.Path
		} else if i > 0 && path.Dir(es[i-1].Path) == dir {
			continue
		}
		if err := r.makeFolder(dir); err != nil {
			return err
		}
	}
	return nil
}

// makeFolder makes rel and the folders above it, and notes which are new.
func (r *restorer) makeFolder(rel string) error {
	if _, done := r.fresh[rel]; done || rel == "." {
		return nil
	}
	cur, err := r.top.dup()
	if err != nil {
		return err
	}
	defer func() { cur.close() }()
	names := strings.Split(rel, "/")
	for i, name := range names {
		at := strings.Join(names[:i+1], "/")
		next, made, err := r.enter(cur, name, at)
		if err != nil {
			return err
		}
		cur.close()
		cur = next
		if _, known := r.fresh[at]; !known {
			r.fresh[at] = made
		}
	}
	return nil
}

// enter opens the folder name in dir, making it if it is not there.
func (r *restorer) enter(dir folder, name, rel string) (next folder, made bool, err error) {
	next, err = dir.sub(name)
	if err == nil {
		return next, false, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		st, statErr := dir.stat(name)
		if statErr != nil || st.Mode.IsDir() {
			return next, false, err
		}
		if !r.owned(rel) {
			return next, false, inTheWay(rel, st)
		}
		if err := dir.remove(name); err != nil {
			return next, false, err
		}
	}
	if err := dir.mkdir(name); err != nil && !errors.Is(err, fs.ErrExist) {
		return next, false, err
	}
	next, err = dir.sub(name)
	return next, true, err
}

func inTheWay(rel string, st fileInfo) error {
	kind := "file"
	if st.Mode&fs.ModeSymlink != 0 {
		kind = "symbolic link"
	}
	return &UnsafeError{Path: rel, Reason: "a " + kind + " stands where a folder has to be"}
}

func (r *restorer) placeRange(ctx context.Context, es []Entry) error {
	var at, source cursor
	defer at.close()
	defer source.close()
	for _, e := range es {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if e.Mode == fs.ModeDir {
			continue
		}
		dir, name := path.Dir(e.Path), path.Base(e.Path)
		if err := at.move(r.top, dir); err != nil {
			return err
		}
		if r.from != nil {
			if err := source.move(*r.from, dir); err != nil {
				return err
			}
		}
		if err := r.placeOne(at.folder, source.folder, name, e, r.fresh[dir]); err != nil {
			return err
		}
	}
	return nil
}

// placeOne puts one entry into its open folder, unless it is there. Nothing is
// in a folder that is fresh.
func (r *restorer) placeOne(dir, source folder, name string, e Entry, fresh bool) error {
	there := false
	if !fresh {
		st, err := dir.stat(name)
		there = err == nil
		if there && r.same(dir, name, e, st) {
			r.kept.Add(1)
			return nil
		}
		if there && st.Mode.IsDir() {
			if err := r.clear(dir, name, e.Path); err != nil {
				return err
			}
			there = false
		}
	}
	r.d.counter.FilesWritten.Add(1)
	switch {
	case e.Mode == fs.ModeSymlink:
		return r.placeLink(dir, name, e)
	case r.from != nil:
		return r.placeCopy(dir, name, e, source, name)
	}
	return r.placeBlob(dir, name, e, there)
}

// clear removes a folder that stands where a file has to be: one that is
// empty, or any below a folder that is restored whole.
func (r *restorer) clear(dir folder, name, rel string) error {
	if r.owned(rel) {
		return dir.removeAll(name)
	}
	if err := dir.rmdir(name); err != nil {
		return &UnsafeError{Path: rel, Reason: "a folder with content stands where a file has to be"}
	}
	return nil
}

// same reports whether what is there is what the entry wants.
func (r *restorer) same(dir folder, name string, e Entry, st fileInfo) bool {
	if e.Mode == fs.ModeSymlink {
		target, err := dir.readlink(name)
		return st.Mode&fs.ModeSymlink != 0 && err == nil && target == e.Link
	}
	if r.from != nil || !st.Mode.IsRegular() || st.Size != e.Size || !Stamped(e.Digest, st.Mtime) {
		return false
	}
	if Normal(st.Mode) != e.Mode {
		return false
	}
	shared := st.Nlink > 1
	if !r.o.Link || e.Mode != 0o644 {
		return !shared
	}
	// A mark can be copied to another file (touch -r), a blob's inode cannot.
	blob, err := r.cas.stat(sharded("", e.Digest)[1:])
	return err == nil && shared && blob.Dev == st.Dev && blob.Ino == st.Ino
}

func (r *restorer) temp() string { return ".mlops-tmp-" + strconv.FormatInt(r.sequence.Add(1), 36) }

func (r *restorer) placeLink(dir folder, name string, e Entry) error {
	temp := r.temp()
	stage, err := r.stageFor(dir)
	if err != nil {
		return err
	}
	if err := stage.symlink(e.Link, temp); err != nil {
		return err
	}
	if err := stage.rename(temp, dir, name); err != nil {
		return errors.Join(err, stage.remove(temp))
	}
	r.linked.Add(1)
	return nil
}

func (r *restorer) placeBlob(dir folder, name string, e Entry, there bool) error {
	rel := sharded("", e.Digest)[1:]
	st, err := r.d.checkIn(r.cas, e.Digest, rel)
	if err != nil {
		return fmt.Errorf("%s: %w", e.Path, err)
	}
	if st.Size != e.Size {
		return fmt.Errorf("%s: blob %s has %d bytes, the entry says %d", e.Path, e.Digest.Short(), st.Size, e.Size)
	}
	_, refused := r.d.noClone.Load(st.Dev)
	if (refused || e.Size == 0) && r.o.Link && e.Mode == 0o644 && !r.noLink.Load() { // of nothing a clone is no better
		ok, err := r.hardLink(dir, name, rel, there)
		if ok || err != nil {
			return err
		}
	}
	shard, err := r.cas.sub(rel[:2])
	if err != nil {
		return err
	}
	defer shard.close()
	return r.placeCopy(dir, name, e, shard, rel[3:])
}

// hardLink links the blob to name. It reports false, and nothing is there,
// where the system refuses: another file system, too many links, another owner.
func (r *restorer) hardLink(dir folder, name, rel string, there bool) (ok bool, err error) {
	if !there {
		err = dir.link(r.cas, rel, name)
	}
	if there || errors.Is(err, fs.ErrExist) {
		err = r.replaceByLink(dir, name, rel)
	}
	if err == nil {
		r.linked.Add(1)
		return true, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if !tooManyLinks(err) {
		r.noLink.Store(true)
	}
	return false, nil
}

func (r *restorer) replaceByLink(dir folder, name, rel string) error {
	stage, err := r.stageFor(dir)
	if err != nil {
		return err
	}
	temp := r.temp()
	if err := stage.link(r.cas, rel, temp); err != nil {
		return err
	}
	if err := stage.rename(temp, dir, name); err != nil {
		return errors.Join(err, stage.remove(temp))
	}
	return nil
}

// placeCopy makes a file of its own from the file old in source: a reflink if
// the file system can, otherwise a copy.
func (r *restorer) placeCopy(dir folder, name string, e Entry, source folder, old string) error {
	before, err := source.stat(old)
	if err != nil {
		return err
	}
	if !before.Mode.IsRegular() {
		return &UnsafeError{Path: e.Path, Reason: "is no regular file any more"}
	}
	if r.from == nil && r.o.Link && e.Mode == 0o644 && !r.noLink.Load() {
		return r.cloneOrLink(dir, name, e, source, old, before)
	}
	_, err = r.write(dir, name, e, source, old, before, true)
	return err
}

// cloneOrLink is for the first file on a device: whether it can clone is not
// known yet, and if it cannot, a link is preferred to a copy.
func (r *restorer) cloneOrLink(dir folder, name string, e Entry, source folder, old string, before fileInfo) error {
	done, err := r.write(dir, name, e, source, old, before, false)
	if done || err != nil {
		return err
	}
	if ok, err := r.hardLink(dir, name, sharded("", e.Digest)[1:], true); ok || err != nil {
		return err
	}
	_, err = r.write(dir, name, e, source, old, before, true)
	return err
}

// write fills a temporary file and renames it to name. With mayCopy false it
// gives up, reporting false, when the file cannot be cloned.
func (r *restorer) write(dir folder, name string, e Entry, source folder, old string, before fileInfo, mayCopy bool) (done bool, err error) {
	src, err := source.open(old)
	if err != nil {
		return false, err
	}
	defer src.Close()
	stage, err := r.stageFor(dir)
	if err != nil {
		return false, err
	}
	temp, perm := r.temp(), e.Mode.Perm()
	if r.from != nil {
		perm = before.Mode.Perm() | 0o200
	}
	dst, err := stage.create(temp, perm)
	if err != nil {
		return false, err
	}
	done, err = r.fill(dst, src, before, mayCopy)
	if err == nil && r.from != nil {
		err = dst.Chmod(before.Mode.Perm())
	}
	err = errors.Join(err, dst.Close())
	if done && err == nil {
		err = r.finish(dir, name, e, stage, temp, before)
	}
	if !done || err != nil {
		err = errors.Join(err, stage.remove(temp))
	}
	return done, err
}

// fill gives dst the bytes of src.
func (r *restorer) fill(dst, src *os.File, st fileInfo, mayCopy bool) (done bool, err error) {
	if _, refused := r.d.noClone.Load(st.Dev); !refused && st.Size > 0 {
		if clone(dst, src) == nil {
			r.reflinked.Add(1)
			return true, nil
		}
		r.d.noClone.Store(st.Dev, true)
	}
	if !mayCopy {
		return false, nil
	}
	n, err := dst.ReadFrom(src) // copy_file_range where there is one
	r.copied.Add(1)
	r.bytes.Add(n)
	r.d.counter.BytesWritten.Add(n)
	return true, err
}

// finish gives the temporary file its times and its name.
func (r *restorer) finish(dir folder, name string, e Entry, stage folder, temp string, before fileInfo) error {
	nsec := before.Mtime - 1e9*before.seconds()
	if r.from == nil {
		nsec = e.Digest.mark()
	}
	if err := stage.chtimes(temp, before.seconds(), nsec); err != nil {
		return err
	}
	return stage.rename(temp, dir, name)
}
