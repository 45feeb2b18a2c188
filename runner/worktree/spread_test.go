package worktree

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/store"
)

// What many folders hold is found as if they were looked into one by one, and
// so is which pattern names nothing.
func TestEntriesOfManyFolders(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	var want []string
	for i := range 3 * manyFolders {
		for _, name := range []string{"a%02d.txt", "a%02d/x.csv", "a%02d/deep/y.csv", "a%02d.z/x.csv"} {
			file := fmt.Sprintf("data/"+name, i)
			write(t, root, file, file)
			want = append(want, file)
		}
	}
	slices.Sort(want)
	tree := open(t, root, Options{})
	csv := slices.DeleteFunc(slices.Clone(want), func(s string) bool { return !strings.HasSuffix(s, "x.csv") })
	for _, c := range []struct {
		patterns []string
		want     []string
	}{
		{[]string{"."}, want},
		{[]string{"data/", "data/a07/x.csv"}, want},
		{[]string{"data/*/x.csv"}, csv},
		{[]string{"**/x.csv", "data/*.z/"}, csv},
	} {
		var got []string
		for _, e := range entries(t, tree, c.patterns...) {
			got = append(got, e.Path)
			if e.Digest != store.Sum([]byte(e.Path)) {
				t.Errorf("%q: the digest of %s is not that of its text", c.patterns, e.Path)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.patterns, got, c.want)
		}
	}
	_, err := tree.Entries(t.Context(), []string{"data/a47.z/*", "data/*/none", "data/*/deep/y.csv"}, nil)
	var missing *MissingError
	if !errors.As(err, &missing) || missing.Pattern != "data/*/none" {
		t.Errorf("got %v, want that data/*/none names nothing", err)
	}
}
