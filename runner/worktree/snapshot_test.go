package worktree

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/snapshot"
	"github.com/mlops-runner/mlops/runner/store"
)

func TestSnapshotNoticesEveryKindOfChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(root string) error
	}{
		{"content", func(r string) error { return os.WriteFile(r+"/d/a", []byte("2"), 0o644) }},
		{"content, with the old time put back", func(r string) error {
			info, err := os.Stat(r + "/d/a")
			if err == nil {
				err = os.WriteFile(r+"/d/a", []byte("2"), 0o644)
			}
			if err == nil {
				err = os.Chtimes(r+"/d/a", info.ModTime(), info.ModTime())
			}
			return err
		}},
		{"size", func(r string) error { return os.Truncate(r+"/d/a", 5) }},
		{"mode", func(r string) error { return os.Chmod(r+"/d/a", 0o755) }},
		{"removed", func(r string) error { return os.Remove(r + "/d/a") }},
		{"its folder removed", func(r string) error { return os.RemoveAll(r + "/d") }},
		{"its folder moved away and a link put there", func(r string) error {
			return errorsFirst(os.Rename(r+"/d", r+"/e"), os.Symlink("e", r+"/d"))
		}},
		{"replaced by an equal file", func(r string) error {
			return errorsFirst(os.WriteFile(r+"/x", []byte("1"), 0o644), os.Rename(r+"/x", r+"/d/a"))
		}},
		{"replaced by a link", func(r string) error {
			return errorsFirst(os.Rename(r+"/d/a", r+"/x"), os.Symlink("../x", r+"/d/a"))
		}},
		{"a link that leads elsewhere", func(r string) error {
			return errorsFirst(os.Remove(r+"/link"), os.Symlink("b", r+"/link"))
		}},
		{"absent file appears", func(r string) error { return os.WriteFile(r+"/absent", nil, 0o644) }},
		{"absent folder and file appear", func(r string) error {
			return errorsFirst(os.Mkdir(r+"/no", 0o755), os.WriteFile(r+"/no/file", nil, 0o644))
		}},
		{"absent path appears through a link", func(r string) error {
			return errorsFirst(os.WriteFile(r+"/d/file", nil, 0o644), os.Symlink("d", r+"/no"))
		}},
		{"a name in a listed folder", func(r string) error { return os.WriteFile(r+"/list/new", nil, 0o644) }},
		{"an absolute path", func(r string) error { return os.WriteFile(r+"/absolute", []byte("2"), 0o644) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			root, file := t.TempDir(), filepath.Join(t.TempDir(), "snapshot")
			write(t, root, "d/a", "1", "b", "1", "link", "->d/a", "list/one", "", "absolute", "1")
			paths := []string{"d/a", "./b", "link", "absent", "no/file", "b/below", "list", filepath.Join(root, "absolute"), "b"}
			saved, err := SaveSnapshot(file, root, paths, SnapshotOptions{Now: later()})
			if !saved || err != nil {
				t.Fatal(saved, err)
			}
			s, ok := snapshot.Load(file, nil)
			var n store.Counters
			if !ok || s.Len() != 8 || !s.Unchanged(root, &n.Stats) || n.Read() != (store.Counts{Stats: 8}) {
				t.Fatalf("before: %v, %d paths, %+v", ok, s.Len(), n.Read())
			}
			tick(t)
			check(t, c.change(root))
			if s.Unchanged(root, nil) {
				t.Error("not noticed")
			}
		})
	}
}

// errorsFirst returns the first error.
func errorsFirst(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestSnapshotKeepsPayloadAndKey(t *testing.T) {
	t.Parallel()
	root, file := t.TempDir(), filepath.Join(t.TempDir(), "snapshot")
	write(t, root, "a", "1")
	key := snapshot.Key{[]byte("k"), nil, []byte("ey")}
	if _, ok := snapshot.Load(file, key); ok {
		t.Error("found what was never saved")
	}
	var n store.Counters
	saved, err := SaveSnapshot(file, root, []string{"a"}, SnapshotOptions{Key: key, Payload: []byte("payload"), Now: later(), Counters: &n})
	info, statErr := os.Stat(file)
	check(t, statErr)
	if !saved || err != nil || n.Read() != (store.Counts{Stats: 1, FilesWritten: 1, BytesWritten: info.Size()}) {
		t.Fatal(saved, err, n.Read())
	}
	if s, ok := snapshot.Load(file, key); !ok || string(s.Payload()) != "payload" {
		t.Error("payload lost")
	}
	for _, other := range []snapshot.Key{nil, {nil}, {[]byte("k"), []byte("ey")}, {[]byte("ke"), nil, []byte("y")}, {[]byte("k"), nil, []byte("ex")}, {[]byte("k"), nil, []byte("e")}, {[]byte("k"), nil, []byte("eypayload")}, append(key[:3:3], []byte("payload"))} {
		if _, ok := snapshot.Load(file, other); ok {
			t.Errorf("loaded with the key %q", other)
		}
	}
	good, err := os.ReadFile(file)
	check(t, err)
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0x40
		check(t, os.WriteFile(file, bad, 0o644))
		if _, ok := snapshot.Load(file, key); ok {
			t.Errorf("byte %d: damage not noticed", i)
		}
		check(t, os.WriteFile(file, good[:i], 0o644))
		if _, ok := snapshot.Load(file, key); ok {
			t.Errorf("cut at %d: damage not noticed", i)
		}
	}
}

func TestSnapshotRefusesRacyFiles(t *testing.T) {
	t.Parallel()
	root, file := t.TempDir(), filepath.Join(t.TempDir(), "snapshot")
	write(t, root, "f", "1", "real/g", "", "alias", "->real")
	var st stat
	p, err := openRoot(root)
	check(t, err)
	defer p.Close()
	check(t, p.Stat([]byte("f\x00"), &st))
	born := time.Unix(0, st.Ctime)
	for _, c := range []struct {
		name string
		now  time.Time
		path string
		want bool
	}{
		{"just written", born, "f", false},
		{"2 s less 1 ns", born.Add(2*time.Second - 1), "f", false},
		{"2 s old", born.Add(2 * time.Second), "f", true},
		{"the clock was set back", born.Add(-time.Hour), "f", false},
		{"absent has no age", born, "nothing", true},
		{"through a link below the root", later(), "alias/g", false},
	} {
		saved, err := SaveSnapshot(file, root, []string{c.path}, SnapshotOptions{Now: c.now})
		if saved != c.want || err != nil {
			t.Errorf("%s: %v %v", c.name, saved, err)
		}
	}
	for _, bad := range []string{"", "..", "../x", "/"} {
		if saved, err := SaveSnapshot(file, root, []string{bad}, SnapshotOptions{Now: later()}); saved || err == nil {
			t.Errorf("%q: %v %v", bad, saved, err)
		}
	}
}

func TestSnapshotKnowsMarks(t *testing.T) {
	t.Parallel()
	root, file := t.TempDir(), filepath.Join(t.TempDir(), "snapshot")
	ctx := context.Background()
	s, err := store.Open(t.TempDir())
	check(t, err)
	dig, err := s.PutBytes(ctx, []byte("model"))
	check(t, err)
	es := []store.Entry{{Path: "m", Mode: 0o644, Size: 5, Digest: dig}}
	_, err = s.Restore(ctx, es, root, store.RestoreOptions{Link: true})
	check(t, err)
	stamp := func(p string) (store.Digest, bool) { return dig, p == "m" }
	saved, err := SaveSnapshot(file, root, []string{"m"}, SnapshotOptions{Stamp: stamp})
	if !saved || err != nil {
		t.Fatal("a marked file is never racy", saved, err)
	}
	if saved, _ := SaveSnapshot(filepath.Join(root, "other"), root, []string{"m"}, SnapshotOptions{}); saved {
		t.Error("without its mark it is")
	}
	snap, ok := snapshot.Load(file, nil)
	check(t, os.Link(filepath.Join(root, "m"), filepath.Join(root, "again"))) // moves the change time
	if !ok || snap.Unchanged(root, nil) {
		t.Error("what moves the change time may be an edit that put the other times back")
	}
	check(t, os.Remove(filepath.Join(root, "m")))
	check(t, os.WriteFile(filepath.Join(root, "m"), []byte("MODEL"), 0o444))
	if snap.Unchanged(root, nil) {
		t.Error("edit not noticed")
	}
}

func TestSnapshotOfManyFiles(t *testing.T) {
	t.Parallel()
	root, file := t.TempDir(), filepath.Join(t.TempDir(), "snapshot")
	var paths []string
	for i := range 2500 {
		paths = append(paths, fmt.Sprintf("d%d/f%d", i%2, i))
		write(t, root, paths[i], "")
	}
	saved, err := SaveSnapshot(file, root, paths, SnapshotOptions{Now: later()})
	check(t, err)
	s, ok := snapshot.Load(file, nil)
	var n store.Counters
	if !saved || !ok || !s.Unchanged(root, &n.Stats) || n.Read().Stats != 2500 {
		t.Fatal(saved, ok, n.Read())
	}
	check(t, os.Remove(filepath.Join(root, paths[1999])))
	if s.Unchanged(root, nil) {
		t.Error("not noticed")
	}
}
