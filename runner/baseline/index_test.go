package baseline

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/record"
)

// keeper keeps an index in a store and counts how often.
type keeper struct {
	root string
	n    int
}

func (k *keeper) keep(rel string, data []byte) error {
	k.n++
	path := filepath.Join(k.root, rel)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

func (w *world) index(k *keeper) []Line {
	w.t.Helper()
	x, err := OpenIndex(w.root, k.keep)
	if err != nil {
		w.t.Fatal(err)
	}
	return x.Lines()
}

func TestIndex(t *testing.T) {
	t.Parallel()
	w := &world{t: t, root: t.TempDir()}
	k := &keeper{root: w.root}
	if got := w.index(k); len(got) != 0 || k.n != 0 {
		t.Errorf("an empty store: %v, kept %d times", got, k.n)
	}
	odd := "a\tb\\n\nc"
	w.ran("c1", func(r *record.Run) {
		r.Pipeline, r.Source.Repository, r.Source.Branch, r.Trigger.Event, r.Reason = odd, odd, odd, odd, odd
		r.Source.Dirty, r.Departs, r.Gates = true, []string{"x"}, []record.Gate{{Gate: "auc > 1"}}
		r.Started = r.Started.Add(123456789)
	})
	w.ran("c2")
	open := w.ran("c3", running)
	first := w.index(k)
	if len(first) != 2 || first[0].Commit != "c2" || first[1].Pipeline != odd || k.n != 1 {
		t.Fatalf("lines %+v, kept %d times", first, k.n)
	}
	if d := cmp.Diff(first, w.index(k)); d != "" || k.n != 1 {
		t.Errorf("from the cache, kept %d times: %s", k.n, d)
	}

	// A torn file, one of other fields, and one that somebody wrote into are no cache.
	path := filepath.Join(w.root, cacheFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, bad := range []string{"", string(whole[:len(whole)-1]), strings.Replace(string(whole), "c2", "c9", 1), strings.Replace(string(whole), "runs 1", "runs 0", 1), cacheMagic} {
		if err := os.WriteFile(path, []byte(bad), 0o644); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(first, w.index(k)); d != "" || k.n != i+2 {
			t.Errorf("damage %d, kept %d times: %s", i, k.n, d)
		}
	}

	// A record that is gone is in no list, and one that cannot be read neither.
	e, err := record.Find(w.root, first[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(e.Dir); err != nil {
		t.Fatal(err)
	}
	if got := w.index(k); len(got) != 1 || got[0].Pipeline != odd {
		t.Errorf("after the record is gone: %+v", got)
	}
	damaged := w.ran("c4")
	if e, err = record.Find(w.root, damaged); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(e.Dir, "source.json"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(e.Dir, "source.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, l := range w.index(k) {
		if l.ID == damaged || l.ID == open {
			t.Errorf("listed: %+v", l)
		}
	}
}

// What an index says is held against the record before it is used.
func TestIndexIsAHint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.commit(2)
	good := w.ran(ids[0])
	bad := w.ran(ids[0])
	k := &keeper{root: w.root}
	w.index(k)
	e, err := record.Find(w.root, bad)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(e.Dir, "params.json")); err != nil { // after it was listed
		t.Fatal(err)
	}
	w.found("the newest is damaged", w.resolve(Query{Branch: "main"}), good, "main@"+short(ids[0])+" (previous commit, 1 commit behind the tip), run 019a0001-0000, 4 d old")
}

// BenchmarkIndex lists 10,000 runs, which the index knows.
func BenchmarkIndex(b *testing.B) {
	root := b.TempDir()
	for i := range 10_000 {
		run := record.Run{Pipeline: "churn", Status: record.Success, Started: time.Unix(int64(i), 0), Source: record.Source{Commit: fmt.Sprintf("%040x", i), Branch: "main"}}
		w, err := record.Create(root, run)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.Seal(run); err != nil {
			b.Fatal(err)
		}
	}
	k := &keeper{root: root}
	if _, err := OpenIndex(root, k.keep); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		x, err := OpenIndex(root, k.keep)
		if err != nil || len(x.lines) != 10_000 {
			b.Fatal(len(x.lines), err)
		}
		x.of(Query{Pipeline: "churn"})
	}
}

// FuzzLine reads foreign lines of the cache: no panic, and what is read is written
// and read as the same again.
func FuzzLine(f *testing.F) {
	f.Add("id\tp\\t\\\\\tr\tc\tb\te\tsuccess\t\t1\t\t1\t12345")
	f.Add(strings.Repeat("\t", fields-1) + "-9")
	f.Add("\\")
	f.Fuzz(func(t *testing.T, text string) {
		l, ok := parseLine(text)
		if !ok || strings.Contains(text, "\n") {
			return
		}
		again, ok := parseLine(strings.TrimSuffix(l.text(), "\n"))
		if !ok || again != l {
			t.Errorf("%q: %+v, then %+v", text, l, again)
		}
	})
}
