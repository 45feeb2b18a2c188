package metric

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// samples are rows of every task, with ties, weights and groups.
func samples(n int) []*Rows {
	c := goldenCase{Seed: 5, Rows: n, Rate: 0.4, Signal: 0.5, Levels: 20, Weights: "some", Classes: 4, Groups: n / 10, Size: 10, Grades: 2}
	binary, classes, numbers, ranking := c.binary(), c.classes(), c.numbers(), c.ranking()
	regression := fresh(numbers)
	regression.Task = Regression
	r := random(9)
	numbers.Naive = r.next(n) // so that rows can be taken out of their series
	for i, v := range numbers.Naive {
		numbers.Naive[i] = 0.5 + v
	}
	return []*Rows{binary, classes, regression, numbers, ranking}
}

// metricsOf returns all metrics of a task, with thresholds too.
func metricsOf(t Task) []Metric {
	var out []Metric
	for _, f := range families() {
		for _, a := range []Arg{{Value: f.usual, Given: f.usual != 0}, {Value: 0.4, Given: true}, {Best: true}} {
			if a.Value == 0.4 && f.Arg.Kind != Threshold || a.Best && !f.best {
				continue
			}
			if m := f.metric(a); m.For(t) {
				out = append(out, m)
			}
		}
	}
	return out
}

func expectValue(t *testing.T, what string, m Metric, r *Rows, want float64) {
	t.Helper()
	got, err := Value(m, r)
	if err != nil || !near(got, want) {
		t.Errorf("%s: %s of %s rows is %.17g, %v; want %.17g", what, m.Name, r.Task, got, err, want)
	}
}

func mustValue(t *testing.T, m Metric, r *Rows) float64 {
	t.Helper()
	v, err := Value(m, r)
	if err != nil {
		t.Fatalf("%s: %v", m.Name, err)
	}
	if v < m.Low || v > m.High {
		t.Errorf("%s is %v, which is not from %v to %v", m.Name, v, m.Low, m.High)
	}
	return v
}

// join returns rows followed by others, whose groups become others if apart.
func join(a, b *Rows, apart bool) *Rows {
	out := &Rows{Task: a.Task, Classes: a.Classes, Label: slices.Concat(a.Label, b.Label), Score: slices.Concat(a.Score, b.Score),
		Weight: slices.Concat(a.Weight, b.Weight), Group: slices.Concat(a.Group, b.Group), Naive: slices.Concat(a.Naive, b.Naive)}
	for k := range a.Scores {
		out.Scores = append(out.Scores, slices.Concat(a.Scores[k], b.Scores[k]))
	}
	if apart {
		for i := a.Len(); i < len(out.Group); i++ {
			out.Group[i] += 1 << 40
		}
	}
	if len(out.Naive) == 0 {
		out.Naive = nil
	}
	return out
}

func scaledWeights(r *Rows, by func(i int) float64) *Rows {
	return r.Reweigh(r.each(func(i int) float64 { return r.weight(i) * by(i) }))
}

// The order of rows is no matter, a weight of 2 is a row twice, one of 0 no row, and
// weights have no unit.
func TestLaws(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, r := range samples(300) {
		mixed := make([]int32, r.Len())
		for i, k := range rng.Perm(r.Len()) {
			mixed[i] = int32(k)
		}
		double := scaledWeights(r, func(i int) float64 { return float64(1 + count(i/10%3 == 0)) })
		var again []int32
		for i := range mixed {
			if i/10%3 == 0 {
				again = append(again, int32(i))
			}
		}
		none := scaledWeights(r, func(i int) float64 { return float64(count(i/10%3 == 0)) })
		for _, m := range metricsOf(r.Task) {
			v := mustValue(t, m, r)
			expectValue(t, "in another order", m, r.Pick(mixed), v)
			expectValue(t, "thrice the weight", m, scaledWeights(r, func(int) float64 { return 3 }), v)
			expectValue(t, "rows twice", m, join(r, r.Pick(again), true), mustValue(t, m, double))
			expectValue(t, "without rows", m, r.Pick(again), mustValue(t, m, none))
		}
	}
}

// What a metric is made of gives its value.
func TestPieces(t *testing.T) {
	t.Parallel()
	for _, r := range samples(400) {
		for _, m := range metricsOf(r.Task) {
			var v float64
			switch m.Kind {
			case Mean:
				v = r.Mean(m.PerRow(r))
			case Smooth:
				var means []float64
				for _, p := range m.Parts(r) {
					means = append(means, r.Mean(p))
				}
				v = m.OfMeans(means)
				expectGradient(t, m, means)
			case Cells:
				c := NewConfusion(r.ClassCount())
				for i, p := range m.Predict(r) {
					c.Add(int(r.Label[i]), int(p), r.Weight[i])
				}
				v = m.OfCells(c)
			case Area, Binned:
				v = m.OfBins(r.Bins(m.Bin(r, 1000), nil))
			case GroupMean:
				var sum, total float64
				values, weights := m.PerGroup(r)
				for g, w := range weights {
					sum += w * values[g]
					total += w
				}
				v = sum / total
			default:
				continue
			}
			expectValue(t, "of its pieces", m, r, v)
		}
	}
}

func expectGradient(t *testing.T, m Metric, means []float64) {
	t.Helper()
	for k, slope := range m.Gradient(means) {
		h := 1e-6 * max(1, math.Abs(means[k]))
		up, down := slices.Clone(means), slices.Clone(means)
		up[k] += h
		down[k] -= h
		if got := (m.OfMeans(up) - m.OfMeans(down)) / (2 * h); math.Abs(got-slope) > 1e-5*max(1, math.Abs(slope)) {
			t.Errorf("%s: derivative %d is %v, want %v", m.Name, k, slope, got)
		}
	}
}

// A thousand bins are nearly as good as all scores.
func TestFewBins(t *testing.T) {
	t.Parallel()
	r := million(50_000)
	for _, m := range metricsOf(Binary) {
		if m.Kind != Area && m.Kind != Binned {
			continue
		}
		want := mustValue(t, m, r)
		if got := m.OfBins(r.Bins(m.Bin(r, 1000), nil)); math.Abs(got-want) > 0.002*want {
			t.Errorf("%s is %v of 1000 bins, %v of all scores", m.Name, got, want)
		}
	}
}

// TestPairs counts pairs of rows for AUC, and those behind each best threshold.
func TestPairs(t *testing.T) {
	t.Parallel()
	r := samples(200)[0]
	var won, pairs float64
	for i := range r.Label {
		for j := range r.Label {
			if r.Label[i] == 1 && r.Label[j] == 0 {
				w := r.Weight[i] * r.Weight[j]
				pairs += w
				switch {
				case r.Score[i] > r.Score[j]:
					won += w
				case r.Score[i] == r.Score[j]:
					won += w / 2
				}
			}
		}
	}
	auc, _ := Find("auc")
	expectValue(t, "of all pairs", auc, r, won/pairs)
	for _, name := range []string{"accuracy", "f1", "mcc", "balanced accuracy"} {
		best, _ := Find(name + " at best")
		threshold, value, err := Best(best, r)
		if err != nil {
			t.Fatal(err)
		}
		at, _ := Find(name + " at " + strconv.FormatFloat(threshold, 'f', -1, 64))
		expectValue(t, "at the best threshold", at, r, value)
	}
}

// permute calls f with every order of rows.
func permute(rows []int, k int, f func([]int)) {
	if k == len(rows) {
		f(rows)
		return
	}
	for i := k; i < len(rows); i++ {
		rows[k], rows[i] = rows[i], rows[k]
		permute(rows, k+1, f)
		rows[k], rows[i] = rows[i], rows[k]
	}
}

// Of equal scores, metrics of ranking are the mean over all orders.
func TestTiedRanks(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		n := 2 + rng.IntN(5)
		tied := &Rows{Task: Ranking, Group: make([]uint64, n)}
		for range n {
			tied.Label = append(tied.Label, float64(max(0, rng.IntN(5)-2)))
			tied.Score = append(tied.Score, float64(rng.IntN(3)))
		}
		for _, name := range []string{"ndcg", "ndcg@2", "mrr", "mrr@2", "map", "map@1", "map@3"} {
			m, _ := Find(name)
			var sum, orders float64
			permute([]int{0, 1, 2, 3, 4, 5}[:n], 0, func(p []int) {
				r := &Rows{Task: Ranking, Group: tied.Group, Label: tied.Label, Score: make([]float64, n)}
				for i, s := range tied.Score {
					r.Score[i] = s + float64(p[i])/100
				}
				sum += mustValue(t, m, r)
				orders++
			})
			expectValue(t, "over all orders", m, tied, sum/orders)
		}
	}
}

func TestArgsort(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{0, 1, 2, 100, 3000} {
		values := make([]float64, n)
		for i := range values {
			switch rng.IntN(4) {
			case 0:
				values[i] = float64(rng.IntN(5) - 2)
			case 1:
				values[i] = math.Copysign(0, -1)
			case 2:
				values[i] = rng.NormFloat64() * math.Pow(10, float64(rng.IntN(600)-300))
			default:
				values[i] = float64(float32(rng.Float64()))
			}
		}
		for _, falling := range []bool{false, true} {
			want := make([]int32, n)
			for i := range want {
				want[i] = int32(i)
			}
			slices.SortStableFunc(want, func(a, b int32) int {
				switch {
				case values[a] == values[b]:
					return 0
				case values[a] < values[b] == !falling:
					return -1
				}
				return 1
			})
			if got := argsort(values, falling); !slices.Equal(got, want) {
				t.Errorf("%d values, falling %v, are in another order", n, falling)
			}
		}
	}
}

// Metrics may be computed at once on the same rows.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	for _, r := range samples(200) {
		other := fresh(r)
		var wg sync.WaitGroup
		for _, m := range metricsOf(r.Task) {
			for range 2 {
				wg.Go(func() {
					light := other.Reweigh(r.Weight)
					for _, rows := range []*Rows{other, light} {
						if v, err := Value(m, rows); err != nil || v != mustValue(t, m, fresh(r)) {
							t.Errorf("%s is %v, %v at once", m.Name, v, err)
						}
					}
				})
			}
		}
		wg.Wait()
	}
}

// errorOf returns what is wrong.
func errorOf(err error) (Reason, Fault, int, int) {
	var u *Undefined
	var r *RowsError
	switch {
	case errors.As(err, &u):
		return u.Reason, "", u.Count, u.First
	case errors.As(err, &r):
		return "", r.Fault, r.Count, r.First
	}
	return "", "", 0, 0
}

// Where rounding could tell, it does not: no AUC or MCC is above 1, and predicting one class
// for all is worth exactly nothing.
func TestCrumbs(t *testing.T) {
	t.Parallel()
	auc, _ := Find("auc")
	mcc, _ := Find("mcc at 0.75")
	best, _ := Find("mcc at best")
	for seed := random(1); seed < 40; seed++ {
		r := million(1500 + 37*int(seed))
		state := seed
		r.Weight = state.weights(r.Len(), "some")
		for i, y := range r.Label {
			r.Score[i] = y + r.Score[i]/2
		}
		mustValue(t, auc, r)
		mustValue(t, mcc, r)
		turned := &Rows{Task: Binary, Label: r.Label, Score: r.each(func(i int) float64 { return -r.Score[i] }), Weight: r.Weight}
		if v := mustValue(t, best, turned); v != 0 {
			t.Errorf("the best MCC of turned scores is %v, not 0", v)
		}
	}
}

// Of several best thresholds the highest is taken.
func TestHighestBest(t *testing.T) {
	t.Parallel()
	m, _ := Find("accuracy at best")
	threshold, value, err := Best(m, &Rows{Task: Binary, Label: []float64{1, 0, 1}, Score: []float64{3, 2, 1}})
	if threshold != 3 || !near(value, 2.0/3) || err != nil {
		t.Errorf("%v is best, with %v, %v; want 3", threshold, value, err)
	}
	auc, _ := Find("auc")
	if _, _, err := Best(auc, samples(20)[0]); err == nil {
		t.Error("AUC has a best threshold")
	}
}
