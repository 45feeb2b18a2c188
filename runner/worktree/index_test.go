package worktree

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/store"
)

// session opens the tree, asks for the patterns' entries, closes it and
// returns them with what was counted.
func session(t *testing.T, root, index string, now func() time.Time, patterns ...string) ([]store.Entry, store.Counts) {
	t.Helper()
	var c store.Counters
	tree := open(t, root, Options{Index: index, Now: now, Counters: &c})
	es := entries(t, tree, patterns...)
	check(t, tree.Close())
	return es, c.Read()
}

func TestWarmCheckDoesNothingButStat(t *testing.T) {
	t.Parallel()
	root, index := t.TempDir(), filepath.Join(t.TempDir(), "index")
	write(t, root, "a", "1", "d/b", "22", "d/e/c", "333", "d/z", "4444", "link", "->a")
	first, n := session(t, root, index, later, ".")
	if n.Stats != 5 || n.FilesHashed != 4 || n.BytesHashed != 10 || n.FilesWritten != 1 || n.BytesWritten == 0 {
		t.Errorf("first: %+v", n)
	}
	for _, patterns := range [][]string{{"."}, {"a", "link", "d/"}, {"**", "a", "d/b"}} {
		again, n := session(t, root, index, later, patterns...)
		if diff := cmp.Diff(first, again); diff != "" {
			t.Error(diff)
		}
		want := store.Counts{Stats: 5}
		if patterns[0] == "a" {
			want.Stats++ // the folder d
		}
		if n != want {
			t.Errorf("%q: %+v", patterns, n)
		}
	}
}

func TestIndexNoticesEdits(t *testing.T) {
	t.Parallel()
	root, index := t.TempDir(), filepath.Join(t.TempDir(), "index")
	write(t, root, "keep", "1", "size", "1", "same", "1", "mode", "1", "gone", "1", "swap", "1", "other", "2")
	session(t, root, index, later, ".")
	in := func(name string) string { return filepath.Join(root, name) }
	info, err := os.Stat(in("same"))
	check(t, err)
	tick(t)
	write(t, root, "size", "22", "same", "2", "new", "1")
	check(t, os.Chtimes(in("same"), info.ModTime(), info.ModTime())) // the change time tells
	check(t, os.Chmod(in("mode"), 0o755))
	check(t, os.Remove(in("gone")))
	check(t, os.Rename(in("other"), in("swap")))
	es, n := session(t, root, index, later, ".")
	got := map[string]store.Digest{}
	for _, e := range es {
		got[e.Path] = e.Digest
	}
	one, two := store.Sum([]byte("1")), store.Sum([]byte("2"))
	want := map[string]store.Digest{"keep": one, "size": store.Sum([]byte("22")), "same": two, "mode": one, "swap": two, "new": one}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n.FilesHashed != 5 {
		t.Errorf("%d files hashed, want 5", n.FilesHashed)
	}
	if _, n := session(t, root, index, later, "."); n.FilesHashed+n.BytesWritten != 0 {
		t.Errorf("not settled: %+v", n)
	}
}

func TestRacyFilesAreReadAgain(t *testing.T) {
	t.Parallel()
	root, index := t.TempDir(), filepath.Join(t.TempDir(), "index")
	write(t, root, "f", "1")
	var st stat
	p, err := openRoot(root)
	check(t, err)
	defer p.Close()
	check(t, p.Stat([]byte("f\x00"), &st))
	at := func(after time.Duration) func() time.Time {
		return func() time.Time { return time.Unix(0, st.Ctime).Add(after) }
	}
	for _, c := range []struct {
		name           string
		now            func() time.Time
		hashed, writes int64
	}{
		{"first", at(time.Second), 1, 1},
		{"read while young, so read again, and nothing new to write", at(1999 * time.Millisecond), 1, 0},
		{"old now, but it was young when it was read", at(3 * time.Second), 1, 1},
		{"read while old", at(3 * time.Second), 0, 0},
		{"once known, the clock does not matter", at(-time.Hour), 0, 0},
	} {
		if _, n := session(t, root, index, c.now, "f"); n.FilesHashed != c.hashed || n.FilesWritten != c.writes {
			t.Errorf("%s: %+v", c.name, n)
		}
	}
}

func TestMarkedFilesAreTrustedAtOnce(t *testing.T) {
	t.Parallel()
	root, index := t.TempDir(), filepath.Join(t.TempDir(), "index")
	s, err := store.Open(t.TempDir())
	check(t, err)
	dig, err := s.PutBytes(context.Background(), []byte("model"))
	check(t, err)
	e := []store.Entry{{Path: "m", Mode: 0o644, Size: 5, Digest: dig}}
	now := func() time.Time { return time.Now() }
	_, err = s.Restore(context.Background(), e, root, store.RestoreOptions{})
	check(t, err)
	if _, n := session(t, root, index, now, "m"); n.FilesHashed != 1 {
		t.Errorf("first: %+v", n)
	}
	check(t, os.Remove(filepath.Join(root, "m")))
	_, err = s.Restore(context.Background(), e, root, store.RestoreOptions{})
	check(t, err)
	got, n := session(t, root, index, now, "m")
	if n.FilesHashed != 1 || cmp.Diff(e, got) != "" {
		t.Errorf("a mark can be copied, so that a new file is read: %+v %+v", n, got)
	}
	check(t, os.WriteFile(filepath.Join(root, "m"), []byte("MODEL"), 0o644))
	got, n = session(t, root, index, now, "m")
	if n.FilesHashed != 1 || got[0].Digest != store.Sum([]byte("MODEL")) {
		t.Errorf("an edit took the mark away: %+v %+v", n, got)
	}
}

func TestDamagedIndexCountsAsNone(t *testing.T) {
	t.Parallel()
	root, index := t.TempDir(), filepath.Join(t.TempDir(), "deep", "index")
	write(t, root, "a", "1", "d/b", "2")
	want, _ := session(t, root, index, later, ".")
	good, err := os.ReadFile(index)
	check(t, err)
	flipped := append([]byte(nil), good...)
	flipped[len(flipped)/2] ^= 1
	for name, b := range map[string][]byte{"empty": nil, "torn": good[:len(good)-7], "flipped": flipped, "text": []byte("hello")} {
		check(t, os.WriteFile(index, b, 0o644))
		got, n := session(t, root, index, later, ".")
		if diff := cmp.Diff(want, got); diff != "" || n.FilesHashed != 2 {
			t.Errorf("%s: %+v %s", name, n, diff)
		}
		if _, n := session(t, root, index, later, "."); n.FilesHashed != 0 {
			t.Errorf("%s: not repaired", name)
		}
	}
	left, err := os.ReadDir(filepath.Dir(index))
	check(t, err)
	if len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
}

func TestIndexForgetsWhatIsGone(t *testing.T) {
	t.Parallel()
	root, index := t.TempDir(), filepath.Join(t.TempDir(), "index")
	for i := range 3000 {
		write(t, root, filepath.Join("run", time.Duration(i).String()), "x")
	}
	write(t, root, "keep", "1")
	session(t, root, index, later, ".")
	check(t, os.RemoveAll(filepath.Join(root, "run")))
	for i := range 3000 {
		write(t, root, filepath.Join("next", time.Duration(i).String()), "x")
	}
	session(t, root, index, later, ".")
	if x := openIndex(index); x.base.Len() != 3001 {
		t.Errorf("%d rows, want 3001", x.base.Len())
	}
}

func TestEntriesWhileOthersAsk(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for i := range 600 {
		write(t, root, filepath.Join("d", time.Duration(i).String()), time.Duration(i).String())
	}
	tree := open(t, root, Options{Index: filepath.Join(t.TempDir(), "index")})
	want := make(chan []store.Entry, 4)
	for range cap(want) {
		go func() {
			es, err := tree.Entries(context.Background(), []string{"d"}, nil)
			if err != nil {
				t.Error(err)
			}
			want <- es
		}()
	}
	first := <-want
	for range cap(want) - 1 {
		if diff := cmp.Diff(first, <-want); diff != "" {
			t.Error(diff)
		}
	}
	if len(first) != 600 {
		t.Errorf("%d entries", len(first))
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := tree.Entries(canceled, []string{"d"}, nil); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}
