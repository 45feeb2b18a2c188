package worktree

import (
	"cmp"
	"context"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/mlops-runner/mlops/spec/spelling"

	"github.com/mlops-runner/mlops/runner/snapshot"
)

// nearMost is how many paths Near returns.
const nearMost = 3

// Near returns at most three existing paths that somebody may have meant by
// one that does not exist: names that differ by a slip of the finger, or files
// of that name elsewhere, best first. It is for messages, and may miss some.
func (t *Tree) Near(name string) []string {
	at, err := newClimber(t.root)
	if err != nil {
		return nil
	}
	defer at.close()
	p := path.Clean(filepath.ToSlash(name))
	dir, base := "", p
	for { // go down as far as the path exists
		first, rest, more := strings.Cut(base, "/")
		if _, err := at.move(join(dir, first)); !more || err != nil {
			break
		}
		dir, base = join(dir, first), rest
	}
	out := t.slips(at, dir, base)
	for _, f := range t.namesakes(p) {
		if len(out) < nearMost && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// slips returns the paths that rest may mean in the folder dir, if its first
// name is misspelt.
func (t *Tree) slips(at *climber, dir, rest string) []string {
	first, below, more := strings.Cut(rest, "/")
	l, err := at.move(dir)
	if err != nil || first == "" || strings.ContainsAny(first, "*?[{") {
		return nil
	}
	es, err := at.list(l)
	if err != nil {
		return nil
	}
	type slip struct {
		path string
		far  int
	}
	var near []slip
	for _, e := range es {
		p := e.path
		far := spelling.Distance(strings.ToLower(first), strings.ToLower(e.name()))
		if far > max(1, len(first)/3) || more && e.kind == snapshot.File || far == 0 && e.kind == snapshot.Dir || t.reserved(p) {
			continue
		}
		if more {
			if _, err := t.statAt(at, join(p, below)); err == nil {
				p, far = join(p, below), far-len(first) // the whole path exists: better than any that does not
			}
		}
		near = append(near, slip{p, far})
	}
	sort.Slice(near, func(i, j int) bool {
		a, b := near[i], near[j]
		return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(a.path, b.path)) < 0
	})
	out := make([]string, 0, nearMost)
	for _, s := range near[:min(nearMost, len(near))] {
		out = append(out, s.path)
	}
	return out
}

// namesakes returns tracked files of the same name in other folders.
func (t *Tree) namesakes(p string) (out []string) {
	tr, err := t.readTracked(context.Background())
	if err != nil || tr == nil {
		return nil
	}
	_, base := split(p)
	for _, f := range tr.paths {
		if strings.HasSuffix(f, base) && path.Base(f) == base && f != p {
			if out = append(out, f); len(out) == nearMost {
				break
			}
		}
	}
	return out
}

// missing explains why a pattern names nothing: a link on the way that leads
// out, or a name that is misspelt.
func (t *Tree) missing(text, clean string) error {
	at, err := newClimber(t.root)
	if err != nil {
		return err
	}
	defer at.close()
	dir := ""
	for name := range strings.SplitSeq(clean, "/") {
		l, err := at.move(dir)
		if err != nil {
			break
		}
		p := join(dir, name)
		target, err := l.readlink(at.cstring(name))
		if err == nil && outside(p, target) {
			return &OutsideError{Pattern: text, Path: p, Target: target}
		}
		if err == nil { // the link's target can be named instead
			return &MissingError{Pattern: text, Near: []string{path.Join(path.Dir(p), target, strings.TrimPrefix(clean, p))}}
		}
		dir = p
	}
	return &MissingError{Pattern: text, Near: t.Near(clean)}
}
