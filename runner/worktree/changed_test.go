package worktree

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// history is a repository in which a branch left main after its first commit.
func history(t *testing.T) (root string, commits map[string]string) {
	t.Helper()
	root, commits = t.TempDir(), map[string]string{}
	commit := func(name string) {
		runGit(t, root, "add", "-A")
		runGit(t, root, "commit", "-q", "-m", name)
		commits[name] = strings.TrimSpace(runGit(t, root, "rev-parse", "HEAD"))
	}
	runGit(t, root, "init", "-q", "-b", "main")
	write(t, root, "README.md", "1", "ml/train.py", "1", "ml/späß.csv", "1")
	commit("first")
	runGit(t, root, "checkout", "-q", "-b", "work")
	write(t, root, "ml/train.py", "2", "docs/a b.md", "1")
	commit("work")
	check(t, os.Rename(filepath.Join(root, "ml/späß.csv"), filepath.Join(root, "ml/neu.csv")))
	commit("renamed")
	runGit(t, root, "checkout", "-q", "main")
	write(t, root, "README.md", "2")
	commit("main")
	runGit(t, root, "checkout", "-q", "--orphan", "other")
	commit("orphan")
	return root, commits
}

func TestChanged(t *testing.T) {
	root, c := history(t)
	for _, row := range []struct {
		name, dir, from, to string
		base                ChangeBase
		want                []string
	}{
		{"two commits in a line", ".", "first", "renamed", ChangedFrom, []string{"docs/a b.md", "ml/neu.csv", "ml/späß.csv", "ml/train.py"}},
		{"what the branch alone changed", ".", "main", "work", ChangedMerge, []string{"docs/a b.md", "ml/train.py"}},
		{"two dots see both sides", ".", "main", "work", ChangedFrom, []string{"README.md", "docs/a b.md", "ml/train.py"}},
		{"from the parent", ".", "work", "renamed", ChangedOnParent, []string{"docs/a b.md", "ml/neu.csv", "ml/späß.csv", "ml/train.py"}},
		{"from before the first commit", ".", "first", "first", ChangedOnParent, []string{"README.md", "ml/späß.csv", "ml/train.py"}},
		{"nothing", ".", "work", "work", ChangedFrom, nil},
		{"in a folder, relative to it", "ml", "main", "work", ChangedMerge, []string{"train.py"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := open(t, filepath.Join(root, row.dir), Options{}).Changed(t.Context(), c[row.from], c[row.to], row.base)
			if d := cmp.Diff(row.want, got); d != "" || err != nil {
				t.Errorf("%v %s", err, d)
			}
		})
	}
}

// An answer that might be wrong is none.
func TestChangedCannotTell(t *testing.T) {
	root, c := history(t)
	shallow := filepath.Join(t.TempDir(), "clone")
	runGit(t, root, "clone", "-q", "--depth", "2", "--no-single-branch", "file://"+root, shallow)
	gone := strings.Repeat("1", 40)
	for _, row := range []struct {
		name, root, from, to string
		base                 ChangeBase
		want                 string
	}{
		{"no repository", t.TempDir(), c["first"], c["work"], ChangedFrom, "this folder is in no git repository"},
		{"a commit that is not here", root, gone, c["work"], ChangedFrom, "the commit 111111111111 is not in this repository"},
		{"a name that is an option", root, "--output=x", c["work"], ChangedFrom, `"--output=x" is no name of a commit`},
		{"no common history", root, c["orphan"], c["work"], ChangedMerge, "have no common history"},
		{"a commit that was cut off", shallow, gone, c["main"], ChangedFrom, "is not in this shallow clone (set fetch-depth: 0)"},
		{"a merge base that may be cut off", shallow, c["main"], c["work"], ChangedMerge, "the clone is shallow, so where the branch began"},
	} {
		got, err := open(t, row.root, Options{}).Changed(t.Context(), row.from, row.to, row.base)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, %v; want %s", row.name, got, err, row.want)
		}
	}
}
