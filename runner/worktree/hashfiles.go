package worktree

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/store"
)

// HashFiles is GitHub's hashFiles: the SHA-256 of the SHA-256 sums, as bytes,
// of all files that the patterns name, in the order of their paths, in hex; ""
// if they name nothing. A pattern that begins with ! takes files away. A link
// counts as the file it leads to, if that is in the tree.
func (t *Tree) HashFiles(patterns ...string) (string, error) {
	ctx := context.Background()
	var add, remove []string
	for _, p := range patterns {
		if p, no := strings.CutPrefix(p, "!"); no {
			remove = append(remove, p)
		} else {
			add = append(add, p)
		}
	}
	_, items, err := t.find(ctx, add)
	if err != nil {
		return "", err
	}
	items = slices.DeleteFunc(items, func(it item) bool { return Match(remove, it.path) })
	es, err := t.followed(ctx, items)
	if err != nil || len(es) == 0 {
		return "", err
	}
	sum := sha256.New()
	for _, e := range es {
		sum.Write(e.Digest[:])
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// followed returns the entries of the items, with those of the files that
// links lead to in their place. Links that lead to no file of the tree are
// left out.
func (t *Tree) followed(ctx context.Context, items []item) ([]store.Entry, error) {
	es, err := t.digests(ctx, items, func(string) string { return "" })
	var out *OutsideError
	if errors.As(err, &out) { // rare: find the culprits one by one
		es, err = t.inside(ctx, items)
	}
	if err != nil {
		return nil, err
	}
	for i := range es {
		for hops := 0; es[i].Mode == fs.ModeSymlink && hops < 8; hops++ {
			es[i], err = t.Entry(ctx, path.Join(path.Dir(es[i].Path), es[i].Link))
			if err != nil {
				es[i] = store.Entry{}
			}
		}
	}
	return slices.DeleteFunc(es, func(e store.Entry) bool { return !e.Mode.IsRegular() || e.Path == "" }), nil
}

// inside returns the entries of those items that do not lead out.
func (t *Tree) inside(ctx context.Context, items []item) (es []store.Entry, err error) {
	for _, it := range items {
		one, err := t.digests(ctx, []item{it}, func(string) string { return "" })
		var out *OutsideError
		if err != nil && !errors.As(err, &out) {
			return nil, err
		}
		es = append(es, one...)
	}
	return es, nil
}
