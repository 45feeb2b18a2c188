package report

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report/history"
)

// legs are runs of one job with a seed each, from 1 or in other words from first.
func legs(first int, auc ...float64) *record.Run {
	r := &record.Run{Status: record.Success}
	for i, v := range auc {
		seed := float64(first + i)
		r.Jobs = append(r.Jobs, record.Job{
			ID: fmt.Sprintf("train@seed=%v", seed), Job: "train", Matrix: record.Values{"Seed": seed, "depth": 4.0}, Status: record.Success,
			Metrics: []record.Metric{{Name: "auc", Value: v}},
		})
	}
	return r
}

// one is a run that reported one value.
func one(auc float64) *record.Run { return legs(1, auc) }

func auc(t *testing.T, head, base *record.Run, o CompareOptions) Metric {
	t.Helper()
	if o.Metrics == nil {
		o.Metrics = []plan.Metric{{Name: "auc", Better: Higher}}
	}
	r := Compare(head, base, o)
	if len(r.Metrics) != 1 || r.Metrics[0].Name != "auc" {
		t.Fatalf("metrics %+v", r.Metrics)
	}
	return r.Metrics[0]
}

// TestSeedsAgainstR compares with R's t.test; see testdata/intervals.R.
func TestSeedsAgainstR(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/intervals.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Head, Base          []float64
		Paired              bool
		Level, Low, High, P float64
	}
	if err := json.Unmarshal(data, &rows); err != nil || len(rows) < 20 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	near := func(a Number, b float64) bool { return math.Abs(float64(a)-b) <= 1e-9*math.Abs(b) }
	for _, c := range rows {
		first := 1
		if !c.Paired {
			first = 100 // other seeds
		}
		i := auc(t, legs(1, c.Head...), legs(first, c.Base...), CompareOptions{Level: c.Level}).Interval
		if i == nil || !near(i.Low, c.Low) || !near(i.High, c.High) || !near(*i.P, c.P) || i.Paired != c.Paired || i.Level != c.Level || i.Unit != "seeds" {
			t.Errorf("%+v: %+v", c, i)
		}
	}
}

// What makes an interval, and which of several.
func TestInterval(t *testing.T) {
	t.Parallel()
	var noisy, still []*record.Run
	for i := range 6 {
		noisy = append(noisy, one(0.9+0.01*float64(i%3)))
		still = append(still, one(0.9))
	}
	reused := append([]*record.Run{}, noisy...)
	for range 6 {
		r := one(0.9)
		r.Jobs[0].Cached = true
		reused = append(reused, r)
	}
	given := Interval{Low: 0.1, High: 0.2, Level: 0.9, Method: "DeLong", N: 1000, Unit: "rows"}
	for _, c := range []struct {
		name       string
		head, base *record.Run
		o          CompareOptions
		method     string
		n          int
		note       string
		verdict    Verdict
	}{
		{"nothing is known", one(0.91), one(0.9), CompareOptions{}, "", 0, "one run on each side, fewer than 5 like it before: no interval", Better},
		{"too short a history", one(0.91), one(0.9), CompareOptions{History: noisy[:4]}, "", 0, "one run on each side, fewer than 5 like it before: no interval", Better},
		{"history", one(0.91), one(0.9), CompareOptions{History: noisy}, "t of history", 6, "", CantTell},
		{"a large move", one(0.99), one(0.9), CompareOptions{History: noisy}, "t of history", 6, "", Better},
		{"reused values tell nothing", one(0.91), one(0.9), CompareOptions{History: reused}, "t of history", 6, "", CantTell},
		{"history without a move", one(0.9001), one(0.9), CompareOptions{History: still}, "history without a move", 6, "never moved in 6 earlier runs, so any move counts", Better},
		{"and none now", one(0.9), one(0.9), CompareOptions{History: still}, "history without a move", 6, "never moved in 6 earlier runs, so any move counts", Same},
		{"seeds beat history", legs(1, 0.91, 0.92), legs(1, 0.9, 0.9), CompareOptions{History: noisy}, "paired t over seeds", 2, "", CantTell},
		{"other seeds", legs(1, 0.91, 0.92), legs(2, 0.9, 0.89), CompareOptions{}, "Welch t over seeds", 2, "", CantTell},
		{"more seeds here", legs(1, 0.91, 0.92, 0.93), legs(1, 0.9, 0.901), CompareOptions{}, "Welch t over seeds", 2, "mean of 3 seeds, beside that of 2 in the baseline", CantTell},
		{"seeds on one side", legs(1, 0.91, 0.92), one(0.9), CompareOptions{History: noisy}, "", 0,
			"mean of 2 seeds, beside one value in the baseline; one run on each side, fewer than 5 like it before: no interval", Better},
		{"seeds that agree", legs(1, 0.91, 0.91), legs(1, 0.9, 0.9), CompareOptions{}, "paired t over seeds", 2, "", Better},
		{"a seed that failed", legs(1, 0.91, math.NaN()), legs(1, 0.9, 0.9), CompareOptions{}, "", 0, "NaN now", Worse},
		{"within the margin of a gate", one(0.91), one(0.9), CompareOptions{History: noisy, Gates: gatesOf("better(auc) || SAME(metrics.auc, 0.09)", "same(auc,0.2)")}, "t of history", 6, "", Same},
		{"given without a level", one(0.91), one(0.9), CompareOptions{Intervals: map[string]Interval{"auc": {Low: 1, High: 2}}}, "", 0, "one run on each side, fewer than 5 like it before: no interval", Better},
		{"given ones beat all", legs(1, 0.91, 0.92), legs(1, 0.9, 0.9), CompareOptions{History: noisy, Intervals: map[string]Interval{"auc": given}}, "DeLong", 1000, "", Better},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := auc(t, c.head, c.base, c.o)
			method, n := "", 0
			if m.Interval != nil {
				method, n = m.Interval.Method, m.Interval.N
			}
			if method != c.method || n != c.n || m.Note != c.note || m.Verdict != c.verdict {
				t.Errorf("%q, n %d, note %q, %s; metric %+v", method, n, m.Note, m.Verdict, m)
			}
		})
	}
}

// A difference that can't be told says how many seeds would tell it, about:
// with so many more, drawn alike, it mostly is.
func TestNeeds(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	draw := func(mean float64, n int) (out []float64) {
		for range n {
			out = append(out, mean+0.01*r.NormFloat64())
		}
		return out
	}
	told, all := 0, 0
	for range 150 {
		m := auc(t, legs(1, draw(0.91, 4)...), legs(50, draw(0.9, 4)...), CompareOptions{})
		i := m.Interval
		if m.Verdict != CantTell || i.Needs == 0 || i.Needs > 60 || i.Low+i.High < 0.01 {
			continue
		}
		all++
		n := 4 + i.Needs
		if more := auc(t, legs(1, draw(0.91, n)...), legs(500, draw(0.9, n)...), CompareOptions{}); more.Verdict == Better {
			told++
		}
	}
	if all < 20 || float64(told)/float64(all) < 0.4 {
		t.Errorf("%d of %d are told with the seeds they need", told, all)
	}
}

// Where nothing but chance moves a metric, 95 of 100 intervals hold 0, from
// seeds and from history.
func TestCoverage(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	draw := func(n int) (out []float64) {
		for range n {
			out = append(out, 0.9+0.01*r.NormFloat64())
		}
		return out
	}
	seeds := func(first int, values []float64) (out []seed) {
		for i, v := range values {
			out = append(out, seed{fmt.Sprint(first + i), v})
		}
		return out
	}
	c := &comparison{CompareOptions: CompareOptions{Level: 0.95}, quantiles: map[[2]float64]float64{}}
	held := map[string]int{}
	const rounds = 4000
	for range rounds {
		past, _ := c.pastInterval(draw(1)[0]-draw(1)[0], draw(6))
		for name, i := range map[string]*Interval{
			"history": past,
			"noise":   noise(c, draw(1)[0]-draw(1)[0], draw(5)),
			"paired":  c.seedInterval(seeds(1, draw(3)), seeds(1, draw(3)), 0.95),
			"Welch":   c.seedInterval(seeds(1, draw(4)), seeds(9, draw(3)), 0.95),
		} {
			if i.Low <= 0 && i.High >= 0 {
				held[name]++
			}
		}
	}
	for name, n := range held {
		if rate := float64(n) / rounds; rate < 0.94 || rate > 0.97 {
			t.Errorf("%s: %.3f hold 0", name, rate)
		}
	}
}

// Legs that a select did not choose are not seeds of the job.
func TestSelected(t *testing.T) {
	t.Parallel()
	r := legs(1, 0.9, 0.8, 0.7)
	if m := auc(t, r, nil, CompareOptions{}); math.Abs(float64(*m.Head)-0.8) > 1e-12 || m.Seeds != 3 || m.Job != "train@depth=4" {
		t.Errorf("without select: %+v", m)
	}
	r.Selected = record.Labels{"train": "train@seed=2"}
	if m := auc(t, r, nil, CompareOptions{}); *m.Head != 0.8 || m.Seeds != 0 || m.Job != "train@seed=2" {
		t.Errorf("with select: %+v", m)
	}
	r.Selected = record.Labels{"train": "train@seed=1"}
	if m := auc(t, r, nil, CompareOptions{}); *m.Head != 0.9 || m.Others != nil {
		t.Errorf("the first is selected: %+v", m)
	}
}

// Legs that differ in more than a seed are no seeds of each other: the last of
// them counts, and its seeds alone.
func TestLegs(t *testing.T) {
	t.Parallel()
	r := legs(1, 0.9, 0.8)
	other := legs(3, 0.1, 0.3)
	for i := range other.Jobs {
		other.Jobs[i].Matrix = record.Values{"random_state": float64(i), "depth": 8.0}
	}
	r.Jobs = append(r.Jobs, other.Jobs...)
	if m := auc(t, r, nil, CompareOptions{}); *m.Head != 0.2 || m.Seeds != 2 || m.Job != "train@depth=8" || len(m.Others) != 2 {
		t.Errorf("%+v", m)
	}
	r.Jobs = append(r.Jobs, record.Job{ID: "evaluate", Job: "evaluate", Metrics: []record.Metric{{Name: "auc", Value: 0.5}}})
	if m := auc(t, r, nil, CompareOptions{}); *m.Head != 0.5 || m.Seeds != 0 || m.Job != "evaluate" || len(m.Others) != 4 {
		t.Errorf("%+v", m)
	}
}

// noise is the interval of a change with the noise of some values.
func noise(c *comparison, change float64, values []float64) *Interval {
	_, v := history.Moments(values)
	i, _ := c.noiseInterval(change, Noise{math.Sqrt(v), len(values)})
	return i
}
