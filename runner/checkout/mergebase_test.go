package checkout

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// forked makes main and a branch that left it: base is where.
func forked(t *testing.T, before, after int) (r *repo, base string) {
	t.Helper()
	r = newRepo(t)
	ids := r.history(before)
	base = ids[len(ids)-1]
	r.git("checkout", "-q", "-b", "feature")
	r.write("feature", "")
	r.history(after)
	r.git("checkout", "-q", "main")
	r.history(after)
	return r, base
}

func open(t *testing.T, dir string) *Repo {
	t.Helper()
	r, err := Open(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func TestMergeBase(t *testing.T) {
	t.Parallel()
	r, base := forked(t, 60, 45)
	for _, tt := range []struct {
		name string
		opts Options
	}{
		{"whole", Options{}},
		{"shallow", Options{Depth: 1}},
		{"treeless", Options{Filter: "tree:0"}},
		{"treeless and shallow", Options{Depth: 2, Filter: "tree:0"}},
		{"blobless and shallow", Options{Depth: 1, Filter: "blob:none"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, dir := bring(t, r.dir, "feature", tt.opts)
			in := repo{t, dir}
			args := []string{"fetch", "-q", "--no-tags", "origin", "main:refs/remotes/origin/main"}
			if tt.opts.Depth > 0 {
				args = append(args, "--depth=1")
			}
			in.git("config", "remote.origin.url", "file://"+r.dir)
			in.git(args...)
			got, err := open(t, dir).MergeBase(t.Context(), "origin/main", "HEAD")
			if err != nil || got != base {
				t.Errorf("%s, %v; want %s", got, err, base)
			}
			if n := in.git("rev-list", "--count", "--all"); tt.opts.Depth > 0 && n == "150" {
				t.Logf("all of the history was fetched")
			}
		})
	}
}

// TestMergeBaseBehindTheCut shows that a common ancestor that is found early is
// not believed while a better one may lie behind the cut.
func TestMergeBaseBehindTheCut(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	root := r.commit("root")
	r.git("checkout", "-q", "-b", "side")
	better := r.history(3)[2]
	// Both branches hold the side branch, and the root by a short way.
	for _, b := range []string{"main", "feature"} {
		r.git("checkout", "-q", "-B", b, root)
		// In the same second equal merges would be one commit, and the base.
		r.git("merge", "-q", "--no-ff", "-m", "merge into "+b, "side")
		r.history(1)
	}
	_, dir := bring(t, r.dir, "feature", Options{Depth: 3})
	in := repo{t, dir}
	in.git("config", "remote.origin.url", "file://"+r.dir)
	in.git("fetch", "-q", "--depth=3", "origin", "main:refs/remotes/origin/main")
	got, err := open(t, dir).MergeBase(t.Context(), "origin/main", "HEAD")
	if err != nil || got != better {
		t.Errorf("%s, %v; want %s", got, err, better)
	}
}

func TestNoMergeBase(t *testing.T) {
	t.Parallel()
	r, _ := forked(t, 2, 1)
	r.git("checkout", "-q", "--orphan", "other")
	r.commit("other")
	opened := open(t, r.dir)
	var known *Error
	if _, err := opened.MergeBase(t.Context(), "main", "other"); !errors.As(err, &known) || !strings.Contains(err.Error(), "no common ancestor") {
		t.Errorf("error %v", err)
	}
	if _, err := opened.MergeBase(t.Context(), "main", "--output=x"); !errors.As(err, &known) {
		t.Errorf("error %v", err)
	}
	_, dir := bring(t, r.dir, "feature", Options{Depth: 1})
	in := repo{t, dir}
	in.git("fetch", "-q", "--depth=1", "file://"+r.dir, "main:main2")
	if err := os.RemoveAll(r.dir); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, dir).MergeBase(t.Context(), "main2", "HEAD"); !errors.As(err, &known) || !strings.Contains(err.Error(), "the history is cut off") || known.Fix == "" {
		t.Errorf("error %v", err)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("d/mlops.yaml", "name: x\r\n")
	r.write(".gitattributes", "* text ident\n")
	if err := os.Symlink("/etc/passwd", r.dir+"/link"); err != nil {
		t.Fatal(err)
	}
	r.git("-c", "core.autocrlf=false", "add", "-A")
	id := r.commit("one")
	repo := open(t, r.dir+"/d")
	if text, err := repo.File(t.Context(), id, "d/mlops.yaml"); err != nil || !strings.HasPrefix(string(text), "name: x") {
		t.Errorf("%q, %v", text, err)
	}
	for _, name := range []string{"none", "d", "link", "../x", "-x", ":(glob)**"} {
		if _, err := repo.File(t.Context(), id, name); !errors.Is(err, ErrNotInCommit) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
