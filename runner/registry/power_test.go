package registry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner/disk/disktest"
	"github.com/mlops-runner/mlops/runner/store"
)

// powerWork is a registry's life: two models, an alias that moves and is rolled back.
func powerWork(w *world, promise func(string)) error {
	ctx := context.Background()
	for i := range 2 {
		v := w.draft("churn", fmt.Sprint(i))
		if _, _, err := w.r.Register(ctx, v, By{Actor: "ada"}); err != nil {
			return err
		}
		promise(fmt.Sprintf("registered %d", i+1))
		if _, err := w.r.Move(ctx, "churn", "production", Any, i+1, By{Actor: "ada"}); err != nil {
			return err
		}
		promise(fmt.Sprintf("moved %d", i+1))
	}
	_, _, err := w.r.Rollback(ctx, "churn", "production", By{Actor: "bob"})
	promise("rolled back")
	return err
}

// quickDir is a folder in memory, where that is to be had: syncs are recorded, not made.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "mlops-registry-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestPowerCut cuts the power after every step of a registry's life and makes
// every state that the disk may then hold: what was promised is there, Verify
// finds nothing wrong, and work goes on.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	dir := quickDir(t)
	rec := disktest.Record(dir)
	d, err := store.OpenWith(filepath.Join(dir, "store"), store.Options{Disk: rec})
	if err != nil {
		t.Fatal(err)
	}
	if err := powerWork(at(t, d), rec.Mark); err != nil {
		t.Fatal(err)
	}
	states := filepath.Join(quickDir(t), "state")
	n := 0
	for s := range rec.States(4) {
		n++
		if err := s.Make(states); err != nil {
			t.Fatal(err)
		}
		checkState(t, s, filepath.Join(states, "store"))
		if t.Failed() {
			t.Fatalf("%s\n%s", s.Name, s)
		}
		if err := os.RemoveAll(states); err != nil {
			t.Fatal(err)
		}
	}
	t.Log(n, "states")
}

func checkState(t *testing.T, s *disktest.State, root string) {
	d, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	w := at(t, d)
	m, err := w.r.Model("churn")
	switch {
	case errors.Is(err, ErrNotFound):
		if s.Marked("registered 1") {
			t.Error("the first version is gone")
		}
	case err != nil:
		t.Error(err)
	default:
		checkPromises(t, s, m)
		if ps := w.verified("churn"); len(ps) > 0 {
			t.Error(ps)
		}
	}
	w.register("churn", "later")
	w.move("churn", "production", w.model("churn").Versions())
	if ps := w.verified("churn"); len(ps) > 0 {
		t.Error("after more work:", ps)
	}
}

func checkPromises(t *testing.T, s *disktest.State, m *Model) {
	for _, p := range []struct {
		promise  string
		versions int
		alias    []int // what it may be
	}{
		{"rolled back", 2, []int{1}}, {"moved 2", 2, []int{2, 1}}, {"registered 2", 2, []int{1, 2}}, {"moved 1", 1, []int{1, 2}}, {"registered 1", 1, []int{0, 1}},
	} {
		if !s.Marked(p.promise) {
			continue
		}
		ok := false
		for _, n := range p.alias {
			ok = ok || m.Aliases["production"] == n
		}
		if m.Versions() < p.versions || !ok {
			t.Errorf("%s, but there are %d versions and production is %d", p.promise, m.Versions(), m.Aliases["production"])
		}
		return
	}
}

// TestFullDisk lets each call to the disk fail in turn: what was there before stays
// as it was, and work goes on once there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := quickDir(t)
	for call := int64(1); ; call++ {
		root := filepath.Join(dir, fmt.Sprint(call))
		failing := &disktest.Failing{Err: unix.ENOSPC}
		d, err := store.OpenWith(root, store.Options{Disk: failing})
		if err != nil {
			t.Fatal(err)
		}
		w := at(t, d)
		v := w.draft("churn", "1")
		failing.At = failing.Calls() + call
		_, _, err = w.r.Register(context.Background(), v, By{Actor: "ada"})
		if err == nil {
			_, err = w.r.Move(context.Background(), "churn", "production", 0, 1, By{Actor: "ada"})
		}
		if err == nil {
			if call < 10 {
				t.Error("nothing failed at call", call)
			}
			return
		}
		if !errors.Is(err, unix.ENOSPC) {
			t.Errorf("call %d: %v", call, err)
		}
		failing.At = 0
		w.register("churn", "1")
		w.move("churn", "production", 1)
		if ps := w.verified("churn"); len(ps) > 0 {
			t.Errorf("call %d: %v", call, ps)
		}
	}
}
