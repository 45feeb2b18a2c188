package worktree

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// A ChangeBase says where the history begins that [Tree.Changed] looks at.
type ChangeBase int

// The bases.
const (
	ChangedFrom     ChangeBase = iota // the commit itself
	ChangedMerge                      // where the two commits parted
	ChangedOnParent                   // its first parent, or nothing for a first commit
)

// Changed returns the files that differ between two commits, by their paths
// relative to the tree's root, in git's order; files outside of the root are
// left out, and a renamed file is two. It reads git's objects alone, not the
// working tree. The error says, for people, why it cannot be told: no git, no
// repository, a commit that is not here, a history that was cut off.
func (t *Tree) Changed(ctx context.Context, from, to string, base ChangeBase) ([]string, error) {
	repo := findRepository(t.root)
	if repo == nil {
		return nil, errors.New("this folder is in no git repository")
	}
	for _, c := range []string{from, to} {
		if err := repo.present(ctx, c); err != nil {
			return nil, err
		}
	}
	start, err := repo.start(ctx, from, to, base)
	if err != nil {
		return nil, err
	}
	out, err := git(ctx, t.root, "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--relative", start, to, "--")
	if err != nil {
		return nil, err
	}
	return splitNames(out), nil
}

func splitNames(out []byte) []string {
	text := strings.TrimSuffix(string(out), "\x00")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\x00")
}

// present fails unless the repository has a commit.
func (r *repository) present(ctx context.Context, commit string) error {
	if objectName(commit) == "" {
		return fmt.Errorf("%q is no name of a commit", commit)
	}
	_, err := git(ctx, r.top, "cat-file", "-e", commit+"^{commit}")
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("the git program is not installed")
	case err != nil && r.shallow():
		return fmt.Errorf("the commit %.12s is not in this shallow clone (set fetch-depth: 0)", commit)
	case err != nil:
		return fmt.Errorf("the commit %.12s is not in this repository", commit)
	}
	return nil
}

// start is the commit or tree to compare with.
func (r *repository) start(ctx context.Context, from, to string, base ChangeBase) (string, error) {
	switch base {
	case ChangedMerge:
		// In a history that was cut off git may name a commit which is no merge
		// base at all, without a word.
		if r.shallow() {
			return "", errors.New("the clone is shallow, so where the branch began cannot be told (set fetch-depth: 0)")
		}
		out, err := git(ctx, r.top, "merge-base", from, to)
		if err != nil {
			return "", fmt.Errorf("the commits %.12s and %.12s have no common history", from, to)
		}
		return strings.TrimSpace(string(out)), nil
	case ChangedOnParent:
		out, err := git(ctx, r.top, "rev-list", "--parents", "-n", "1", from)
		if err != nil {
			return "", err
		}
		if names := strings.Fields(string(out)); len(names) > 1 {
			return names[1], nil
		}
		if r.shallow() {
			return "", errors.New("the clone is shallow, so the commit before the push is not here (set fetch-depth: 0)")
		}
		if r.hashLen() == 32 {
			return emptyTreeSHA256, nil
		}
		return emptyTree, nil
	}
	return from, nil
}
