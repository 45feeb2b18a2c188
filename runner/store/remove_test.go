package store

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestRemoveScratch removes what a job may leave behind to stay.
func TestRemoveScratch(t *testing.T) {
	// Alone, because memory is counted for the whole process.
	d, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir, err := d.Scratch()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"closed/f", "read-only/deep/f"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(f)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f), nil, 0o400); err != nil {
			t.Fatal(err)
		}
	}
	for name, mode := range map[string]os.FileMode{"closed": 0, "read-only/deep": 0o500, "read-only": 0o500} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Dir(outside), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	nest(t, dir, 20_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := d.RemoveScratch(dir); err != nil {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	// The paths of as many levels, each held while the next is removed, are 400 MB.
	if took := after.TotalAlloc - before.TotalAlloc; took > 100<<20 {
		t.Errorf("took %d bytes of memory", took)
	}
	if es, err := os.ReadDir(d.path("tmp")); err != nil || len(es) > 0 {
		t.Errorf("left: %v, %v", es, err)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Error(err)
	}
	if err := d.RemoveScratch(dir); err != nil {
		t.Errorf("once more: %v", err)
	}
}

// nest makes folders inside one another.
func nest(t *testing.T, dir string, depth int) {
	t.Helper()
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	for range depth {
		if err == nil {
			err = unix.Mkdirat(fd, "d", 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
		var next int
		next, err = unix.Openat(fd, "d", unix.O_RDONLY|unix.O_DIRECTORY, 0)
		unix.Close(fd)
		fd = next
	}
	unix.Close(fd)
}
