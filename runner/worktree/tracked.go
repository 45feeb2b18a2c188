package worktree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/store"
)

// trackedAt is a tracked with the state of the index it was read from.
type trackedAt struct {
	*tracked
	info fs.FileInfo
}

// TrackedEntries returns the files that git tracks below the tree's root and
// that stand on the disk, as [Tree.Entries] does: edited ones as they are now.
// Submodules are left out, and so are .git and .mlops. Without git it returns
// every file. skip, if not nil, leaves paths out.
//
// Git's index is read as it is, without starting git, unless it is split or
// sparse. A tracked link that leads out of the tree is an *OutsideError.
func (t *Tree) TrackedEntries(ctx context.Context, skip func(string) bool) ([]store.Entry, error) {
	tr, err := t.readTracked(ctx)
	if err != nil {
		return nil, err
	}
	if tr == nil {
		return t.everyEntry(ctx, skip)
	}
	items := make([]item, 0, len(tr.paths))
	for _, p := range tr.paths {
		if (skip == nil || !skip(p)) && (len(t.skip) == 0 || !t.reserved(p)) {
			items = append(items, item{path: p})
		}
	}
	return t.digests(ctx, items, func(string) string { return "" })
}

func (t *Tree) everyEntry(ctx context.Context, skip func(string) bool) ([]store.Entry, error) {
	_, items, err := t.find(ctx, []string{"."})
	if err != nil {
		return nil, err
	}
	if skip != nil {
		items = slices.DeleteFunc(items, func(it item) bool { return skip(it.path) })
	}
	return t.digests(ctx, items, func(string) string { return "" })
}

// readTracked returns what git tracks; nil if the tree is in no repository.
// What it read stays good for as long as git's index is the same file.
func (t *Tree) readTracked(ctx context.Context) (*tracked, error) {
	repo := findRepository(t.root)
	if repo == nil {
		return nil, nil
	}
	file := filepath.Join(repo.dir, "index")
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return &tracked{}, nil // nothing was ever added
	}
	if err != nil {
		return nil, fmt.Errorf("read what git tracks: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tracked != nil && sameFile(t.tracked.info, info) {
		return t.tracked.tracked, nil
	}
	tr, err := repo.readIndex(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("read what git tracks: %w", err)
	}
	t.tracked = &trackedAt{tr, info}
	return tr, nil
}

// sameFile reports whether two stats are of one index. Git replaces its index
// by rename, so that a new one is another file.
func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func (r *repository) readIndex(ctx context.Context, file string) (*tracked, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	tr, err := parseGitIndex(b, r.hashLen(), r.prefix)
	if err == nil {
		return tr, nil
	}
	out, gitErr := git(ctx, filepath.Join(r.top, filepath.FromSlash(r.prefix)), "ls-files", "-z", "--stage")
	if gitErr != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", file, err), gitErr)
	}
	return parseStage(string(out), r.prefix), nil
}

// parseStage reads what git ls-files --stage -z prints, relative to the prefix:
// "mode hash stage\tpath\0".
func parseStage(out, prefix string) *tracked {
	tr := &tracked{links: map[string]string{}}
	for line := range strings.SplitSeq(out, "\x00") {
		head, p, ok := strings.Cut(line, "\t")
		f := strings.Fields(head)
		switch {
		case !ok || len(f) != 3:
		case f[0] == "160000":
			tr.links[join(prefix, p)] = f[1]
		case !ours(p):
			tr.paths = append(tr.paths, p)
		}
	}
	slices.Sort(tr.paths)
	tr.paths = slices.Compact(tr.paths)
	return tr
}
