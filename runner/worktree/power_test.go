package worktree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/disk/disktest"
	"github.com/mlops-runner/mlops/runner/store"
)

// quickDir is a folder in memory, where that is to be had: syncs are recorded, not made.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "mlops-worktree-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestPowerCut edits files, looks at them and saves the index, twice, and makes
// every state that a power cut may leave. An index that is there knows no bytes
// that are not: else jobs would be taken to have been run on them.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	const files = 3
	top := quickDir(t)
	root := filepath.Join(top, "root")
	r := disktest.Record(root)
	editAndSave(t, r, root, files, "before", 0o644)
	editAndSave(t, r, root, files, "after", 0o600)
	states, vouched := 0, 0
	for s := range r.States(8) {
		states++
		dir := filepath.Join(top, fmt.Sprintf("state%d", states))
		if err := s.Make(dir); err != nil {
			t.Fatal(err)
		}
		vouched += checkVouched(t, dir)
		os.RemoveAll(dir)
		if t.Failed() {
			t.Fatalf("state %d: %v", states, s)
		}
	}
	t.Logf("%d states, in which the index knew %d files", states, vouched)
	if states < 50 || vouched < 2*files {
		t.Errorf("%d states, in which the index knew %d files", states, vouched)
	}
}

// editAndSave writes files anew, flushing nothing, and lets a tree look at them.
func editAndSave(t *testing.T, r *disktest.Recorder, root string, files int, version string, perm fs.FileMode) {
	t.Helper()
	for i := range files {
		name := filepath.Join(root, "in", fmt.Sprint(i))
		if err := errors.Join(r.Mkdir(filepath.Dir(name)), ignore(r.Remove(name), fs.ErrNotExist)); err != nil {
			t.Fatal(err)
		}
		f, err := r.Create(name, perm)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(f, "%s %d", version, i); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	later := func() time.Time { return time.Now().Add(3 * time.Second) } // old enough to be known by their stats
	tree, err := Open(root, Options{Index: filepath.Join(root, "index"), Disk: r, Now: later})
	if err != nil {
		t.Fatal(err)
	}
	if es, err := tree.Entries(context.Background(), []string{"in/"}, nil); err != nil || len(es) != files {
		t.Fatalf("%d entries, %v", len(es), err)
	}
	// The index may reach the disk at once.
	if err := errors.Join(tree.Close(), r.Sync(filepath.Join(root, "index")), r.Sync(root)); err != nil {
		t.Fatal(err)
	}
}

func ignore(err, what error) error {
	if errors.Is(err, what) {
		return nil
	}
	return err
}

// checkVouched returns how many files the index in a state knows. Each of them
// must have the bytes that it is known by. A file's mode stands for its stat,
// which in a state made anew is another: the versions have different ones.
func checkVouched(t *testing.T, dir string) (n int) {
	t.Helper()
	tab, err := openTable(filepath.Join(dir, "index"))
	if err != nil {
		return 0 // torn, or not there: nothing is known
	}
	defer tab.Close()
	for _, r := range tab.Rows() {
		name := filepath.Join(dir, r.Dir, r.Name)
		st, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && uint32(st.Mode().Perm()) != r.Mode&0o777 {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil || store.Sum(text) != r.Digest {
			t.Errorf("the index knows other bytes of %s/%s than %q: %v", r.Dir, r.Name, text, err)
		}
		n++
	}
	return n
}

// What cannot be flushed is not vouched for, and is hashed again next time.
func TestIndexWithoutWhatCannotBeFlushed(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	file := filepath.Join(root, "index")
	if err := os.WriteFile(filepath.Join(root, "a"), []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := &disktest.Failing{At: 1, Once: true, Err: errors.ErrUnsupported}
	later := func() time.Time { return time.Now().Add(3 * time.Second) }
	for _, want := range []int{0, 1} {
		tree, err := Open(root, Options{Index: file, Disk: f, Now: later})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tree.Entries(t.Context(), []string{"a"}, nil); err != nil {
			t.Fatal(err)
		}
		if err := tree.Close(); err != nil {
			t.Fatal(err)
		}
		if got := openIndex(file).base.Len(); got != want {
			t.Errorf("the index knows %d files, want %d", got, want)
		}
	}
}

// Many files are flushed by one call, few by one each, and those that have not
// changed for long by none.
func TestFlushesOfSave(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files int
		age   time.Duration
		want  int64
	}{
		"few": {3, 0, 3}, "many": {fewFiles + 1, 0, 1}, "old": {3, 2 * written, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			for i := range c.files {
				if err := os.WriteFile(filepath.Join(root, fmt.Sprint(i)), nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var n store.Counters
			later := func() time.Time { return time.Now().Add(c.age + 3*time.Second) }
			tree, err := Open(root, Options{Index: filepath.Join(root, ".mlops", "index"), Counters: &n, Now: later})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tree.Entries(t.Context(), []string{"*"}, nil); err != nil {
				t.Fatal(err)
			}
			if err := tree.Close(); err != nil || n.Syncs.Load() != c.want {
				t.Errorf("%d flushes, want %d; %v", n.Syncs.Load(), c.want, err)
			}
		})
	}
}
