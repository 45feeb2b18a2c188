package worktree

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/snapshot"
	"github.com/mlops-runner/mlops/runner/store"
)

// Entries returns the files that the patterns name, sorted bytewise by path,
// each once, with digest, size and mode (see store.Normal). A pattern is
//
//   - a file;
//   - a folder, with or without a slash at its end: everything below it;
//   - a glob with *, ?, [abc], {a,b} and ** (any number of folders), which
//     matches files, or with a slash at its end folders.
//
// Names that begin with a dot are like others, but .git and .mlops are never
// matched. Folders by themselves, sockets and the like are no files. A
// symbolic link is an entry of its own and is not followed. skip, if not nil,
// leaves paths out.
//
// The errors are a *MissingError for each pattern that names nothing and an
// *OutsideError for each path or link that leads out of the tree, all joined.
// A file is read only if the stat index does not vouch for it.
func (t *Tree) Entries(ctx context.Context, patterns []string, skip func(path string) bool) ([]store.Entry, error) {
	ps, items, err := t.find(ctx, patterns)
	if err != nil {
		return nil, err
	}
	var problems []error
	for _, p := range ps {
		if !p.hit.Load() {
			problems = append(problems, t.missing(p.text, p.clean))
		}
	}
	if skip != nil {
		items = slices.DeleteFunc(items, func(it item) bool { return skip(it.path) })
	}
	if len(problems) > 0 { // links may be a problem too, but reading files would be in vain
		items = slices.DeleteFunc(items, func(it item) bool { return it.kind != snapshot.Link })
	}
	es, err := t.digests(ctx, items, func(file string) string { return namedBy(ps, file) })
	if problems = append(problems, err); errors.Join(problems...) != nil {
		return nil, errors.Join(problems...)
	}
	return es, nil
}

// namedBy returns the first pattern that names the file.
func namedBy(ps []*pattern, file string) string {
	for _, p := range ps {
		if p.match(file) {
			return p.text
		}
	}
	return ""
}

// find returns what the patterns name, sorted, each once.
func (t *Tree) find(ctx context.Context, patterns []string) ([]*pattern, []item, error) {
	ps := make([]*pattern, 0, len(patterns))
	var problems []error
	for _, text := range patterns {
		p, err := newPattern(text)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		ps = append(ps, p)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, nil, err
	}
	items, err := t.walk(ctx, ps)
	return ps, items, err
}

// walk finds what the patterns name and marks those that name something.
func (t *Tree) walk(ctx context.Context, ps []*pattern) ([]item, error) {
	at, err := newClimber(t.root)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", t.root, err)
	}
	defer at.close()
	w := &walker{t: t, ctx: ctx, at: at, alone: runtime.GOMAXPROCS(0) > 1}
	var folders []*pattern
	for _, p := range byPath(ps) {
		folder, err := w.literal(p)
		if err != nil {
			return nil, err
		}
		if folder {
			folders = append(folders, p)
		}
	}
	if len(folders) > 0 {
		if err := w.folder("", 0, folders); err != nil {
			return nil, err
		}
	}
	return unique(slices.Concat(w.found...)), nil
}

// byPath sorts patterns, so that files of one folder are asked for together.
func byPath(ps []*pattern) []*pattern {
	return slices.SortedStableFunc(slices.Values(ps), func(a, b *pattern) int { return strings.Compare(a.clean, b.clean) })
}

// unique sorts the items and keeps one of each path: one that has a stat, if any.
func unique(items []item) []item {
	slices.SortStableFunc(items, func(a, b item) int {
		if c := strings.Compare(a.path, b.path); c != 0 || (a.st == nil) == (b.st == nil) {
			return c
		}
		if a.st != nil {
			return -1
		}
		return 1
	})
	return slices.CompactFunc(items, func(a, b item) bool { return a.path == b.path })
}

// A walker lists folders for patterns.
type walker struct {
	t     *Tree
	ctx   context.Context // of the call, which a walker does not outlive
	at    *climber
	found [][]item // piece by piece: copying them as one list grows would cost more than finding them
	alone bool     // whether no other walker is at work for the same call
}

// literal looks for the path of a pattern without a glob, and reports whether
// the pattern needs a walk: it names a folder, or has to be matched.
func (w *walker) literal(p *pattern) (folder bool, err error) {
	if p.glob != "" || p.clean == "." {
		return true, nil
	}
	if w.t.reserved(p.clean) {
		return false, nil
	}
	st, err := w.t.statAt(w.at, p.clean)
	switch {
	case snapshot.NotThere(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("stat %s: %w", p.text, err)
	case st.Kind() == snapshot.Dir:
		return true, nil
	case p.slash && st.Kind() == snapshot.File:
		return false, nil
	}
	p.hit.Store(true)
	w.note([]item{{path: p.clean, st: st, kind: st.Kind()}})
	return false, nil
}

// folder looks for the patterns in a folder and below it.
func (w *walker) folder(rel string, depth int, ps []*pattern) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	if names, ok := steps(ps, depth); ok {
		for _, name := range names {
			if err := w.enter(join(rel, name), depth+1, ps); err != nil {
				return err
			}
		}
		return nil
	}
	l, err := w.at.move(rel)
	if snapshot.NotThere(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", rel, err)
	}
	es, err := w.at.list(l)
	if err != nil {
		return fmt.Errorf("list %s: %w", rel, err)
	}
	slices.SortFunc(es, func(a, b dirent) int { return strings.Compare(a.path, b.path) })
	if w.alone && countFolders(es) >= manyFolders {
		return w.spread(es, depth, ps)
	}
	mine := make([]item, 0, len(es))
	for _, e := range es {
		if e.kind != snapshot.Dir {
			mine = w.dirent(mine, e, ps)
			continue
		}
		mine = w.note(mine) // what lies below comes in between
		if err := w.enter(e.path, depth+1, ps); err != nil {
			return err
		}
	}
	w.note(mine)
	return nil
}

// steps returns the only names that the patterns can go through, if all of
// them know theirs.
func steps(ps []*pattern, depth int) (names []string, ok bool) {
	for _, p := range ps {
		name, ok := p.step(depth)
		if !ok {
			return nil, false
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names), true
}

// dirent adds what a folder holds beside folders.
func (w *walker) dirent(to []item, e dirent, ps []*pattern) []item {
	if e.kind != snapshot.File && e.kind != snapshot.Link || w.t.reserved(e.path) || !matchAll(ps, e.path) {
		return to
	}
	return append(to, item{path: e.path, kind: e.kind})
}

// note keeps items and returns the room behind them.
func (w *walker) note(items []item) []item {
	if len(items) == 0 {
		return items
	}
	w.found = append(w.found, items)
	return items[len(items):]
}

// matchAll marks every pattern that names the file, and reports whether one did.
func matchAll(ps []*pattern, file string) (any bool) {
	for _, p := range ps {
		hit := p.hit.Load()
		if any && hit || !p.match(file) {
			continue
		}
		if any = true; !hit { // others look at it all the time
			p.hit.Store(true)
		}
	}
	return any
}

func (w *walker) enter(rel string, depth int, ps []*pattern) error {
	if w.t.reserved(rel) {
		return nil
	}
	below := make([]*pattern, 0, len(ps))
	for _, p := range ps {
		if p.reaches(rel) {
			below = append(below, p)
		}
	}
	if len(below) == 0 {
		return nil
	}
	return w.folder(rel, depth, below)
}
