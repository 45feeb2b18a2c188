package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/record"
)

// TestLiveIndexIsRebuiltIndex lets random things happen to a store, brings the
// index up to date now and then, and compares it with one made anew.
func TestLiveIndexIsRebuiltIndex(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, o Options) {
		for seed := range uint64(6) {
			w := newWorld(t, seed)
			var open []*record.Writer
			for step := range 40 {
				open = w.happen(open)
				if w.r.IntN(3) > 0 {
					continue
				}
				check(t, w, o, fmt.Sprintf("seed %d, step %d", seed, step))
			}
			check(t, w, o, fmt.Sprintf("seed %d, end", seed))
			for _, wr := range open {
				wr.Close()
			}
			if o.Address != "" {
				o.Address = postgres(t)
			}
		}
	})
}

// happen does one random thing to the store.
func (w *world) happen(open []*record.Writer) []*record.Writer {
	w.t.Helper()
	known := slices.Sorted(maps.Keys(w.runs))
	var sealed []string
	for _, id := range known {
		if !slices.ContainsFunc(open, func(wr *record.Writer) bool { return wr.ID() == id }) {
			sealed = append(sealed, id)
		}
	}
	switch n := w.r.IntN(10); {
	case n < 4:
		w.write(w.run(), true)
	case n < 5:
		open = append(open, w.write(w.run(), false))
	case n < 6 && len(open) > 0:
		w.seal(open[0], *w.runs[open[0].ID()])
		open = open[1:]
	case n < 8 && len(sealed) > 0:
		w.remove(sealed[w.r.IntN(len(sealed))])
	case len(sealed) > 0 && n < 9:
		w.promote(sealed[w.r.IntN(len(sealed))])
	case len(sealed) > 0:
		w.damage(sealed[w.r.IntN(len(sealed))])
	}
	return open
}

// damage changes a byte of a sealed record.
func (w *world) damage(id string) {
	e, err := record.Find(w.root, id)
	if err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(e.Dir, "metrics.jsonl")
	if err := errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, []byte("{}\n"), 0o644)); err != nil {
		w.t.Fatal(err)
	}
	delete(w.runs, id)
}

func check(t *testing.T, w *world, o Options, where string) {
	t.Helper()
	ctx := context.Background()
	x, err := Open(ctx, w.root, o)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	// A record that is damaged after it was indexed keeps its rows: nothing reads it again.
	if d, err := x.Verify(ctx); err != nil || len(withoutDamage(t, x, d)) > 0 {
		t.Fatalf("%s: %v: the index and the files differ:\n%s", where, err, cmp.Diff(nil, d))
	}
}

// withoutDamage leaves out differences of runs whose records are damaged now.
func withoutDamage(t *testing.T, x *Index, ds []Difference) (out []Difference) {
	t.Helper()
	for _, d := range ds {
		id, _, _ := strings.Cut(d.Row, "\t")
		e, err := record.Find(x.root, id)
		if err == nil {
			_, err = e.Head()
		}
		var corrupt *record.CorruptError
		if !errors.As(err, &corrupt) {
			out = append(out, d)
		}
	}
	return out
}

// TestStoresShareADatabase lets two stores use one PostgreSQL: each sees the runs of
// both, and a run goes with its last holder.
func TestStoresShareADatabase(t *testing.T) {
	t.Parallel()
	o := Options{Now: later, Address: postgres(t)}
	a, b := newWorld(t, 1), newWorld(t, 2)
	shared := a.run()
	a.write(shared, true)
	b.write(shared, true)
	own := b.run()
	b.write(own, true)
	xa, xb := open(t, a, o), open(t, b, o)
	ctx := context.Background()
	want := []string{own.ID, shared.ID}
	slices.Sort(want)
	slices.Reverse(want)
	for _, x := range []*Index{xa, xb} {
		got, err := x.Select(ctx, Query{})
		if err != nil || !slices.Equal(ids(got), want) {
			t.Errorf("%v: found %v, want %v", err, ids(got), want)
		}
	}
	for _, w := range []*world{a, b} {
		w.remove(shared.ID)
		if err := open(t, w, o).Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		got, err := xa.Select(ctx, Query{})
		if left := map[bool]int{true: 2, false: 1}[w == a]; err != nil || len(got.Rows) != left {
			t.Errorf("%v: %d runs are left, want %d", err, len(got.Rows), left)
		}
	}
}

// TestManyAtOnce opens one new index from many goroutines with connections of their own.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, o Options) {
		w := newWorld(t, 3)
		for range 40 {
			w.write(w.run(), true)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				x, err := Open(context.Background(), w.root, o)
				if err != nil {
					t.Error(err)
					return
				}
				defer x.Close()
				if got, err := x.Select(context.Background(), Query{}); err != nil || len(got.Rows) != 40 {
					t.Errorf("%v: %d runs, want 40", err, len(got.Rows))
				}
			})
		}
		wg.Wait()
		check(t, w, o, "after all")
	})
}

// TestKilledWhileIndexing kills a process that fills an index, again and again.
func TestKilledWhileIndexing(t *testing.T) {
	if root := os.Getenv("INDEX_ROOT"); root != "" {
		x, err := Open(context.Background(), root, Options{Now: later})
		if err != nil {
			t.Fatal(err)
		}
		x.Close()
		return
	}
	t.Parallel()
	w := newWorld(t, 4)
	for range 600 {
		w.write(w.run(), true)
	}
	for i := range 12 {
		c := exec.Command(os.Args[0], "-test.run=^TestKilledWhileIndexing$")
		c.Env = append(os.Environ(), "INDEX_ROOT="+w.root)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		sleep(20 + 15*i)
		c.Process.Kill()
		c.Wait()
	}
	check(t, w, Options{Now: later}, "after kills")
}

// TestUnsoundFiles replaces what is no index of this version, and says so.
func TestUnsoundFiles(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, path string){
		"text": func(t *testing.T, path string) { writeFile(t, path, strings.Repeat("no database\n", 900)) },
		"other tables": func(t *testing.T, path string) {
			db := must(sql.Open("sqlite", path))
			defer db.Close()
			must(db.Exec("CREATE TABLE wedding (guest TEXT)"))
		},
		"newer format": func(t *testing.T, path string) {
			db := must(sql.Open("sqlite", path))
			defer db.Close()
			must(db.Exec("CREATE TABLE meta (name TEXT, value TEXT)"))
			must(db.Exec("INSERT INTO meta VALUES ('format', '99')"))
		},
		"torn": func(t *testing.T, path string) {
			w := newWorld(t, 5)
			for range 50 {
				w.write(w.run(), true)
			}
			x := must(Open(context.Background(), w.root, Options{Address: path, Now: later}))
			x.Close()
			data := must(os.ReadFile(path))
			for i := 4096; i < len(data); i++ {
				data[i] ^= 0x5a
			}
			writeFile(t, path, string(data))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 6)
			w.write(w.run(), true)
			spoil(t, filepath.Join(w.root, File))
			var said []string
			o := Options{Now: later, Notice: func(s string) { said = append(said, s) }}
			check(t, w, o, name)
			if len(said) != 1 || !strings.Contains(said[0], "built anew") {
				t.Errorf("said %q", said)
			}
		})
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
