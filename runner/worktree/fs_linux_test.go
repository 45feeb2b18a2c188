//go:build linux && (amd64 || arm64 || riscv64 || loong64)

package worktree

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner/store"
)

// proc invents sizes and times, like many a network file system.
func TestUntrustedFileSystemIsReadEveryTime(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("/proc/sys/kernel/ostype")
	if err != nil {
		t.Skip("no proc here: ", err)
	}
	index := filepath.Join(t.TempDir(), "index")
	for range 2 {
		es, n := session(t, "/proc/sys/kernel", index, later, "ostype")
		if n.FilesHashed != 1 || n.FilesWritten != 0 || es[0].Digest != store.Sum(content) || es[0].Size != int64(len(content)) {
			t.Errorf("%+v %+v", n, es)
		}
	}
	saved, err := SaveSnapshot(filepath.Join(t.TempDir(), "s"), t.TempDir(), []string{"/proc/sys/kernel/ostype"}, SnapshotOptions{Now: later()})
	if saved || err != nil {
		t.Errorf("snapshot: %v %v", saved, err)
	}
}

func TestSpecialFiles(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "d/f", "1")
	check(t, unix.Mkfifo(filepath.Join(root, "d/pipe"), 0o644))
	tree := open(t, root, Options{})
	if got := paths(entries(t, tree, "d", "**")); got != "d/f" {
		t.Errorf("got %q", got)
	}
	if _, err := tree.Entry(t.Context(), "d/pipe"); err == nil {
		t.Error("a pipe is no input")
	}
}
