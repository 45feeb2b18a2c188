package registry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// A world is a registry in a store of its own.
type world struct {
	t testing.TB
	d *store.Dir
	r *Registry
}

func newWorld(t testing.TB) *world {
	t.Helper()
	d, err := store.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return at(t, d)
}

// at is a registry whose clock stands still.
func at(t testing.TB, d *store.Dir) *world {
	clock := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	return &world{t, d, Open(d, func() time.Time { return clock })}
}

// draft is a model of two files, which are in the store.
func (w *world) draft(model, content string) Version {
	w.t.Helper()
	v := Version{Model: model, Path: "out/model", Origin: Origin{Run: "019a9c4e-7a00-7000-8000-00000000000" + content[:1], Job: "train", Pipeline: "churn",
		Source: record.Source{Commit: "c0ffee"}, Params: record.Values{"lr": 0.1}, Metrics: []record.Metric{{Name: "auc", Value: 0.9, Job: "train"}, {Name: "auc", Value: 0.8, Slice: map[string]string{"plan": "free"}}},
		Gates: []record.Gate{{Gate: "auc > 0.5", Outcome: "passed"}}}}
	for _, f := range []struct{ name, text string }{{"config.json", "{}"}, {"deep/weights", content}} {
		dig, err := w.d.PutBytes(context.Background(), []byte(f.text))
		if err != nil {
			w.t.Fatal(err)
		}
		v.Files = append(v.Files, File{Path: f.name, Digest: dig, Size: int64(len(f.text))})
	}
	return v
}

func (w *world) register(model, content string) *Version {
	w.t.Helper()
	v, _, err := w.r.Register(context.Background(), w.draft(model, content), By{Actor: "ada"})
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) move(model, alias string, version int) {
	w.t.Helper()
	if _, err := w.r.Move(context.Background(), model, alias, Any, version, By{Actor: "ada"}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) model(name string) *Model {
	w.t.Helper()
	m, err := w.r.Model(name)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) verified(model string) []Problem {
	w.t.Helper()
	ps, err := w.r.Verify(context.Background(), model)
	if err != nil {
		w.t.Fatal(err)
	}
	return ps
}

// seal makes the record of a run, so that Verify finds it.
func (w *world) seal(v *Version) {
	w.t.Helper()
	run := record.Run{ID: v.Run, Pipeline: "churn", Status: record.Success, Started: time.Unix(1, 0)}
	rec, err := record.Create(w.d.Root(), run)
	if err != nil {
		w.t.Fatal(err)
	}
	if v.RunDigest, err = rec.Seal(run); err != nil {
		w.t.Fatal(err)
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.draft("churn", "1")
	w.seal(&first)
	v, added, err := w.r.Register(context.Background(), first, By{Actor: "ada", Run: first.Run})
	if err != nil || !added || v.Version != 1 {
		t.Fatal(v, added, err)
	}
	w.register("churn", "2")
	again, added, err := w.r.Register(context.Background(), first, By{Actor: "bob"})
	if err != nil || added || again.Version != 1 || again.Actor != "ada" {
		t.Error("the same files:", again, added, err)
	}
	m := w.model("churn")
	read, err := w.r.Version(m, 1)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(v, read); d != "" {
		t.Error("read back:", d)
	}
	if got, ok := read.Metric("auc"); !ok || got != 0.9 {
		t.Error("metric:", got, ok)
	}
	// The tree is that of the store: what another way to make it gives.
	tree, err := w.d.PutTree(context.Background(), read.Entries())
	if err != nil || tree != v.Digest {
		t.Error("digest", v.Digest, "want", tree, err)
	}
	if ps := w.verified("churn"); len(ps) != 0 {
		t.Error(ps)
	}
	names, err := w.r.Names()
	if err != nil || len(names) != 1 || len(m.Journal) != 2 {
		t.Error(names, err, m.Journal)
	}
}

func TestRegisterWithoutBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.draft("churn", "1")
	v.Files[1].Digest = store.Sum([]byte("nowhere"))
	if _, _, err := w.r.Register(context.Background(), v, By{}); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if _, err := w.r.Model("churn"); !errors.Is(err, ErrNotFound) {
		t.Error("after it:", err)
	}
}

// A registered model outlives a garbage collection that takes all it may.
func TestGC(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.register("churn", "1")
	if _, err := w.d.PutBytes(context.Background(), []byte("other")); err != nil {
		t.Fatal(err)
	}
	rep, err := w.d.GC(context.Background(), store.GCOptions{MaxSize: -1})
	if err != nil || rep.Blobs != 1 {
		t.Error(rep, err)
	}
	if es, err := w.d.ReadTree(context.Background(), v.Digest); err != nil || len(es) != 2 || !w.d.Has(es[1].Digest) {
		t.Error(es, err)
	}
}

func TestMove(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	for i := range 4 {
		w.register("churn", fmt.Sprint(i))
	}
	from, err := w.r.Move(ctx, "churn", "production", 0, 1, By{Actor: "ada", Run: "run-1"})
	if err != nil || from != 0 {
		t.Fatal(from, err)
	}
	if _, err := w.r.Move(ctx, "churn", "production", 0, 1, By{}); err != nil {
		t.Error("to where it is:", err)
	}
	_, err = w.r.Move(ctx, "churn", "production", 0, 2, By{Actor: "bob"})
	want := &ConflictError{"churn", "production", 0, 1, "ada", "run-1", w.r.now()}
	if got := (*ConflictError)(nil); !errors.As(err, &got) || *got != *want {
		t.Errorf("got %v, want %v", err, want)
	}
	if n := len(w.model("churn").Journal); n != 5 {
		t.Error(n, "lines")
	}
	if _, err := w.r.Move(ctx, "churn", "production", Any, 9, By{}); !errors.Is(err, ErrNotFound) {
		t.Error("no such version:", err)
	}
	for _, name := range []string{"", "7", "a/b", "-a", "a@b", "a\nb"} {
		if bad := (*NameError)(nil); !errors.As(func() error { _, err := w.r.Move(ctx, "churn", name, Any, 1, By{}); return err }(), &bad) {
			t.Errorf("alias %q is taken", name)
		}
	}
}

// A rollback goes to where the alias was before, again and again, and a later
// move begins anew from there.
func TestRollback(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	for i := range 4 {
		w.register("churn", fmt.Sprint(i))
	}
	back := func(want int) {
		t.Helper()
		_, to, err := w.r.Rollback(ctx, "churn", "production", By{Actor: "ada", Reason: "bad"})
		if bad := (*StateError)(nil); want == 0 && errors.As(err, &bad) {
			return
		}
		if err != nil || to != want || w.model("churn").Aliases["production"] != want {
			t.Errorf("at %d, %v, want %d", to, err, want)
		}
	}
	if _, _, err := w.r.Rollback(ctx, "churn", "production", By{}); !errors.Is(err, ErrNotFound) {
		t.Error("no alias:", err)
	}
	for _, n := range []int{1, 2, 3} {
		w.move("churn", "production", n)
	}
	back(2)
	if e := w.model("churn").Undone("production", 3); e == nil || e.Reason != "bad" {
		t.Error("undone:", e)
	}
	back(1)
	back(0)
	w.move("churn", "production", 3)
	if e := w.model("churn").Undone("production", 3); e != nil {
		t.Error("put back:", e)
	}
	w.move("churn", "production", 4)
	if err := w.r.Retire(ctx, "churn", 3, By{}); err != nil {
		t.Fatal(err)
	}
	back(1) // 3 is retired
}

func TestRetire(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	w.register("churn", "1")
	w.register("churn", "2")
	w.move("churn", "production", 1)
	var state *StateError
	if err := w.r.Retire(ctx, "churn", 1, By{}); !errors.As(err, &state) {
		t.Error("in use:", err)
	}
	w.move("churn", "production", 2)
	if err := w.r.Retire(ctx, "churn", 1, By{}); err != nil {
		t.Error(err)
	}
	if _, err := w.r.Move(ctx, "churn", "production", Any, 1, By{}); !errors.As(err, &state) {
		t.Error("retired:", err)
	}
	if err := w.r.Note(ctx, "churn", 1, By{Reason: "leaks"}); err != nil {
		t.Error(err)
	}
	if err := w.r.Reject(ctx, "churn", "production", 1, By{Reason: "gate"}); err != nil {
		t.Error(err)
	}
	if err := w.r.Reject(ctx, "churn", "production", 1, By{Reason: "gate"}); err != nil {
		t.Error(err)
	}
	m := w.model("churn")
	if notes := m.Notes(1); len(notes) != 1 || notes[0].Reason != "leaks" || len(m.Journal) != 7 || !m.IsRetired(1) {
		t.Errorf("%+v", m)
	}
	if ps := w.verified("churn"); len(ps) > 0 && ps[0].File[:4] != "run " {
		t.Error(ps)
	}
}

func TestFrom(t *testing.T) {
	t.Parallel()
	file := func(path, text string) record.Artifact {
		return record.Artifact{Path: path, Digest: store.Sum([]byte(text)), Size: int64(len(text)), Mode: 0o644}
	}
	a, b := file("model/a", "a"), file("model/b", "b")
	run := &record.Run{ID: "r", Selected: record.Labels{"train": "train@depth=8"}, Params: record.Values{"lr": 1.0}, Jobs: []record.Job{
		{ID: "train@depth=4", Job: "train", Outputs: []record.Artifact{a, b}, Metrics: []record.Metric{{Name: "auc", Value: 1, History: []record.Point{{}}}}},
		{ID: "train@depth=8", Job: "train", Outputs: []record.Artifact{a, b}},
		{ID: "promote", Job: "promote", Inputs: []record.Artifact{a, b, file("models/c", "c")}},
	}}
	v, err := From(run, run.Job("promote"), "model/")
	if err != nil {
		t.Fatal(err)
	}
	if v.Job != "train@depth=8" || v.Size != 2 || len(v.Files) != 2 || v.Files[0].Path != "a" || v.Metrics[0].History != nil {
		t.Errorf("%+v", v)
	}
	if v, err = From(run, run.Job("promote"), "model/b"); err != nil || len(v.Files) != 1 || v.Files[0].Path != "b" {
		t.Error(v, err)
	}
	var state *StateError
	if _, err := From(run, run.Job("promote"), "mod"); !errors.As(err, &state) {
		t.Error(err)
	}
}

func (w *world) edit(rel string, f func([]byte) []byte) {
	w.t.Helper()
	path := w.r.path(rel)
	data, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		w.t.Fatal(err)
	}
	if out := f(data); out != nil {
		if err := os.WriteFile(path, out, 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
}
