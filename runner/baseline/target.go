package baseline

import (
	"context"
	"fmt"
	"strings"
)

// A target is a commit that is wanted.
type target struct {
	commit string
	name   string // of the branch or tag
	how    string // for people: merge base, tip
	why    string // the same as a reason: the commit where this branch left main
	tip    string // of the branch; "" if it is none or not known
	behind int    // commits from commit to tip, as a forge says; -1 if none was asked
}

// target finds out which commit merge-base, base-tip or ref:REV means.
func (r *Resolver) target(ctx context.Context, q Query) (target, error) {
	if r.History == nil || q.Commit == "" {
		return target{}, curedError{"this folder is in no git repository with a commit, so " + q.Asked + " means nothing", "use baseline: previous or file:PATH"}
	}
	if rev, ok := strings.CutPrefix(q.Asked, "ref:"); ok {
		return r.ref(ctx, rev)
	}
	base, err := r.base(ctx, q)
	if err != nil {
		return target{}, err
	}
	t := target{commit: base.Tip, name: strings.TrimPrefix(base.Branch, "origin/"), how: "tip", tip: base.Tip, behind: -1}
	t.why = "the newest commit of " + t.name
	if q.Asked == "merge-base" {
		t.how, t.why = "merge base", "the commit where this branch left "+t.name
		if t.commit, t.behind, err = r.parted(ctx, base, q); err != nil {
			return target{}, err
		}
	}
	if t.commit != q.Commit {
		return t, nil
	}
	return r.onBase(ctx, t, q)
}

// onBase is what a commit of the base branch itself is compared with.
func (r *Resolver) onBase(ctx context.Context, t target, q Query) (target, error) {
	if q.Dirty {
		t.how, t.why = "the commit that was changed", "the commit that these changes were made in"
		return t, nil
	}
	parents, err := r.History.Parents(ctx, q.Commit)
	if err != nil {
		return t, err
	}
	if len(parents) == 0 {
		return t, fmt.Errorf("%.12s %w of %s", q.Commit, errFirst, t.name)
	}
	t.commit, t.how, t.behind = parents[0], "previous commit", -1
	t.why = "the commit before this one on " + t.name
	return t, nil
}

// ref is a commit by its name.
func (r *Resolver) ref(ctx context.Context, rev string) (target, error) {
	for _, name := range []string{rev, "origin/" + rev} {
		if id, ok := r.History.Commit(ctx, name); ok {
			return named(rev, id), nil
		}
	}
	id, err := r.History.Fetch(ctx, rev)
	if err != nil {
		return target{}, curedError{fmt.Sprintf("the repository has no commit %s: %v", rev, err), "fetch it, or correct baseline: ref:" + rev}
	}
	return named(rev, id), nil
}

// named is a commit that somebody has named.
func named(rev, id string) target {
	t := target{commit: id, name: rev, how: "ref:" + rev, why: "the commit that " + rev + " names", behind: -1}
	if strings.HasPrefix(id, rev) {
		t.name = ""
	}
	return t
}

// base completes what is known of the branch that the change goes into.
func (r *Resolver) base(ctx context.Context, q Query) (Base, error) {
	b := q.Base
	if b.Branch == "" && b.Tip == "" {
		return r.guess(ctx, q)
	}
	if trial := r.trial(ctx, b, q); trial != "" {
		b.Tip = trial
	}
	if b.Tip != "" {
		return b, nil
	}
	for _, name := range []string{"origin/" + b.Branch, b.Branch} {
		if id, ok := r.History.Commit(ctx, name); ok {
			b.Tip = id
			return b, nil
		}
	}
	id, err := r.History.Fetch(ctx, b.Branch)
	if err != nil {
		return b, curedError{fmt.Sprintf("the base branch %s is not in this clone and cannot be fetched: %v", b.Branch, err), "set fetch-depth: 0"}
	}
	b.Tip = id
	return b, nil
}

// trial is the commit of the base branch that the change was merged into for a
// trial, if what runs is such a merge.
func (r *Resolver) trial(ctx context.Context, b Base, q Query) string {
	if b.Head == "" || b.Head == q.Commit {
		return ""
	}
	parents, err := r.History.Parents(ctx, q.Commit)
	if err != nil || len(parents) != 2 || parents[1] != b.Head {
		return ""
	}
	return parents[0]
}

// guess takes the branch that this one follows, unless that is its own copy on
// the remote, or else the main branch.
func (r *Resolver) guess(ctx context.Context, q Query) (Base, error) {
	if up := r.History.Upstream(ctx, q.Branch); q.Branch != "" && up != "" && up != q.Branch && !strings.HasSuffix(up, "/"+q.Branch) {
		if id, ok := r.History.Commit(ctx, up); ok {
			return Base{Branch: up, Tip: id}, nil
		}
	}
	mains := []string{"origin/main", "origin/master", "main", "master"}
	if id, ok := r.History.Commit(ctx, "origin/HEAD"); ok {
		for _, name := range mains[:2] {
			if same, _ := r.History.Commit(ctx, name); same == id {
				return Base{Branch: name, Tip: id}, nil
			}
		}
		return Base{Branch: "origin/HEAD", Tip: id}, nil
	}
	for _, name := range mains {
		if id, ok := r.History.Commit(ctx, name); ok {
			return Base{Branch: name, Tip: id}, nil
		}
	}
	return Base{}, curedError{"nothing tells which branch this one goes into: no pull request, no upstream, no origin/HEAD, main or master", "name it with baseline: ref:BRANCH, or use baseline: previous"}
}

// parted is where what runs left the base branch, and how far that has gone on.
func (r *Resolver) parted(ctx context.Context, b Base, q Query) (commit string, behind int, err error) {
	if r.trial(ctx, b, q) == b.Tip {
		return b.Tip, -1, nil
	}
	if r.Forge != nil {
		if id, behind, err := r.Forge.MergeBase(ctx, b.Tip, q.Commit); err == nil && id != "" {
			return id, behind, nil
		}
	}
	if _, ok := r.History.Commit(ctx, b.Tip); !ok {
		if _, err := r.History.Fetch(ctx, b.Tip); err != nil {
			return "", -1, curedError{fmt.Sprintf("the commit %.12s of %s is not in this clone and cannot be fetched: %v", b.Tip, b.Branch, err), "set fetch-depth: 0"}
		}
	}
	commit, err = r.History.MergeBase(ctx, b.Tip, q.Commit)
	return commit, -1, err
}
