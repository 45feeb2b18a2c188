package worktree

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// sampleRepository has names that an index stores in unusual ways.
func sampleRepository(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	runGit(t, root, "init", "-q")
	long := strings.Repeat("long/", 30) + strings.Repeat("n", 200)
	write(t, root, "a", "1", "sub/b", "2", "sub/deep/c", "3", "sub-2/d", "4", "späß", "5", "with space", "6", "link", "->a",
		"sub.txt", "7", long, "8", "gone", "0", ".hidden/e", "1", "untracked", "2")
	runGit(t, root, "add", ".")
	runGit(t, root, "rm", "-q", "--cached", "untracked")
	return root
}

// lsFiles is what git itself says.
func lsFiles(t testing.TB, dir string) []string {
	t.Helper()
	out := strings.Split(strings.TrimSuffix(runGit(t, dir, "ls-files", "-z"), "\x00"), "\x00")
	slices.Sort(out)
	return out
}

func trackedPaths(t testing.TB, root string) []string {
	t.Helper()
	tr, err := open(t, root, Options{}).readTracked(context.Background())
	check(t, err)
	return tr.paths
}

func TestTrackedAgreesWithGit(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2", "3", "4"} {
		root := sampleRepository(t)
		// A name too long for its field, which no file system could hold.
		blob := strings.TrimSpace(runGit(t, root, "hash-object", "a"))
		runGit(t, root, "update-index", "--add", "--cacheinfo", "100644,"+blob+","+strings.Repeat("very/", 900)+"long")
		if version == "3" { // git writes 3 only when an entry needs it
			write(t, root, "intended", "")
			runGit(t, root, "add", "--intent-to-add", "intended")
			runGit(t, root, "update-index", "--skip-worktree", "sub/b")
		} else {
			runGit(t, root, "update-index", "--index-version", version)
		}
		b, err := os.ReadFile(filepath.Join(root, ".git/index"))
		check(t, err)
		if b[7] != version[0]-'0' {
			t.Fatalf("git wrote version %d, want %s", b[7], version)
		}
		if _, err := parseGitIndex(b, 20, ""); err != nil {
			t.Errorf("version %s: %v", version, err)
		}
		for _, dir := range []string{"", "sub", "sub/deep", "sub-2"} {
			if diff := cmp.Diff(lsFiles(t, filepath.Join(root, dir)), trackedPaths(t, filepath.Join(root, dir))); diff != "" {
				t.Errorf("version %s in %q: %s", version, dir, diff)
			}
		}
	}
}

func TestTrackedInUnusualRepositories(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(root string) string{
		"split index": func(r string) string { runGit(t, r, "update-index", "--split-index"); return r },
		"sparse index": func(r string) string {
			runGit(t, r, "commit", "-qm", "all")
			runGit(t, r, "sparse-checkout", "set", "--cone", "--sparse-index", "sub")
			return r
		},
		"linked working tree": func(r string) string {
			runGit(t, r, "commit", "-qm", "all")
			other := filepath.Join(t.TempDir(), "other")
			runGit(t, r, "worktree", "add", "-q", other)
			return other
		},
		"submodule": func(r string) string {
			runGit(t, r, "commit", "-qm", "all")
			outer := t.TempDir()
			runGit(t, outer, "init", "-q")
			runGit(t, outer, "submodule", "--quiet", "add", r, "inner")
			if got := trackedPaths(t, outer); !slices.Equal(got, []string{".gitmodules"}) {
				t.Errorf("a submodule's files are its own: %q", got)
			}
			src := open(t, outer, Options{}).Source(context.Background())
			if want := strings.TrimSpace(runGit(t, r, "rev-parse", "HEAD")); src.Submodules["inner"] != want {
				t.Errorf("submodules %v, want %s", src.Submodules, want)
			}
			return filepath.Join(outer, "inner")
		},
		"conflict": func(r string) string {
			runGit(t, r, "commit", "-qm", "all")
			runGit(t, r, "switch", "-qc", "side")
			write(t, r, "a", "side")
			runGit(t, r, "commit", "-qam", "side")
			runGit(t, r, "switch", "-q", "main")
			write(t, r, "a", "main")
			runGit(t, r, "commit", "-qam", "main")
			runGit(t, r, "read-tree", "-m", "HEAD~1", "HEAD", "side")
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := prepare(sampleRepository(t))
			if diff := cmp.Diff(slices.Compact(lsFiles(t, root)), trackedPaths(t, root)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTrackedWithSHA256(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	runGit(t, root, "init", "-q", "--object-format=sha256")
	write(t, root, "a", "1", "d/b", "2")
	runGit(t, root, "add", ".")
	if got := trackedPaths(t, root); !slices.Equal(got, []string{"a", "d/b"}) {
		t.Errorf("got %q", got)
	}
}

func TestTrackedEntries(t *testing.T) {
	t.Parallel()
	root, ctx := sampleRepository(t), context.Background()
	check(t, os.Remove(filepath.Join(root, "gone")))
	write(t, root, "a", "edited")
	es, err := open(t, filepath.Join(root, "sub"), Options{}).TrackedEntries(ctx, nil)
	check(t, err)
	if paths(es) != "b deep/c" {
		t.Errorf("sub: %s", paths(es))
	}
	es, err = open(t, root, Options{Skip: []string{"sub"}}).TrackedEntries(ctx, func(p string) bool { return len(p) > 20 })
	check(t, err)
	if paths(es) != ".hidden/e a link späß sub-2/d sub.txt with space" || es[1].Digest != store.Sum([]byte("edited")) {
		t.Errorf("root: %s", paths(es))
	}
	bare := t.TempDir()
	write(t, bare, "x", "1", "d/y", "2", ".mlops/index", "")
	es, err = open(t, bare, Options{}).TrackedEntries(ctx, nil)
	check(t, err)
	if paths(es) != "d/y x" {
		t.Errorf("without git: %s", paths(es))
	}
}

func TestTrackedNoticesAdd(t *testing.T) {
	t.Parallel()
	root := sampleRepository(t)
	tree := open(t, root, Options{})
	before, err := tree.TrackedEntries(context.Background(), nil)
	check(t, err)
	runGit(t, root, "add", "untracked")
	after, err := tree.TrackedEntries(context.Background(), nil)
	check(t, err)
	if len(after) != len(before)+1 {
		t.Errorf("%d files, then %d", len(before), len(after))
	}
}

func TestDamagedGitIndexIsAnError(t *testing.T) {
	t.Parallel()
	root := sampleRepository(t)
	check(t, os.WriteFile(filepath.Join(root, ".git/index"), []byte("DIRC nonsense"), 0o644))
	_, err := open(t, root, Options{}).TrackedEntries(context.Background(), nil)
	if !errors.Is(err, errGitIndex) || !strings.Contains(err.Error(), "git ls-files") {
		t.Errorf("got %v", err)
	}
}

func TestSource(t *testing.T) {
	t.Parallel()
	root, ctx := sampleRepository(t), context.Background()
	tree := open(t, filepath.Join(root, "sub"), Options{})
	unborn := tree.Source(ctx)
	if unborn.Branch != "main" || unborn.Commit != "" || !unborn.Dirty || unborn.Untracked != 1 || unborn.PatchDigest.IsZero() {
		t.Errorf("before the first commit: %+v", unborn)
	}
	runGit(t, root, "commit", "-qm", "Say hello\n\nand more", "--date=2026-01-02T03:04:05Z")
	runGit(t, root, "remote", "add", "upstream", "https://example.com/other")
	runGit(t, root, "remote", "add", "origin", "https://ada:secret@example.com/team/repo.git")
	info := strings.Fields(runGit(t, root, "log", "-1", "--format=%H %T %ct"))
	clean := tree.Source(ctx)
	want := record.Source{
		Repository: "https://example.com/team/repo.git", Commit: info[0], Tree: info[1], Ref: "refs/heads/main", Branch: "main",
		Author: "Ada <ada@example.com>", Subject: "Say hello", Committed: clean.Committed, Untracked: 1, Directory: "sub",
	}
	if diff := cmp.Diff(want, clean); diff != "" {
		t.Error(diff)
	}
	if got := clean.Committed; got.IsZero() || got.Location() != time.UTC {
		t.Errorf("committed %v", got)
	}
	runGit(t, root, "pack-refs", "--all")
	if diff := cmp.Diff(want, tree.Source(ctx)); diff != "" {
		t.Errorf("packed refs: %s", diff)
	}
	runGit(t, root, "checkout", "-q", "--detach")
	if got := tree.Source(ctx); got.Commit != want.Commit || got.Ref != "" || got.Branch != "" {
		t.Errorf("detached: %+v", got)
	}
}

func TestSourceDirty(t *testing.T) {
	t.Parallel()
	root, ctx := sampleRepository(t), context.Background()
	runGit(t, root, "commit", "-qm", "all")
	tree := open(t, root, Options{})
	index, err := os.ReadFile(filepath.Join(root, ".git/index"))
	check(t, err)
	write(t, root, "a", "edited\x00binary")
	check(t, os.Remove(filepath.Join(root, "gone")))
	dirty := tree.Source(ctx)
	patch, err := tree.Patch(ctx)
	check(t, err)
	if !dirty.Dirty || dirty.PatchDigest != store.Sum(patch) || len(patch) == 0 {
		t.Errorf("dirty: %+v", dirty)
	}
	for _, c := range []string{"diff.noprefix=true", "diff.context=9", "color.diff=always", "core.quotePath=false"} {
		name, value, _ := strings.Cut(c, "=")
		runGit(t, root, "config", name, value)
	}
	if again := tree.Source(ctx); again.PatchDigest != dirty.PatchDigest {
		t.Error("the patch depends on the user's configuration")
	}
	if now, _ := os.ReadFile(filepath.Join(root, ".git/index")); string(now) != string(index) {
		t.Error("git's index was written")
	}
	other := t.TempDir()
	runGit(t, other, "clone", "-q", root, ".")
	check(t, os.WriteFile(filepath.Join(other, ".git/patch"), patch, 0o644))
	runGit(t, other, "apply", ".git/patch")
	if b, _ := os.ReadFile(filepath.Join(other, "a")); string(b) != "edited\x00binary" {
		t.Errorf("the patch makes %q", b)
	}
	if got := open(t, other, Options{}).Source(ctx); got.PatchDigest != dirty.PatchDigest {
		t.Error("equal states have different patches")
	}
	write(t, root, "a", "other")
	if again := tree.Source(ctx); again.PatchDigest == dirty.PatchDigest {
		t.Error("another edit, the same digest")
	}
}

func TestSourceWithoutGit(t *testing.T) {
	root, ctx := sampleRepository(t), context.Background()
	runGit(t, root, "commit", "-qm", "all")
	commit := strings.TrimSpace(runGit(t, root, "rev-parse", "HEAD"))
	t.Setenv("PATH", t.TempDir())
	want := record.Source{Commit: commit, Ref: "refs/heads/main", Branch: "main"}
	if diff := cmp.Diff(want, open(t, root, Options{}).Source(ctx)); diff != "" {
		t.Error(diff)
	}
	if got := open(t, t.TempDir(), Options{}).Source(ctx); cmp.Diff(record.Source{}, got) != "" {
		t.Errorf("outside a repository: %+v", got)
	}
	if es, err := open(t, root, Options{}).TrackedEntries(ctx, nil); err != nil || len(es) == 0 {
		t.Errorf("tracked files need no git: %v", err)
	}
}

func TestShallow(t *testing.T) {
	t.Parallel()
	root := sampleRepository(t)
	runGit(t, root, "commit", "-qm", "1")
	runGit(t, root, "commit", "-qm", "2", "--allow-empty")
	clone := filepath.Join(t.TempDir(), "c")
	runGit(t, root, "clone", "-q", "--depth=1", "file://"+root, clone)
	if !open(t, clone, Options{}).Source(context.Background()).Shallow || open(t, root, Options{}).Source(context.Background()).Shallow {
		t.Error("shallow is told wrong")
	}
}

func TestWithoutCredentials(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://u:p@h/r.git":    "https://h/r.git",
		"https://token@h/r":      "https://h/r",
		"ssh://git:pw@h:22/r":    "ssh://git@h:22/r",
		"git@h:team/r.git":       "git@h:team/r.git",
		"/srv/git/r.git":         "/srv/git/r.git",
		"https://u:p%zz@h/r.git": "",
	} {
		if got := withoutCredentials(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}
