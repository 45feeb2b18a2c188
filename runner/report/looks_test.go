package report

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLooks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n, most int
		want    string
	}{
		{3, 3, "[{3 0.9500}]"},
		{3, 10, "[{3 0.9850} {6 0.9850} {10 0.9800}]"},
		{2, 5, "[{2 0.9800} {4 0.9800} {5 0.9900}]"},
	} {
		var got []string
		for _, l := range Looks(c.n, c.most, 0.95) {
			got = append(got, fmt.Sprintf("{%d %.4f}", l.Seeds, l.Level))
		}
		if d := cmp.Diff(c.want, fmt.Sprint(got)); d != "" {
			t.Errorf("%d up to %d (-want +got):\n%s", c.n, c.most, d)
		}
	}
}

// Where nothing but chance moves a metric, stopping at the first difference errs
// in at most 5 of 100 runs; with intervals of 95 % at each look it would in more.
func TestLooksHoldTheLevel(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	c := &comparison{CompareOptions: CompareOptions{Level: 0.95}, quantiles: map[[2]float64]float64{}}
	const rounds = 4000
	erred, naive := 0, 0
	for range rounds {
		var head, base []seed
		for i := range 10 {
			name := fmt.Sprint(i)
			head, base = append(head, seed{name, r.NormFloat64()}), append(base, seed{name, r.NormFloat64()})
		}
		moved := func(n int, level float64) bool {
			i := c.seedInterval(head[:n], base[:n], level)
			return i.Low > 0 || i.High < 0
		}
		bad, worse := false, false
		for _, l := range Looks(3, 10, 0.95) {
			bad, worse = bad || moved(l.Seeds, l.Level), worse || moved(l.Seeds, 0.95)
		}
		if bad {
			erred++
		}
		if worse {
			naive++
		}
	}
	if rate := float64(erred) / rounds; rate > 0.055 || rate < 0.03 {
		t.Errorf("%.3f err", rate)
	}
	if rate := float64(naive) / rounds; rate < 0.08 {
		t.Errorf("without the correction %.3f err: the test shows nothing", rate)
	}
}

// A baseline with more seeds counts with those that the run has; one with fewer
// with all that it has.
func TestSeedsOfTheBaselineArePaired(t *testing.T) {
	t.Parallel()
	head := legs(1, 0.91, 0.93)
	m := auc(t, head, legs(1, 0.90, 0.92, 0.99, 0.99), CompareOptions{})
	if i := m.Interval; !i.Paired || i.N != 2 || float64(*m.Base) != 0.91 {
		t.Errorf("with more seeds: base %v, %+v", *m.Base, i)
	}
	if i := auc(t, head, legs(2, 0.90, 0.92, 0.99), CompareOptions{}).Interval; i.Paired {
		t.Errorf("with other seeds: %+v", i)
	}
}

// A select among combinations chooses all of their seeds.
func TestSelectedSeeds(t *testing.T) {
	t.Parallel()
	r := legs(1, 0.9, 0.8)
	for i := range r.Jobs {
		r.Jobs[i].ID = fmt.Sprintf("train@depth=4,seed=%d", i+1)
		r.Jobs[i].Matrix = map[string]any{"depth": 4.0, "seed": float64(i + 1)}
	}
	other := r.Jobs[0]
	other.ID, other.Matrix = "train@depth=8,seed=1", map[string]any{"depth": 8.0, "seed": 1.0}
	other.Metrics = legs(1, 0.1).Jobs[0].Metrics
	r.Jobs = append(r.Jobs, other)
	r.Selected = map[string]string{"train": "train@depth=4"}
	if m := auc(t, r, nil, CompareOptions{}); m.Seeds != 2 || len(m.Others) > 0 {
		t.Errorf("%+v", m)
	}
}

// Of a difference with noise of rows, which all seeds share, and noise of each
// seed, 95 of 100 intervals hold the true one; those of the seeds alone do not.
func TestRowsAndSeeds(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	const rounds = 4000
	held, alone := 0, 0
	c := &comparison{CompareOptions: CompareOptions{Level: 0.95}, quantiles: map[[2]float64]float64{}}
	for range rounds {
		shared := 0.5 * r.NormFloat64()
		var head, base []seed
		for i := range 8 {
			head, base = append(head, seed{fmt.Sprint(i), shared + 0.7*r.NormFloat64()}), append(base, seed{fmt.Sprint(i), 0})
		}
		s := c.seedInterval(head, base, 0.95)
		if s.Low <= 0 && s.High >= 0 {
			alone++
		}
		if both := s.withRows(Interval{Low: -0.98, High: 0.98, Level: 0.95, Method: "DeLong", N: 100, Unit: "rows"}); both.Low <= 0 && both.High >= 0 {
			held++
		}
	}
	if rate := float64(held) / rounds; rate < 0.94 || rate > 0.975 {
		t.Errorf("%.3f hold the true difference", rate)
	}
	if rate := float64(alone) / rounds; rate > 0.85 {
		t.Errorf("seeds alone hold it in %.3f: the test shows nothing", rate)
	}
}
