package agent

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk mounts a tmpfs of a size in bytes.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("cannot mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestFullWorkspace(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("head -c 9000000 /dev/zero >big"))
	b.Workspace = smallDisk(t, "4m")
	r := b.want(Failure, ReasonDiskFull)
	if r.Failed != 0 || !strings.Contains(r.Error, "no space left on the disk") {
		t.Errorf("%+v", r)
	}
	// A step that tidied up leaves only its words.
	b = newBench(t, sh("head -c 9000000 /dev/zero >big || { rm big; echo 'sh: No space left on device'; exit 1; }"))
	b.Workspace = smallDisk(t, "4m")
	b.want(Failure, ReasonDiskFull)
}

// TestFullControl shows that a log that could not be kept is no success.
func TestFullControl(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("yes | head -c 9000000; echo done >done"))
	b.Control = smallDisk(t, "4m")
	r, err := Run(context.Background(), b.Spec, nil)
	if !isDiskFull(err) || r.Status != Failure || r.Reason != ReasonDiskFull {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := os.Stat(filepath.Join(b.Workspace, "done")); err != nil {
		t.Errorf("the step was stopped in the middle of a write: %v", err)
	}
	if kept, err := loadResult(b.Control); err == nil && kept.Status == Success {
		t.Errorf("kept %+v", kept)
	}
}

func TestFullFigures(t *testing.T) {
	for _, tt := range []struct {
		name string
		st   unix.Statfs_t
		want bool
	}{
		{"room", unix.Statfs_t{Bsize: 4096, Blocks: 1e6, Bavail: 1e5, Files: 10, Ffree: 1}, false},
		{"no blocks", unix.Statfs_t{Bsize: 4096, Blocks: 1e6, Bavail: 3, Files: 10, Ffree: 1}, true},
		{"no inodes", unix.Statfs_t{Bsize: 4096, Blocks: 1e6, Bavail: 1e5, Files: 10}, true},
		{"a system that counts neither", unix.Statfs_t{}, false},
	} {
		if got := full(&tt.st); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
