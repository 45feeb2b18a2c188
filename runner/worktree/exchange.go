package worktree

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/snapshot"
	"github.com/mlops-runner/mlops/runner/store"
)

// exchangeFolders replaces folders as a whole, where more than one thing in
// them changes: the new version is built in the store's folder and changes
// places with the old one in a single step, so that nobody, not even after a
// kill, ever sees files of two versions side by side. A folder in which only
// one file changes keeps its inode, and so does one on another file system than
// the store, or where the system cannot exchange: those are filled in place,
// file by file, and what a kill leaves of them is mended by the next run.
//
// The price is that somebody whose working directory is such a folder is left
// in the old one, and that a change of few files links all of them (12 µs each).
func (p *publisher) exchangeFolders(ctx context.Context, s *store.Dir) (stats store.RestoreStats, err error) {
	for _, folder := range slices.Clone(p.folders) {
		below := func(e store.Entry) bool { return e.Path != folder && within(e.Path, folder) }
		inside := func(it string) bool { return within(it, folder) }
		stale := count(p.stale, inside)
		nested := count(p.folders, func(f string) bool { return within(f, folder) || within(folder, f) }) > 1
		if nested || p.changes(below)+stale < 2 || !slices.ContainsFunc(p.entries, below) {
			continue
		}
		one, ok, err := p.exchangeOne(ctx, s, folder)
		if err != nil {
			return stats, err
		}
		if !ok {
			continue
		}
		one.Removed += int64(stale)
		stats = sum(stats, one)
		p.rest = slices.DeleteFunc(p.rest, below)
		p.stale = slices.DeleteFunc(p.stale, inside)
		p.folders = slices.DeleteFunc(p.folders, func(f string) bool { return f == folder })
	}
	return stats, nil
}

// sum adds what two Restores did.
func sum(a, b store.RestoreStats) store.RestoreStats {
	return store.RestoreStats{
		Linked: a.Linked + b.Linked, Reflinked: a.Reflinked + b.Reflinked, Copied: a.Copied + b.Copied, Kept: a.Kept + b.Kept,
		Removed: a.Removed + b.Removed, Bytes: a.Bytes + b.Bytes,
	}
}

func count[T any](all []T, is func(T) bool) (n int) {
	for _, one := range all {
		if is(one) {
			n++
		}
	}
	return n
}

// changes counts the entries that are not in place, as far as two.
func (p *publisher) changes(is func(store.Entry) bool) (n int) {
	at, err := newClimber(p.t.root)
	if err != nil {
		return 0
	}
	defer at.close()
	for i := range p.rest {
		if is(p.rest[i]) && !p.t.current(at, &p.rest[i]) {
			if n++; n == 2 {
				return n
			}
		}
	}
	return n
}

// exchangeOne builds a folder and puts it in place. It reports false, and
// nothing has changed, where the system cannot do that.
func (p *publisher) exchangeOne(ctx context.Context, s *store.Dir, folder string) (stats store.RestoreStats, ok bool, err error) {
	scratch, err := s.Scratch()
	if err != nil {
		return stats, false, err
	}
	// What cannot be removed now is swept when this process has ended.
	defer os.RemoveAll(scratch)
	var es []store.Entry
	for _, e := range p.rest {
		if rel, cut := strings.CutPrefix(e.Path, folder+"/"); cut {
			e.Path = rel
			es = append(es, e)
		}
	}
	built := filepath.Join(scratch, "new")
	stats, err = s.Restore(ctx, es, built, store.RestoreOptions{Link: true, Workers: 2})
	if err != nil {
		return stats, false, err
	}
	if dir, _ := split(folder); dir != "" {
		// Restore makes folders through no link.
		_, err = s.Restore(ctx, []store.Entry{{Path: dir, Mode: fs.ModeDir}}, p.t.root, store.RestoreOptions{})
		if err != nil {
			return stats, false, nil // what is in the way is dealt with in place, or said there
		}
	}
	return stats, p.putFolder(built, folder), nil
}

// putFolder exchanges the folder for the one that was built, or moves that to
// where nothing is.
func (p *publisher) putFolder(built, folder string) bool {
	at, err := newClimber(p.t.root)
	if err != nil {
		return false
	}
	defer at.close()
	dir, name := split(folder)
	l, err := at.move(dir)
	if err != nil {
		return false
	}
	var st stat
	if at.stat(l, name, &st) == nil && st.Kind() == snapshot.Dir {
		// Restored in place, it would keep its mode.
		if err := os.Chmod(built, os.FileMode(st.Mode&0o777)|0o700); err != nil {
			return false
		}
	}
	return l.exchange(built, name) == nil
}
