package worktree

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzGitIndex feeds the parser what is no index. Whatever it accepts are
// paths that stay in the folder, sorted, each once.
func FuzzGitIndex(f *testing.F) {
	for _, version := range []string{"2", "4"} {
		root := f.TempDir()
		runGit(f, root, "init", "-q")
		write(f, root, "a", "1", "sub/b", "2", "sub/c/d", "3")
		runGit(f, root, "add", ".")
		runGit(f, root, "update-index", "--index-version", version)
		b, err := os.ReadFile(filepath.Join(root, ".git/index"))
		check(f, err)
		f.Add(b, "")
		f.Add(b, "sub")
	}
	f.Fuzz(func(t *testing.T, b []byte, prefix string) {
		for _, hashLen := range []int{20, 32} {
			tr, err := parseGitIndex(b, hashLen, prefix)
			if err != nil {
				continue
			}
			if !slices.IsSorted(tr.paths) || len(slices.Compact(slices.Clone(tr.paths))) != len(tr.paths) {
				t.Errorf("not sorted, or twice: %q", tr.paths)
			}
			for _, p := range tr.paths {
				// Names are bytes to git and to the file system, not UTF-8.
				if !fs.ValidPath(strings.ToValidUTF8(p, "?")) || ours(p) {
					t.Errorf("bad path %q", p)
				}
			}
		}
	})
}
