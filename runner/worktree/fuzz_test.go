package worktree

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/store"
)

// FuzzTable holds the decoder to its promise: what it accepts, the accessors
// read without a check, and what its rows encode to reads the same.
func FuzzTable(f *testing.F) {
	rows := []row{
		{"", "a", state{stat: stat{1, 2, 3, 4, 5, typeFile | 0o644}, Digest: store.Sum(nil)}},
		{"d", "b", state{Flags: flagAbsent}},
		{"d", "c", state{Flags: flagRacy}},
		{"d/e", "f", state{}},
	}
	f.Add(encodeTable(store.Sum([]byte("key")), rows, []byte("payload")))
	f.Add(encodeTable(store.Digest{}, nil, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > headerSize { // damage deeper than the checksum is what is of interest
			b = bytes.Clone(b)
			sum := checksum(b)
			b[12], b[13], b[14], b[15] = byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)
		}
		tab, err := decodeTable(b)
		if err != nil {
			return
		}
		got := tab.rows()
		for i, r := range got {
			first, n := tab.findDir(r.dir)
			if k := tab.findName(first, first+n, r.name); k < first || k > first+n {
				t.Errorf("row %d found at %d, outside of [%d,%d]", i, k, first, first+n)
			}
			if name := tab.name(i); name[len(name)-1] != 0 {
				t.Errorf("row %d: name %q without a NUL", i, name)
			}
		}
		again, err := decodeTable(encodeTable(tab.key, got, tab.payload))
		if err != nil || again.key != tab.key || !bytes.Equal(again.payload, tab.payload) || !slices.Equal(again.rows(), got) {
			t.Errorf("not the same after a round trip: %v", err)
		}
	})
}

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
