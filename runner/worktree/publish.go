package worktree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/snapshot"
	"github.com/mlops-runner/mlops/runner/store"
)

// Publish puts the outputs of a job into the tree, from the store, as links
// where that is possible. outputs are the paths that the job declares: files,
// folders (with or without a slash at the end) and globs, as in [Tree.Entries].
// Afterwards folders hold exactly the entries, except for what git tracks, and
// globs name no file that an earlier Publish left: one that bears the store's
// mark. Files that a person put where a glob happens to match stay.
//
// Each file appears whole. A folder appears whole too, the old version until
// the new one is complete, where the store lies on its file system and the
// system can exchange folders (Linux); see exchangeFolders. Several outputs
// change one after the other.
//
// It writes nothing outside the outputs: an entry that they do not name, an
// output in .git, .mlops or a folder of Options.Skip, one that names the whole
// tree, and a symbolic link on the way are a *store.UnsafeError. A blob that is
// not in the store is a *store.MissingError, found before anything is removed.
func (t *Tree) Publish(ctx context.Context, s *store.Dir, outputs []string, entries []store.Entry) (store.RestoreStats, error) {
	p := &publisher{t: t, entries: entries, rest: slices.Clone(entries)}
	stats, err := p.run(ctx, s, outputs)
	stats.Removed += p.removed
	if err != nil {
		return stats, fmt.Errorf("publish: %w", err)
	}
	return stats, nil
}

// A publisher is one Publish at work.
type publisher struct {
	t       *Tree
	ps      []*pattern
	entries []store.Entry
	rest    []store.Entry // entries that are not in place yet
	folders []string      // outputs that Restore replaces as a whole
	stale   []string      // other files that the outputs name, sorted
	removed int64
}

func (p *publisher) run(ctx context.Context, s *store.Dir, outputs []string) (stats store.RestoreStats, err error) {
	if err := p.parse(outputs); err != nil {
		return stats, err
	}
	if err := p.check(s); err != nil {
		return stats, err
	}
	if err := p.sortOut(ctx); err != nil {
		return stats, err
	}
	whole, err := p.exchangeFolders(ctx, s)
	if err != nil {
		return whole, err
	}
	inWay, rest := p.conflicts()
	if err := p.remove(inWay); err != nil {
		return whole, err
	}
	stats, err = s.Restore(ctx, p.rest, p.t.root, store.RestoreOptions{
		Link: true, Folders: p.folders, Workers: runtime.GOMAXPROCS(0),
	})
	stats = sum(stats, whole)
	if err != nil {
		return stats, err
	}
	if err := p.remove(rest); err != nil {
		return stats, err
	}
	p.t.remember(p.entries)
	return stats, nil
}

// parse refuses outputs that nobody can have meant. All problems are told.
func (p *publisher) parse(outputs []string) error {
	var problems []error
	for _, text := range outputs {
		o, err := newPattern(text)
		if err == nil {
			err = p.t.checkOutput(o)
		}
		problems = append(problems, err)
		p.ps = append(p.ps, o)
	}
	return errors.Join(problems...)
}

func (t *Tree) checkOutput(o *pattern) error {
	switch {
	case o.clean == "." || strings.Trim(o.clean, "*/") == "" && strings.Contains(o.clean, "**"):
		return &store.UnsafeError{Path: o.text, Reason: "names the whole repository; an output has to name a file or folder in it"}
	case t.reserved(o.clean):
		return &store.UnsafeError{Path: o.text, Reason: "is not the outputs' place"}
	}
	return nil
}

// check makes sure that every entry belongs here and can be had, before
// anything is touched.
func (p *publisher) check(s *store.Dir) error {
	if err := store.CheckEntries(p.entries); err != nil {
		return err
	}
	for _, e := range p.entries {
		switch {
		case p.t.reserved(e.Path):
			return &store.UnsafeError{Path: e.Path, Reason: "lies in a .git or .mlops, or another place of no job", Fix: "write it elsewhere, or delete it in a step"}
		case !p.names(e.Path):
			return &store.UnsafeError{Path: e.Path, Reason: "is not named by the outputs"}
		}
		if e.Mode.IsRegular() {
			if err := s.Check(e.Digest); err != nil {
				return fmt.Errorf("%s: %w", e.Path, err)
			}
		}
	}
	return nil
}

func (p *publisher) names(file string) bool {
	return slices.ContainsFunc(p.ps, func(o *pattern) bool { return o.match(file) })
}

// sortOut finds the stale files, and the folders that Restore can replace by
// itself: those without a tracked file that has to stay.
func (p *publisher) sortOut(ctx context.Context) error {
	found, err := p.t.walk(ctx, p.ps)
	if err != nil {
		return err
	}
	wanted := make(map[string]bool, len(p.entries))
	for _, e := range p.entries {
		wanted[e.Path] = true
	}
	found = slices.DeleteFunc(found, func(it item) bool { return wanted[it.path] })
	kept, err := p.keepTracked(ctx, found)
	if err != nil {
		return err
	}
	return p.chooseFolders(found, kept)
}

// chooseFolders fills in folders. kept are the tracked files that have to stay.
func (p *publisher) chooseFolders(found []item, kept []string) error {
	for _, o := range p.ps {
		if o.glob != "" || !o.slash && !p.holds(o.clean) {
			continue
		}
		if isLink(found, o.clean) {
			return &store.UnsafeError{Path: o.text,
				Reason: "is a symbolic link where the outputs' folder has to be; remove it, or declare the folder it leads to"}
		}
		if !slices.ContainsFunc(kept, func(f string) bool { return within(f, o.clean) }) {
			p.folders = append(p.folders, o.clean)
		}
	}
	return nil
}

// isLink reports whether the path was found as a link.
func isLink(found []item, file string) bool {
	return slices.ContainsFunc(found, func(it item) bool { return it.path == file && it.kind == snapshot.Link })
}

// holds reports whether an entry lies below the folder.
func (p *publisher) holds(folder string) bool {
	return slices.ContainsFunc(p.entries, func(e store.Entry) bool { return e.Path != folder && within(e.Path, folder) })
}

// keepTracked sorts the files into those that git tracks, which it returns,
// and stale ones.
func (p *publisher) keepTracked(ctx context.Context, found []item) (kept []string, err error) {
	if len(found) == 0 {
		return nil, nil
	}
	tr, err := p.t.readTracked(ctx)
	if err != nil {
		return nil, err
	}
	for _, it := range found {
		if tr != nil {
			if _, ok := slices.BinarySearch(tr.paths, it.path); ok {
				kept = append(kept, it.path)
				continue
			}
		}
		if p.inFolder(it.path) || p.t.published(it.path) {
			p.stale = append(p.stale, it.path)
		}
	}
	return kept, nil
}

// inFolder reports whether an output that is no glob names the file.
func (p *publisher) inFolder(file string) bool {
	return slices.ContainsFunc(p.ps, func(o *pattern) bool { return o.glob == "" && o.match(file) })
}

// published reports whether the file came from the store and is as it came.
func (t *Tree) published(file string) bool {
	at, err := newClimber(t.root)
	if err != nil {
		return false
	}
	defer at.close()
	dir, name := split(file)
	l, err := at.move(dir)
	if err != nil {
		return false
	}
	var st stat
	t.counters.Stats.Add(1)
	if at.stat(l, name, &st) != nil || st.Kind() != snapshot.File {
		return false
	}
	dig, ok := t.index.known(l, file, name, &st)
	return ok && store.Stamped(dig, st.Mtime)
}

// conflicts divides the stale files into those that stand where an entry or
// one of its folders has to be, and the rest, which goes only when the entries
// are in place: a failure between the two costs as little as it can.
func (p *publisher) conflicts() (inWay, rest []string) {
	files, folders := make(map[string]bool), make(map[string]bool)
	for _, e := range p.entries {
		files[e.Path] = true
		for dir := path.Dir(e.Path); dir != "." && !folders[dir]; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	for _, f := range p.stale {
		blocks := folders[f]
		for dir := path.Dir(f); dir != "." && !blocks; dir = path.Dir(dir) {
			blocks = files[dir]
		}
		if blocks {
			inWay = append(inWay, f)
		} else {
			rest = append(rest, f)
		}
	}
	return inWay, rest
}

// remove removes files, and the folders below the outputs that this empties.
func (p *publisher) remove(files []string) error {
	if len(files) == 0 {
		return nil
	}
	at, err := newClimber(p.t.root)
	if err != nil {
		return err
	}
	defer at.close()
	folders := make(map[string]bool)
	for _, f := range files {
		dir, name := split(f)
		l, err := at.move(dir)
		if snapshot.NotThere(err) {
			continue // Restore has replaced its folder
		}
		if err == nil {
			err = l.remove(name)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the stale %s: %w", f, err)
		}
		if err == nil {
			p.removed++
		}
		for ; dir != "" && p.names(dir); dir, _ = split(dir) {
			folders[dir] = true
		}
	}
	p.removeEmpty(at, folders)
	return nil
}

// removeEmpty removes the folders that hold nothing, deepest first.
func (p *publisher) removeEmpty(at *climber, folders map[string]bool) {
	deepest := make([]string, 0, len(folders))
	for f := range folders {
		deepest = append(deepest, f)
	}
	slices.SortFunc(deepest, func(a, b string) int { return strings.Compare(b, a) })
	for _, f := range deepest {
		dir, name := split(f)
		if l, err := at.move(dir); err == nil {
			l.rmdir(name) // fails, as it should, when something is left
		}
	}
}

// remember tells the index what was just published, so that the next job need
// not read it: the marks vouch for the content.
func (t *Tree) remember(es []store.Entry) {
	at, err := newClimber(t.root)
	if err != nil {
		return
	}
	defer at.close()
	var news []update
	for _, e := range es {
		if !e.Mode.IsRegular() {
			continue
		}
		dir, name := split(e.Path)
		l, err := at.move(dir)
		if err != nil {
			continue
		}
		var st stat
		t.counters.Stats.Add(1)
		if at.stat(l, name, &st) != nil || st.Kind() != snapshot.File || st.Size != e.Size ||
			!store.Stamped(e.Digest, st.Mtime) || !at.trusted(l, &st) {
			continue
		}
		if dig, ok := t.index.known(l, e.Path, name, &st); !ok || dig != e.Digest {
			news = append(news, update{e.Path, &state{Stat: st, Digest: e.Digest}})
		}
	}
	t.index.put(news)
}
