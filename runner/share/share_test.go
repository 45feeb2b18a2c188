package share

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/store"
)

// machine is a store of its own that shares a folder.
func machine(t testing.TB, far remote.Store) *Share {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &Share{Local: s, Remote: far}
}

// register makes a text the next version of a model, and lets an alias point to it.
func (s *Share) register(t testing.TB, text string) {
	t.Helper()
	d, err := s.Local.PutBytes(t.Context(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r := registry.Open(s.Local, nil)
	v := registry.Version{Model: "churn", Path: "m", Size: int64(len(text)), Files: []registry.File{{Path: "m", Digest: d, Size: int64(len(text))}}}
	out, _, err := r.Register(t.Context(), v, registry.By{Actor: "ada"})
	if err == nil {
		_, err = r.Move(t.Context(), "churn", "production", registry.Any, out.Version, registry.By{Actor: "ada"})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (s *Share) text(t testing.TB) string {
	t.Helper()
	text, err := registry.Open(s.Local, nil).Text("churn")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Of machines that push at once, each with a version of its own, one wins; the others are
// told, and the journal is the winner's.
func TestPushersAtOnce(t *testing.T) {
	t.Parallel()
	far := remote.OpenFolder(t.TempDir())
	first := machine(t, far)
	first.register(t, "first")
	if _, err := first.Push(t.Context(), Choice{Models: true}); err != nil {
		t.Fatal(err)
	}
	const many = 6
	var machines []*Share
	for i := range many {
		m := machine(t, far)
		if _, err := m.Pull(t.Context(), Choice{Models: true}); err != nil {
			t.Fatal(err)
		}
		m.register(t, fmt.Sprint("other ", i))
		machines = append(machines, m)
	}
	var won atomic.Int64
	var winner string
	var wg sync.WaitGroup
	for _, m := range machines {
		wg.Go(func() {
			_, err := m.Push(context.Background(), Choice{Models: true})
			var diverged *registry.DivergedError
			switch {
			case err == nil:
				won.Add(1)
				winner = m.text(t)
			case !errors.As(err, &diverged):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, _, err := far.Read(t.Context(), journalName("churn")); err != nil || won.Load() != 1 || string(got) != winner {
		t.Errorf("%d won: %v", won.Load(), err)
	}
	// The losers take the winner's, and theirs is set aside.
	for _, m := range machines {
		if _, err := m.Pull(t.Context(), Choice{Models: true, Theirs: true}); err != nil {
			t.Error(err)
		}
		if ps, err := registry.Open(m.Local, nil).Verify(t.Context(), "churn"); err != nil || len(ps) > 0 || m.text(t) != winner {
			t.Errorf("%v, %v", ps, err)
		}
	}
}

// cutting lets ranges of large objects fail after some have come.
type cutting struct {
	remote.Store
	left atomic.Int64 // ranges until the cut
	gets atomic.Int64
}

var errGone = &remote.Error{Op: "read", Address: "far", Err: errors.New("connection reset")}

func (c *cutting) Get(ctx context.Context, name string, from, n int64) (io.ReadCloser, error) {
	if strings.HasPrefix(name, "cas/") {
		c.gets.Add(1)
		if c.left.Add(-1) < 0 {
			return nil, errGone
		}
	}
	return c.Store.Get(ctx, name, from, n)
}

// A pull that was cut goes on where it ended, and half a blob is never in the store.
func TestPullGoesOn(t *testing.T) {
	t.Parallel()
	far := remote.OpenFolder(t.TempDir())
	data := make([]byte, 100<<20+1)
	if _, err := rand.NewChaCha8([32]byte{1}).Read(data); err != nil {
		t.Fatal(err)
	}
	want := blob{store.Sum(data), int64(len(data))}
	if _, err := far.Put(t.Context(), blobName(want.digest), bytes.NewReader(data), want.size, nil); err != nil {
		t.Fatal(err)
	}
	cut := &cutting{Store: far}
	cut.left.Store(4)
	s := machine(t, cut)
	if _, _, err := s.bring(t.Context(), []blob{want}); !errors.Is(err, errGone) {
		t.Fatalf("error is %v", err)
	}
	if s.Local.Has(want.digest) {
		t.Fatal("half a blob is in the store")
	}
	cut.left.Store(1000)
	cut.gets.Store(0)
	if _, _, err := s.bring(t.Context(), []blob{want}); err != nil {
		t.Fatal(err)
	}
	if err := s.Local.Reread(t.Context(), want.digest); err != nil {
		t.Error(err)
	}
	if n := cut.gets.Load(); n > 3 {
		t.Errorf("%d of 7 ranges came again", n)
	}
	if es, err := os.ReadDir(filepath.Join(s.Local.Root(), "tmp")); err != nil || len(es) > 0 {
		t.Errorf("it left %v, %v", es, err)
	}
}

// A flipped byte of a large blob is found when all of it has come; nothing of it stays.
func TestPullDamaged(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1000, 70 << 20} {
		far := remote.OpenFolder(t.TempDir())
		data := make([]byte, size)
		want := blob{store.Sum(data), int64(size)}
		data[size/2] ^= 1
		if _, err := far.Put(t.Context(), blobName(want.digest), bytes.NewReader(data), want.size, nil); err != nil {
			t.Fatal(err)
		}
		s := machine(t, far)
		_, _, err := s.bring(t.Context(), []blob{want})
		var damaged *DamagedError
		if !errors.As(err, &damaged) || s.Local.Has(want.digest) {
			t.Errorf("%d bytes: error is %v", size, err)
		}
		if es, err := os.ReadDir(filepath.Join(s.Local.Root(), "tmp")); err != nil || len(es) > 0 {
			t.Errorf("it left %v, %v", es, err)
		}
	}
}

// What models need stays whatever else goes; what nothing refers to goes after a day; and
// nobody pushes meanwhile.
func TestGC(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	far := remote.OpenFolder(dir)
	s := machine(t, far)
	s.register(t, "one")
	s.register(t, "two")
	result := []byte(`{"version":1,"job":"x","outputs":[{"path":"o","digest":"` + store.Sum([]byte("out")).String() + `","size":3}]}`)
	if _, err := s.Local.PutBytes(t.Context(), []byte("out")); err != nil {
		t.Fatal(err)
	}
	if err := s.Local.PutAction(t.Context(), store.Sum([]byte("print")), result); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Push(t.Context(), Choice{Models: true, Cache: true}); err != nil {
		t.Fatal(err)
	}
	stray := blobName(store.Sum([]byte("stray")))
	if _, err := far.Put(t.Context(), stray, strings.NewReader("stray"), 5, nil); err != nil {
		t.Fatal(err)
	}
	gc := func(o GCOptions, dry bool) GCReport {
		t.Helper()
		s.DryRun = dry
		rep, err := s.GC(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	if rep := gc(GCOptions{}, false); rep.Blobs != 0 {
		t.Errorf("what was pushed a moment ago went: %+v", rep)
	}
	s.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	for _, dry := range []bool{true, false} {
		if rep := gc(GCOptions{}, dry); rep.Blobs != 1 || rep.Freed != 5 || rep.Results != 0 {
			t.Errorf("dry %v: %+v", dry, rep)
		}
	}
	if _, err := far.Stat(t.Context(), stray); !errors.Is(err, remote.ErrNotFound) {
		t.Errorf("it is still there: %v", err)
	}
	if rep := gc(GCOptions{Before: time.Now().Add(time.Hour)}, false); rep.Blobs != 1 || rep.Freed != 3 || rep.Results != 1 {
		t.Errorf("old results: %+v", rep)
	}
	other := machine(t, far)
	if _, err := other.Pull(t.Context(), Choice{Models: true}); err != nil {
		t.Fatal(err)
	}
	if ps, err := registry.Open(other.Local, nil).Verify(t.Context(), "churn"); err != nil || len(ps) > 0 {
		t.Errorf("%v, %v", ps, err)
	}
	// Beside a push there is no GC, and beside a GC no push; a note that is too old hinders nobody.
	var busy *BusyError
	s.DryRun = false
	for _, what := range []string{writing, removing} {
		name := "locks/" + what + "-x"
		if _, err := far.Put(t.Context(), name, strings.NewReader(""), 0, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.GC(t.Context(), GCOptions{}); !errors.As(err, &busy) {
			t.Errorf("GC beside %s: %v", what, err)
		}
		if _, err := s.Push(t.Context(), Choice{Models: true}); (what == removing) != errors.As(err, &busy) {
			t.Errorf("push beside %s: %v", what, err)
		}
		before := time.Now().Add(-time.Hour)
		if err := os.Chtimes(filepath.Join(dir, name), before, before); err != nil {
			t.Fatal(err)
		}
		if _, err := s.GC(t.Context(), GCOptions{}); err != nil {
			t.Errorf("GC after an old %s: %v", what, err)
		}
	}
	// A journal that cannot be read stops it: nobody knows what it names.
	journal := filepath.Join(dir, filepath.FromSlash(journalName("churn")))
	if err := os.Chmod(journal, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(journal, []byte(s.text(t)[1:]), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.GC(t.Context(), GCOptions{}); err == nil {
		t.Error("a damaged journal names nothing")
	}
}

// GC of 100,000 blobs.
func BenchmarkGC(b *testing.B) {
	dir := b.TempDir()
	s := machine(b, remote.OpenFolder(dir))
	for i := range 100_000 {
		d := store.Sum([]byte(fmt.Sprint(i)))
		path := filepath.Join(dir, filepath.FromSlash(blobName(d)))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o444); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := s.GC(b.Context(), GCOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
