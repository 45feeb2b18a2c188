package worktree

import (
	"context"
	"slices"

	"github.com/mlops-runner/mlops/runner/snapshot"
	"github.com/mlops-runner/mlops/runner/store"
)

// Foreign lists the files that a Publish of the same outputs and entries would
// overwrite or remove although no Publish wrote them: those whose content is
// neither what the entry wants nor bears the mark of the store. What git tracks
// in a folder is not removed, and so not listed unless an entry has its path.
func (t *Tree) Foreign(ctx context.Context, outputs []string, entries []store.Entry) ([]string, error) {
	p := &publisher{t: t, entries: entries}
	if err := p.parse(outputs); err != nil {
		return nil, err
	}
	found, err := t.walk(ctx, p.ps)
	if err != nil {
		return nil, err
	}
	wanted := make(map[string]store.Digest, len(entries))
	for _, e := range entries {
		wanted[e.Path] = e.Digest
	}
	stays := slices.DeleteFunc(slices.Clone(found), func(it item) bool { _, ok := wanted[it.path]; return ok })
	kept, err := p.keepTracked(ctx, stays)
	if err != nil {
		return nil, err
	}
	doomed := p.stale
	for _, it := range found {
		if _, ok := wanted[it.path]; ok && it.kind != snapshot.Link {
			doomed = append(doomed, it.path)
		}
	}
	return t.notOurs(ctx, doomed, kept, wanted)
}

func (t *Tree) notOurs(ctx context.Context, doomed, kept []string, wanted map[string]store.Digest) ([]string, error) {
	var out []string
	for _, f := range doomed {
		if slices.Contains(kept, f) || t.published(f) {
			continue
		}
		e, err := t.Entry(ctx, f)
		if err != nil {
			continue // gone, or no file
		}
		st, err := t.statOne(f)
		if err != nil || e.Link != "" || e.Digest == wanted[f] || store.Stamped(e.Digest, st.Mtime) {
			continue
		}
		out = append(out, f)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
