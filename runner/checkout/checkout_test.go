package checkout

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A repo is a repository that a test makes with plain git.
type repo struct {
	t   testing.TB
	dir string
}

func newRepo(t testing.TB) *repo {
	t.Helper()
	r := &repo{t, filepath.Join(t.TempDir(), "repo")}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "-q", "-b", "main")
	r.git("config", "uploadpack.allowFilter", "true")
	return r
}

func (r *repo) git(args ...string) string {
	r.t.Helper()
	c := exec.Command("git", append([]string{"-c", "protocol.file.allow=always"}, args...)...)
	c.Dir = r.dir
	c.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(r.dir), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=a@example.org",
	}
	out, err := c.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r *repo) write(name, text string) {
	r.t.Helper()
	p := filepath.Join(r.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(text), 0o755)); err != nil {
		r.t.Fatal(err)
	}
}

// commit commits everything and returns the id.
func (r *repo) commit(message string) string {
	r.t.Helper()
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", message)
	return r.git("rev-parse", "HEAD")
}

// history makes n commits and returns their ids.
func (r *repo) history(n int) []string {
	r.t.Helper()
	var ids []string
	for i := range n {
		ids = append(ids, r.commit(fmt.Sprint("commit ", i)))
	}
	return ids
}

// bring checks out into a fresh folder.
func bring(t *testing.T, address, ref string, o Options) (Result, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new")
	r, err := Checkout(t.Context(), address, ref, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return r, dir
}

// files lists a folder with what its files hold, .git apart.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && d.Name() == ".git" {
				return fs.SkipDir
			}
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		if d.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(p)
			got[rel] = "-> " + target
			return err
		}
		text, err := os.ReadFile(p)
		got[rel] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCheckout(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "1\n")
	first := r.commit("first")
	r.git("tag", "-a", "-m", "v1", "v1")
	r.write("a", "2\n")
	r.write("d/b", "b\n")
	if err := os.Symlink("../a", filepath.Join(r.dir, "d/link")); err != nil {
		t.Fatal(err)
	}
	second := r.commit("second")
	r.git("branch", "feature/x")
	bare := filepath.Join(t.TempDir(), "bare.git")
	r.git("clone", "-q", "--bare", ".", bare)
	old := map[string]string{"a": "1\n"}
	now := map[string]string{"a": "2\n", "d/b": "b\n", "d/link": "-> ../a"}
	for _, tt := range []struct {
		name, address, ref, commit string
		opts                       Options
		want                       map[string]string
	}{
		{"a branch", r.dir, "feature/x", second, Options{}, now},
		{"HEAD", r.dir, "HEAD", second, Options{}, now},
		{"an annotated tag", r.dir, "v1", first, Options{}, old},
		{"a commit", r.dir, first, first, Options{}, old},
		{"the .git folder", filepath.Join(r.dir, ".git"), "main", second, Options{}, now},
		{"bare", bare, "main", second, Options{}, now},
		{"an address", "file://" + bare, "main", second, Options{}, now},
		{"shallow", r.dir, "main", second, Options{Depth: 1}, now},
		{"blobless", r.dir, "main", second, Options{Filter: "blob:none"}, now},
		{"treeless", r.dir, "main", second, Options{Filter: "tree:0"}, now},
		{"treeless and shallow", r.dir, first, first, Options{Filter: "tree:0", Depth: 1}, old},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, dir := bring(t, tt.address, tt.ref, tt.opts)
			if got.Commit != tt.commit || got.Files != len(tt.want) {
				t.Errorf("%+v", got)
			}
			if d := cmp.Diff(tt.want, files(t, dir)); d != "" {
				t.Error(d)
			}
			in := repo{t, dir}
			if s := in.git("status", "--porcelain"); s != "" {
				t.Errorf("status: %s", s)
			}
			if n := in.git("rev-list", "--count", "HEAD"); tt.opts.Depth == 1 && n != "1" {
				t.Errorf("%s commits", n)
			}
		})
	}
}

// TestNothingRuns arms a repository with everything by which git starts
// programs, and shows that none of them does.
func TestNothingRuns(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{}, {Depth: 1}, {Filter: "blob:none"}, {Filter: "tree:0"}, {Submodules: true}} {
		r := newRepo(t)
		marker := filepath.Join(t.TempDir(), "ran")
		trap := filepath.Join(t.TempDir(), "trap")
		if err := os.WriteFile(trap, []byte("#!/bin/sh\necho \"$0 $*\" >>"+marker+"\ncat\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		arm(r, trap)
		got, dir := bring(t, r.dir, "main", o)
		if want := "content\n"; files(t, dir)["a.evil"] != want {
			t.Errorf("%+v: a.evil holds %q", o, files(t, dir)["a.evil"])
		}
		repo, err := Open(t.Context(), r.dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer repo.Close()
		if _, err := repo.MergeBase(t.Context(), "main~1", "main"); err != nil {
			t.Error(err)
		}
		if _, err := repo.File(t.Context(), got.Commit, "a.evil"); err != nil {
			t.Error(err)
		}
		if text, err := os.ReadFile(marker); err == nil {
			t.Errorf("%+v: ran: %s", o, text)
		}
		// The trap works: the repository's own git walks into it.
		careless(r)
		if _, err := os.Stat(marker); err != nil {
			t.Error("the trap does not work, so that this test shows nothing")
		}
	}
}

// careless runs git as somebody who trusts the repository.
func careless(r *repo) {
	c := exec.Command("git", "checkout", "-q", "-f", "HEAD~1")
	c.Dir = r.dir
	_ = c.Run()
}

// arm sets the traps.
func arm(r *repo, trap string) {
	r.t.Helper()
	r.write("a", "a\n")
	r.commit("first")
	r.write("a.evil", "content\n")
	r.write(".gitattributes", "*.evil filter=evil diff=evil merge=evil ident\n* filter=other\n")
	r.write(".gitconfig", "[core]\n\tfsmonitor = "+trap+"\n")
	r.write(".lfsconfig", "[lfs]\n\turl = ext::"+trap+"\n")
	r.commit("second")
	for _, hook := range []string{"post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc", "post-rewrite", "fsmonitor-watchman", "pre-commit", "upload-pack"} {
		hooks := filepath.Join(r.dir, ".git", "hooks")
		text, err := os.ReadFile(trap)
		if err = errors.Join(err, os.MkdirAll(hooks, 0o755), os.WriteFile(filepath.Join(hooks, hook), text, 0o755)); err != nil {
			r.t.Fatal(err)
		}
	}
	included := filepath.Join(filepath.Dir(trap), "included")
	if err := os.WriteFile(included, []byte("[core]\n\tfsmonitor = "+trap+"\n\tpager = "+trap+"\n"), 0o644); err != nil {
		r.t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(r.dir, ".git", "config"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	fmt.Fprintf(f, `
[filter "evil"]
	smudge = %[1]s
	clean = %[1]s
	process = %[1]s
	required = true
[filter "other"]
	smudge = %[1]s
[diff]
	external = %[1]s
[diff "evil"]
	textconv = %[1]s
	command = %[1]s
[merge "evil"]
	driver = %[1]s
[core]
	fsmonitor = %[1]s
	sshCommand = %[1]s
	gitProxy = %[1]s
	askPass = %[1]s
	pager = %[1]s
	editor = %[1]s
	alternateRefsCommand = %[1]s
	hooksPath = %[2]s
	repositoryformatversion = 1
[credential]
	helper = %[1]s
[gpg]
	program = %[1]s
[uploadpack]
	packObjectsHook = %[1]s
[include]
	path = %[3]s
[remote "origin"]
	url = ext::%[1]s
	promisor = true
	uploadpack = %[1]s
[extensions]
	partialClone = origin
[alias]
	ls-tree = !%[1]s
`, trap, filepath.Join(r.dir, ".git", "hooks"), included)
}

// TestMissingObjectsRunNothing shows that a source that lacks objects does not
// get to fetch them in its own way.
func TestMissingObjectsRunNothing(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	marker := filepath.Join(t.TempDir(), "ran")
	trap := filepath.Join(t.TempDir(), "trap")
	if err := os.WriteFile(trap, []byte("#!/bin/sh\necho \"$*\" >>"+marker+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	arm(r, trap)
	object := r.git("-c", "core.fsmonitor=", "rev-parse", "HEAD:a.evil")
	if err := os.Remove(filepath.Join(r.dir, ".git/objects", object[:2], object[2:])); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(marker)
	if _, err := Checkout(t.Context(), r.dir, "main", filepath.Join(t.TempDir(), "new"), Options{}); err == nil {
		t.Error("a commit that lacks a file was brought")
	}
	open, err := Open(t.Context(), r.dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	id, _ := open.Commit(t.Context(), "main")
	if _, err := open.File(t.Context(), id, "a.evil"); err == nil {
		t.Error("a file that is not there was read")
	}
	if text, err := os.ReadFile(marker); err == nil {
		t.Errorf("ran: %s", text)
	}
}

func TestLinksThatLeave(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, path, target, says string }{
		{"absolute", "l", "/etc/passwd", "outside the repository"},
		{"up", "l", "../x", "outside the repository"},
		{"up from a folder", "d/l", "../../x", "outside the repository"},
		{"the folder above", "d/l", "../..", "outside the repository"},
		{"by way of a name", "d/l", "x/../../..", "outside the repository"},
		{"into .git", "d/l", "../.git/hooks", "inside .git"},
		{"into .GIT", "l", ".GIT/config", "inside .git"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			p := filepath.Join(r.dir, tt.path)
			if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.Symlink(tt.target, p)); err != nil {
				t.Fatal(err)
			}
			r.commit("link")
			dir := filepath.Join(t.TempDir(), "new")
			_, err := Checkout(t.Context(), r.dir, "main", dir, Options{})
			var known *Error
			if err == nil || !strings.Contains(err.Error(), tt.says) || !errors.As(err, &known) || known.Fix == "" {
				t.Errorf("error %v", err)
			}
			if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s is left: %v", dir, err)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "a")
	r.commit("one")
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(t.TempDir(), "new")
	for _, tt := range []struct{ name, address, ref, dir, says string }{
		{"an option as address", "--upload-pack=touch x", "main", fresh, "starts with -"},
		{"an option as ref", r.dir, "--upload-pack=touch x", fresh, "starts with -"},
		{"a refspec", r.dir, "main:refs/heads/other", fresh, "holds a character"},
		{"a forced refspec", r.dir, "+main", fresh, "holds a character"},
		{"short", r.dir, "abcdef123", fresh, "looks like the beginning of a commit id"},
		{"not there", r.dir, "nowhere", fresh, "the repository has no nowhere"},
		{"a missing commit", r.dir, strings.Repeat("a", 40), fresh, "the repository has no aaaa"},
		{"ext", "ext::sh -c id", "main", fresh, "is for a transport program"},
		{"ssh", "ssh://host/x", "main", fresh, "ssh:// is not allowed"},
		{"scp", "git@host:x.git", "main", fresh, "is neither a folder nor an https address"},
		{"http", "http://host/x", "main", fresh, "http:// is not allowed"},
		{"file on a host", "file://host/x", "main", fresh, "names another machine"},
		{"no repository", full, "main", fresh, "there is no git repository"},
		{"nothing", filepath.Join(full, "none"), "main", fresh, "no such file"},
		{"a full folder", r.dir, "main", full, "is not empty"},
		{"a control character", "https://h/\n", "main", fresh, "control character"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Checkout(t.Context(), tt.address, tt.ref, tt.dir, Options{})
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v", err)
			}
			if _, err := os.Lstat(fresh); err == nil {
				t.Errorf("%s is left", fresh)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(full, "x")); err != nil {
		t.Error(err)
	}
}

// TestBomb shows that a tree of trees that unfolds to 10^8 files ends early.
func TestBomb(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	blob := r.git("hash-object", "-w", "-t", "blob", "/dev/null")
	mode, kind, object := "100644", "blob", blob
	for range 8 {
		var in bytes.Buffer
		for i := range 10 {
			fmt.Fprintf(&in, "%s %s %s\tf%d\n", mode, kind, object, i)
		}
		c := exec.Command("git", "mktree")
		c.Dir, c.Stdin = r.dir, &in
		out, err := c.Output()
		if err != nil {
			t.Fatal(err)
		}
		mode, kind, object = "040000", "tree", strings.TrimSpace(string(out))
	}
	r.git("update-ref", "refs/heads/bomb", r.git("commit-tree", "-m", "bomb", object))
	_, err := Checkout(t.Context(), r.dir, "bomb", filepath.Join(t.TempDir(), "new"), Options{MaxFiles: 10_000})
	if err == nil || !strings.Contains(err.Error(), "more than 10000 files") {
		t.Errorf("error %v", err)
	}
}

func TestSplit(t *testing.T) {
	for text, want := range map[string][2]string{
		"repo":                              {"repo", "HEAD"},
		"repo@main":                         {"repo", "main"},
		"../a@b/repo@feature/x":             {"../a@b/repo", "feature/x"},
		"https://host/x.git":                {"https://host/x.git", "HEAD"},
		"https://token@host/x.git":          {"https://token@host/x.git", "HEAD"},
		"https://token@host/x.git@v1":       {"https://token@host/x.git", "v1"},
		"https://u:p@host/x@refs/pull/1/m":  {"https://u:p@host/x", "refs/pull/1/m"},
		"file:///srv/x.git@0123456789abcde": {"file:///srv/x.git", "0123456789abcde"},
	} {
		if repo, ref := Split(text); repo != want[0] || ref != want[1] {
			t.Errorf("Split(%q) = %q, %q", text, repo, ref)
		}
	}
}

// TestSecretsAreNotShown shows that a token of an address is neither in an
// error nor in the folder that jobs read.
func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	_, err := Checkout(t.Context(), "https://user:s3cret@127.0.0.1:1/x.git", "main", filepath.Join(t.TempDir(), "new"), Options{})
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("error %v", err)
	}
	if got := redactUser("https://user:s3cret@host/x.git"); got != "https://host/x.git" {
		t.Error(got)
	}
}

func TestPointersAreLeft(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	pointer := pointerStart + "oid sha256:" + strings.Repeat("a", 64) + "\nsize 12\n"
	r.write("data/big.bin", pointer)
	r.write("small", "text")
	r.commit("pointer")
	got, dir := bring(t, r.dir, "main", Options{})
	if !slices.Equal(got.Pointers, []string{"data/big.bin"}) || files(t, dir)["data/big.bin"] != pointer {
		t.Errorf("%+v", got)
	}
}

// TestLFS brings a file by the real git-lfs, and by no address but the source's.
func TestLFS(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git-lfs"); err != nil {
		if os.Getenv("MLOPS_NEED_LFS") == "1" {
			t.Fatal(err)
		}
		t.Skip("no git-lfs: apt-get install git-lfs")
	}
	r := newRepo(t)
	r.git("lfs", "install", "--local")
	r.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
	r.write(".lfsconfig", "[lfs]\n\turl = https://127.0.0.1:1/elsewhere\n")
	r.write("a.bin", "real content\n")
	r.commit("lfs")
	if got, dir := bring(t, r.dir, "main", Options{}); len(got.Pointers) != 1 || !strings.HasPrefix(files(t, dir)["a.bin"], pointerStart) {
		t.Errorf("%+v", got)
	}
	got, dir := bring(t, r.dir, "main", Options{LFS: true})
	if text := files(t, dir)["a.bin"]; text != "real content\n" || len(got.Pointers) > 0 {
		t.Errorf("a.bin holds %q; %+v", text, got)
	}
	if s := (&repo{t, dir}).git("status", "--porcelain"); s != "" {
		t.Errorf("status: %s", s)
	}
}

func TestLFSHasToBeThere(t *testing.T) {
	t.Parallel()
	path := t.TempDir() // without git-lfs
	_, err := Checkout(t.Context(), ".", "main", filepath.Join(t.TempDir(), "new"), Options{LFS: true, Getenv: func(name string) string {
		if name == "PATH" {
			return path
		}
		return ""
	}})
	var known *Error
	if !errors.As(err, &known) || !strings.Contains(err.Error(), "git-lfs is not in PATH") || !strings.Contains(known.Fix, "install git-lfs") {
		t.Errorf("error %v", err)
	}
}
