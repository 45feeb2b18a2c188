package worktree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/store"
)

func TestEntries(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root,
		"a.csv", "a", "b.py", "b", "data/x.csv", "x", "data/deep/y.csv", "y", "data/deep/z.py", "z",
		"data-2/w.csv", "w", "exp-1/log", "1", "exp-2/log", "2", ".github/ci.yml", "ci",
		".git/config", "never", ".mlops/index", "never", "sub/.git/HEAD", "never", "hidden/.env", "e",
		"a[1].txt", "odd", "with space.txt", "s", "späß.txt", "u", "line\nbreak.txt", "n", "empty/", "", "kept/s", "store")
	tree := open(t, root, Options{Skip: []string{"kept"}})
	for _, c := range []struct{ patterns, want string }{
		{"a.csv", "a.csv"},
		{"./a.csv", "a.csv"},
		{"data", "data/deep/y.csv data/deep/z.py data/x.csv"},
		{"data/", "data/deep/y.csv data/deep/z.py data/x.csv"},
		{"data/*", "data/x.csv"},
		{"data/*/", "data/deep/y.csv data/deep/z.py"},
		{"*.csv", "a.csv"},
		{"**/*.csv", "a.csv data-2/w.csv data/deep/y.csv data/x.csv"},
		{"data/**/*.csv", "data/deep/y.csv data/x.csv"},
		{"data/**", "data/deep/y.csv data/deep/z.py data/x.csv"},
		{"exp-*/", "exp-1/log exp-2/log"},
		{"exp-?/log", "exp-1/log exp-2/log"},
		{"exp-[2-9]/log", "exp-2/log"},
		{"{data/deep,exp-1}/*", "data/deep/y.csv data/deep/z.py exp-1/log"},
		{"data*/{x,w}.csv", "data-2/w.csv data/x.csv"},
		{"a.csv|data/x.csv|a.csv|data/*.csv", "a.csv data/x.csv"},
		{"b.py|**/*.py", "b.py data/deep/z.py"},
		{"a[1].txt", "a[1].txt"},
		{`a\[1\].txt`, "a[1].txt"},
		{"with space.txt|späß.txt", "späß.txt with space.txt"},
		{"line*", "line\nbreak.txt"},
		{"hidden", "hidden/.env"},
		{".", ".github/ci.yml a.csv a[1].txt b.py data-2/w.csv data/deep/y.csv data/deep/z.py data/x.csv exp-1/log exp-2/log " +
			"hidden/.env line\nbreak.txt späß.txt with space.txt"},
	} {
		patterns := strings.Split(c.patterns, "|")
		es := entries(t, tree, patterns...)
		got, want := strings.Split(paths(es), " "), strings.Split(c.want, " ")
		slices.Sort(want)
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", c.patterns, got, want)
		}
		if !slices.IsSortedFunc(es, func(a, b store.Entry) int { return strings.Compare(a.Path, b.Path) }) {
			t.Errorf("%q: not sorted: %q", c.patterns, paths(es))
		}
		matchAgrees(t, root, patterns, es)
	}
}

// matchAgrees holds Match to what Entries found, on every file below root.
func matchAgrees(t *testing.T, root string, patterns []string, es []store.Entry) {
	t.Helper()
	check(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, p)
		rel = filepath.ToSlash(rel)
		if err != nil || d.IsDir() || strings.HasPrefix(rel, "kept/") {
			return err
		}
		listed := slices.ContainsFunc(es, func(e store.Entry) bool { return e.Path == rel })
		if Match(patterns, rel) != listed {
			t.Errorf("Match(%q, %q) is %v, Entries says %v", patterns, rel, !listed, listed)
		}
		return nil
	}))
}

func TestEntriesTellContent(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "f", "hello", "run.sh", "#!/bin/sh\n", "link", "->f", "zero", "", "d/big", strings.Repeat("0123456789abcdef", 20_000))
	check(t, os.Chmod(filepath.Join(root, "run.sh"), 0o750))
	check(t, os.Chmod(filepath.Join(root, "f"), 0o600))
	big := strings.Repeat("0123456789abcdef", 20_000)
	want := []store.Entry{
		{Path: "d/big", Mode: 0o644, Size: int64(len(big)), Digest: store.Sum([]byte(big))},
		{Path: "f", Mode: 0o644, Size: 5, Digest: store.Sum([]byte("hello"))},
		{Path: "link", Mode: fs.ModeSymlink, Digest: store.Sum([]byte("f")), Link: "f"},
		{Path: "run.sh", Mode: 0o755, Size: 10, Digest: store.Sum([]byte("#!/bin/sh\n"))},
		{Path: "zero", Mode: 0o644, Digest: store.Sum(nil)},
	}
	tree := open(t, root, Options{})
	if diff := cmp.Diff(want, entries(t, tree, ".")); diff != "" {
		t.Error(diff)
	}
	for _, w := range want {
		e, err := tree.Entry(context.Background(), w.Path)
		check(t, err)
		if diff := cmp.Diff(w, e); diff != "" {
			t.Error(diff)
		}
	}
}

func TestEntriesSkip(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "a", "", "b", "", "d/c", "")
	es, err := open(t, root, Options{}).Entries(context.Background(), []string{".", "a"}, func(p string) bool { return p == "a" || p == "d/c" })
	check(t, err)
	if paths(es) != "b" {
		t.Errorf("got %q", paths(es))
	}
}

func TestEntriesMissing(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "data/train.csv", "", "data/test.csv", "", "params.yaml", "", "empty/", "", "file", "", "real/x.csv", "", "alias", "->real")
	tree := open(t, root, Options{})
	for _, c := range []struct{ pattern, near string }{
		{"data/trian.csv", "data/train.csv"},
		{"dta/train.csv", "data/train.csv"},
		{"parms.yaml", "params.yaml"},
		{"PARAMS.yaml", "params.yaml"},
		{"alias/x.csv", "real/x.csv"},
		{"nothing-like-it.bin", ""},
		{"**/*.parquet", ""},
		{"empty", ""},
		{"file/", "file"},
		{".mlops/index", ""},
	} {
		_, err := tree.Entries(context.Background(), []string{"data", c.pattern}, nil)
		var missing *MissingError
		if !errors.As(err, &missing) || missing.Pattern != c.pattern || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: got %v", c.pattern, err)
			continue
		}
		if got := strings.Join(append(missing.Near, "")[:1], ""); got != c.near {
			t.Errorf("%q: near %q, want %q", c.pattern, missing.Near, c.near)
		}
	}
	_, err := tree.Entries(context.Background(), []string{"one", "two", "[bad"}, nil)
	if err == nil || !strings.Contains(err.Error(), "[bad") {
		t.Errorf("bad pattern: got %v", err)
	}
	_, err = tree.Entries(context.Background(), []string{"one", "two"}, nil)
	if err == nil || strings.Count(err.Error(), "matches no file") != 2 {
		t.Errorf("not all problems are told: %v", err)
	}
}

func TestProblemsAreToldBeforeFilesAreRead(t *testing.T) {
	t.Parallel()
	root, c := t.TempDir(), new(store.Counters)
	write(t, root, "d/large", "1", "d/link", "->/etc/passwd")
	_, err := open(t, root, Options{Counters: c}).Entries(context.Background(), []string{"d", "typo"}, nil)
	var missing *MissingError
	var out *OutsideError
	if !errors.As(err, &missing) || !errors.As(err, &out) || c.FilesHashed.Load() != 0 {
		t.Errorf("%v, %d files read", err, c.FilesHashed.Load())
	}
}

func TestEntriesOutside(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "in/up", "->../in/file", "in/file", "x", "abs", "->/etc/passwd", "d/out", "->../../elsewhere", "far", "->../..")
	tree := open(t, root, Options{})
	if got := entries(t, tree, "in"); len(got) != 2 || got[1].Link != "../in/file" {
		t.Errorf("link inside: got %+v", got)
	}
	for _, c := range []struct{ pattern, path, target string }{
		{"abs", "abs", "/etc/passwd"},
		{"d", "d/out", "../../elsewhere"},
		{"d/*", "d/out", "../../elsewhere"},
		{"far/data.csv", "far", "../.."},
		{"../x", "../x", ""},
		{"/etc/passwd", "/etc/passwd", ""},
	} {
		_, err := tree.Entries(context.Background(), []string{c.pattern}, nil)
		var out *OutsideError
		if !errors.As(err, &out) || *out != (OutsideError{c.pattern, c.path, c.target}) {
			t.Errorf("%q: got %v", c.pattern, err)
		}
	}
}

func TestHashFiles(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "go.sum", "a", "sub/go.sum", "b", "sub/link", "->../go.sum", "out", "->/etc/passwd")
	tree := open(t, root, Options{})
	a, b := store.Sum([]byte("a")), store.Sum([]byte("b"))
	for _, c := range []struct{ patterns, want string }{
		{"**/go.sum", store.Sum(append(a[:], b[:]...)).Hex()},
		{"**/go.sum|!sub/**", store.Sum(a[:]).Hex()},
		{"sub/link", store.Sum(a[:]).Hex()},
		{"out|go.sum", store.Sum(a[:]).Hex()},
		{"nothing*", ""},
	} {
		got, err := tree.HashFiles(strings.Split(c.patterns, "|")...)
		if err != nil || got != c.want {
			t.Errorf("%q: got %q, %v; want %q", c.patterns, got, err, c.want)
		}
	}
}
