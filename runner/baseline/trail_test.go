package baseline

import (
	"encoding/json"
	"testing"

	"github.com/mlops-runner/mlops/runner/record"
)

// Whatever is recorded later, a trail leads to the run that a new search of the
// same history finds.
func TestAgain(t *testing.T) {
	t.Parallel()
	for _, asked := range []string{"merge-base", "base-tip", "ref:main", "ref:work", "previous"} {
		t.Run(asked, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			main := w.commit(3)
			w.git("checkout", "-qb", "work")
			work := w.commit(2)
			failed := func(r *record.Run) { r.Status, r.Reason = record.Failure, "job" }
			gated := func(r *record.Run) { r.Status, r.Reason = record.Failure, "gate" }
			onWork := func(r *record.Run) { r.Source.Branch = "work" }
			q := Query{Asked: asked, Branch: "work"}
			w.followed(q, w.resolve(q)) // there is no run at all
			for _, next := range []func(){
				func() { w.ran(main[2], failed) },
				func() { w.ran(main[0]) },
				func() { w.ran(work[1], onWork) },
				func() { w.ran(main[1]) },
				func() { w.ran(main[2], gated) },
				func() { w.ran(main[2]) },
				func() { w.ran(main[2]) },
				func() { w.ran(main[0]) },
				func() { w.ran(work[0], onWork) },
			} {
				before := w.resolve(q)
				next()
				w.followed(q, before)
			}
		})
	}
}

// followed compares where a trail leads now with what is found now.
func (w *world) followed(q Query, before *Found) {
	w.t.Helper()
	want := w.resolve(q)
	text, err := json.Marshal(before.Trail)
	var trail *Trail
	if err == nil {
		err = json.Unmarshal(text, &trail)
	}
	index, indexErr := OpenIndex(w.root, nil)
	if err != nil || indexErr != nil {
		w.t.Fatal(err, indexErr)
	}
	got, ok := (&Resolver{Root: w.root, Index: index}).Again(trail)
	if !ok && !(before.Trail.Lonely && len(index.Lines()) > 0) {
		w.t.Errorf("%s: nothing is told with the trail %s", q.Asked, text)
	}
	if ok && idOf(got) != idOf(want.Run) {
		w.t.Errorf("%s: the trail leads to %q, the search to %q", q.Asked, idOf(got), idOf(want.Run))
	}
}

func idOf(r *record.Run) string {
	if r == nil {
		return ""
	}
	return r.ID
}

// The first commit has nothing to be compared with, and what is wrong may be put right.
func TestAgainWithoutTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.commit(1)
	if run, ok := (&Resolver{Root: w.root, Index: &Index{}}).Again(w.resolve(Query{Branch: "main"}).Trail); run != nil || !ok {
		t.Errorf("of the first commit the trail leads to %v, %v", run, ok)
	}
	for _, asked := range []string{"ref:gone", "file:gone.csv", "promoted:churn@production"} {
		if f := w.resolve(Query{Asked: asked}); f.Trail != nil {
			t.Errorf("%s: there is a trail %+v", asked, f.Trail)
		}
	}
}
