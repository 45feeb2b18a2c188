package checkout

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Parents returns the parents of a commit, the first one first. They are known
// also where the history is cut off, and need not be here then.
func (r *Repo) Parents(ctx context.Context, commit string) ([]string, error) {
	if !isCommit(commit) {
		return nil, fmt.Errorf("%q is no commit id", commit)
	}
	text, err := r.run(ctx, "cat-file", "commit", commit)
	if err != nil {
		return nil, err
	}
	head, _, _ := strings.Cut(text, "\n\n")
	var out []string
	for line := range strings.Lines(head) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "parent "); ok {
			out = append(out, id)
		}
	}
	return out, nil
}

// Line returns a commit and the first parents behind it, n commits at most. A
// shallow repository is deepened for it, as for [Repo.MergeBase]; if that is not
// possible the error says so, and what is here is returned all the same.
func (r *Repo) Line(ctx context.Context, commit string, n int) ([]string, error) {
	if !isCommit(commit) {
		return nil, fmt.Errorf("%q is no commit id", commit)
	}
	for depth := n; ; depth *= 2 {
		ids, whole, err := r.lineHere(ctx, commit, n)
		if err != nil || whole {
			return ids, err
		}
		if err := r.deepen(ctx, depth, []string{commit}); err != nil {
			return ids, &Error{Fix: "set fetch-depth: 0, or fetch the whole history: git fetch --unshallow", Err: fmt.Errorf("the history before %.12s is cut off: %w", commit, err)}
		}
	}
}

// lineHere looks for the line in what is here; whole is whether nothing is missing of it.
func (r *Repo) lineHere(ctx context.Context, commit string, n int) (ids []string, whole bool, err error) {
	cut, err := r.cut(ctx)
	if err != nil {
		return nil, false, err
	}
	if _, here := r.Commit(ctx, commit); !here {
		return nil, false, nil
	}
	text, err := r.run(ctx, "rev-list", "--first-parent", "-n", strconv.Itoa(n), commit)
	ids = strings.Fields(text)
	if err != nil || len(ids) == 0 {
		return ids, false, err
	}
	return ids, len(ids) == n || !cut[ids[len(ids)-1]], nil
}

// Subject returns the first line of a commit's message, "" if it is not here.
func (r *Repo) Subject(ctx context.Context, commit string) string {
	if !isCommit(commit) {
		return ""
	}
	text, err := r.line(ctx, "log", "-1", "--no-show-signature", "--format=%s", commit)
	if err != nil {
		return ""
	}
	return text
}

// Ahead counts the commits on the first-parent line from one commit to a later
// one. ok is false if the history that is here does not tell.
func (r *Repo) Ahead(ctx context.Context, from, to string) (n int, ok bool) {
	if !isCommit(from) || !isCommit(to) {
		return 0, false
	}
	cut, err := r.cut(ctx)
	if err != nil {
		return 0, false
	}
	text, err := r.run(ctx, "rev-list", "--first-parent", to, "^"+from)
	if err != nil {
		return 0, false
	}
	for id := range strings.FieldsSeq(text) {
		if cut[id] {
			return 0, false
		}
		n++
	}
	return n, true
}

// Upstream returns the branch that another one follows, such as origin/main; ""
// if it follows none.
func (r *Repo) Upstream(ctx context.Context, branch string) string {
	if plain(branch) != nil {
		return ""
	}
	name, err := r.line(ctx, "rev-parse", "--abbrev-ref", "--verify", "--quiet", "--end-of-options", branch+"@{upstream}")
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(name, "--end-of-options\n") // older versions of git print it
}

// Fetch gets the commit that a branch or a tag of the remote "origin" names, or
// that has this id, without its files, and returns its id. No ref is made for it.
func (r *Repo) Fetch(ctx context.Context, name string) (string, error) {
	if err := plain(name); err != nil {
		return "", fmt.Errorf("fetch %q: %w", name, err)
	}
	address, err := r.origin(ctx)
	if err != nil {
		return "", err
	}
	id := name
	if !isCommit(name) {
		if id, err = r.remoteRef(ctx, address, name); err != nil {
			return "", err
		}
	}
	cut, err := r.cut(ctx)
	if err != nil {
		return "", err
	}
	how := "--no-tags"
	if len(cut) > 0 { // else all of its history would come
		how = "--depth=1"
	}
	return id, r.fetchFrom(ctx, address, how, []string{id})
}

// remoteRef asks what a branch, or else a tag, of another repository is.
func (r *Repo) remoteRef(ctx context.Context, address, name string) (string, error) {
	text, err := r.run(ctx, "ls-remote", uploadPack, "--", address, "refs/heads/"+name, "refs/tags/"+name, "refs/tags/"+name+"^{}")
	if err != nil {
		return "", err
	}
	refs := map[string]string{}
	for line := range strings.Lines(text) {
		if id, ref, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			refs[ref] = id
		}
	}
	for _, ref := range []string{"refs/heads/" + name, "refs/tags/" + name + "^{}", "refs/tags/" + name} {
		if id, ok := refs[ref]; ok {
			return id, nil
		}
	}
	return "", fmt.Errorf("the remote origin has no branch or tag %s", name)
}

// origin is the address of the remote "origin", as git gets it.
func (r *Repo) origin(ctx context.Context) (string, error) {
	address, err := r.line(ctx, "config", "--local", "--no-includes", "--get", "remote.origin.url")
	if err != nil {
		return "", errors.New("there is no remote origin")
	}
	s, err := newSource(address)
	switch {
	case err == nil:
		return fileURL(s), nil
	case r.own && plain(address) == nil:
		return address, nil // such as ssh, which is the owner's to use
	}
	return "", err
}

// fetchFrom fetches commits without their files.
func (r *Repo) fetchFrom(ctx context.Context, address, how string, ids []string) error {
	args := []string{"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules", uploadPack, how}
	_, err := r.run(ctx, append(append(args, "--filter=tree:0", "--", address), ids...)...)
	var failed *commandError
	if errors.As(err, &failed) { // a server without filters
		_, err = r.run(ctx, append(append(args, "--", address), ids...)...)
	}
	return err
}
