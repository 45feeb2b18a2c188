package checkout

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withModule adds a submodule by hand, as somebody with bad intentions would.
func withModule(t *testing.T, r *repo, path, gitmodules, commit string) {
	t.Helper()
	r.write(".gitmodules", gitmodules)
	r.git("add", "-A")
	r.git("update-index", "--add", "--cacheinfo", "160000,"+commit+","+path)
	r.git("commit", "-q", "-m", "submodule")
}

func TestSubmodules(t *testing.T) {
	t.Parallel()
	sub := newRepo(t)
	sub.write("lib", "lib\n")
	old := sub.commit("one")
	sub.write("lib", "newer\n")
	sub.commit("two")
	r := newRepo(t)
	r.write("a", "a\n")
	withModule(t, r, "vendor/lib", "[submodule \"lib\"]\n\tpath = vendor/lib\n\turl = "+sub.dir+"\n\tbranch = main\n", old)
	got, dir := bring(t, r.dir, "main", Options{})
	if d := cmp.Diff([]string{"vendor/lib"}, got.Left); d != "" {
		t.Error(d)
	}
	if _, ok := files(t, dir)["vendor/lib/lib"]; ok {
		t.Error("a submodule was brought that nobody asked for")
	}
	got, dir = bring(t, r.dir, "main", Options{Submodules: true})
	if d := cmp.Diff(map[string]string{"vendor/lib": old}, got.Submodules); d != "" {
		t.Error(d)
	}
	if text := files(t, dir)["vendor/lib/lib"]; text != "lib\n" {
		t.Errorf("lib holds %q", text)
	}
	if s := (&repo{t, dir}).git("status", "--porcelain"); s != "" {
		t.Errorf("status: %s", s)
	}
}

func TestRelativeSubmodule(t *testing.T) {
	t.Parallel()
	sub := newRepo(t)
	sub.write("lib", "lib\n")
	id := sub.commit("one")
	r := &repo{t, filepath.Join(filepath.Dir(sub.dir), "main")}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "-q", "-b", "main")
	withModule(t, r, "lib", "[submodule \"lib\"]\n\tpath = lib\n\turl = ../repo\n", id)
	_, dir := bring(t, r.dir, "main", Options{Submodules: true})
	if text := files(t, dir)["lib/lib"]; text != "lib\n" {
		t.Errorf("lib holds %q", text)
	}
}

func TestSubmoduleTricks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, url, says string }{
		{"an option", "-u./ran;touch ran", "starts with -"},
		{"upload-pack", "--upload-pack=touch ran", "starts with -"},
		{"ext", "ext::sh -c 'touch ran'", "is for a transport program"},
		{"ssh with an option", "ssh://-oProxyCommand=touch ran/x", "ssh:// is not allowed"},
		{"https with an option", "https://-oProxyCommand=x/x", "is no valid address"},
		{"a bare name", "repo", "no such file"},
		{"nothing", "", "has no address"},
		{"a command as update", "../repo\"\n\tupdate = \"!touch ran", "disallowed submodule update setting"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			module := "[submodule \"lib\"]\n\tpath = lib\n"
			if tt.url != "" {
				module += "\turl = \"" + tt.url + "\"\n"
			}
			// Git's own check of what it fetches refuses some of these before we do.
			withModule(t, r, "lib", module, strings.Repeat("a", 40))
			dir := filepath.Join(t.TempDir(), "new")
			_, err := Checkout(t.Context(), r.dir, "main", dir, Options{Submodules: true})
			if err == nil || !strings.Contains(err.Error(), tt.says) && !strings.Contains(err.Error(), "fsck error") && !strings.Contains(err.Error(), "gitmodules") {
				t.Errorf("error %v", err)
			}
			for _, at := range []string{"ran", filepath.Join(r.dir, "ran"), dir} {
				if _, err := os.Lstat(at); err == nil {
					t.Errorf("%s is there", at)
				}
			}
		})
	}
}

// TestResolve shows where addresses of submodules may lead.
func TestResolve(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tt := range []struct{ from, address, want, says string }{
		{"https://h/a/b.git", "../c.git", "https://h/a/c.git", ""},
		{"https://h/a/b.git", "../../../../c.git", "https://h/c.git", ""},
		{"https://h/a/b.git", "https://other/c", "https://other/c", ""},
		{"https://h/a/b.git", "file://" + dir, "", "lies on this machine"},
		{"https://h/a/b.git", dir, "", "lies on this machine"},
		{"https://h/a/b.git", "-u./x", "", "starts with -"},
		{"https://h/a/b.git", "ext::sh", "", "transport program"},
		{"https://h/a/b.git", "git@h:x", "", "neither a folder nor"},
		{"file:///srv/a/b.git", "../c.git", "file:///srv/a/c.git", ""},
	} {
		s, err := newSource(tt.from)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.resolve(tt.address)
		if got.address != tt.want && tt.says == "" || (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s from %s: %q, %v", tt.address, tt.from, got.address, err)
		}
	}
}
