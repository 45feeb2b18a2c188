package worktree

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// later is a clock that makes every file of a test old.
func later() time.Time { return time.Now().Add(time.Hour) }

// write makes files from name and content; a name that ends in / is a folder,
// a content that begins with -> a link.
func write(t testing.TB, root string, files ...string) {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		name, content := filepath.Join(root, filepath.FromSlash(files[i])), files[i+1]
		check(t, os.MkdirAll(filepath.Dir(name), 0o755))
		target, link := strings.CutPrefix(content, "->")
		switch {
		case strings.HasSuffix(files[i], "/"):
			check(t, os.MkdirAll(name, 0o755))
		case link:
			check(t, os.Symlink(target, name))
		default:
			check(t, os.WriteFile(name, []byte(content), 0o644))
		}
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// runGit runs git with a configuration of its own.
func runGit(t testing.TB, dir string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=Ada", "-c", "user.email=ada@example.com",
		"-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always",
		"-c", "gc.auto=0", "-c", "maintenance.auto=false"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// open opens a tree whose clock makes its files old, with an index.
func open(t testing.TB, root string, o Options) *Tree {
	t.Helper()
	if o.Now == nil {
		o.Now = later
	}
	tree, err := Open(root, o)
	check(t, err)
	return tree
}

func paths(es []store.Entry) string {
	var out []string
	for _, e := range es {
		out = append(out, e.Path)
	}
	return strings.Join(out, " ")
}

func entries(t testing.TB, tree *Tree, patterns ...string) []store.Entry {
	t.Helper()
	es, err := tree.Entries(context.Background(), patterns, nil)
	check(t, err)
	return es
}

// tick waits until the file system's clock has moved on, so that the next
// change of a file shows in its stat whatever the kernel's resolution is.
func tick(t testing.TB) {
	t.Helper()
	probe := filepath.Join(t.TempDir(), "probe")
	var first time.Time
	for {
		check(t, os.WriteFile(probe, nil, 0o644))
		info, err := os.Stat(probe)
		check(t, err)
		if first.IsZero() {
			first = info.ModTime()
		}
		if info.ModTime().Sub(first) > 10*time.Millisecond {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
