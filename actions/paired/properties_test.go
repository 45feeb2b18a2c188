package paired

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// some is n rows of two models with ties, weights and clusters.
func some(n int) (draw, Design) {
	rng := rand.New(rand.NewPCG(7, 7))
	d := populations()[5].draw(rng, n)
	design := Design{Cluster: d.cluster, Seed: 3}
	for i := range n {
		d.a[i], d.b[i] = math.Round(d.a[i]*20)/20, math.Round(d.b[i]*30)/30
		design.Weight = append(design.Weight, 0.5+rng.Float64())
	}
	return d, design
}

func TestOrderIsThatOfAStableSort(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	kinds := map[string]func(i int) float64{
		"normal":   func(int) float64 { return rng.NormFloat64() },
		"ties":     func(int) float64 { return float64(rng.IntN(5) - 2) },
		"constant": func(int) float64 { return 0.5 },
		"close":    func(int) float64 { return math.Float64frombits(math.Float64bits(0.5) + rng.Uint64N(1<<10)) },
		"an outlier": func(i int) float64 {
			if i == 7 {
				return 1e-300
			}
			return 0.5 + rng.Float64()/1e9
		},
		"specials": func(int) float64 {
			return []float64{math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1, -1, 5e-324, math.MaxFloat64}[rng.IntN(8)]
		},
	}
	for name, draw := range kinds {
		values, want := make([]float64, 3000), make([]int32, 3000)
		for i := range values {
			values[i], want[i] = draw(i), int32(i)
		}
		slices.SortStableFunc(want, func(a, b int32) int { return cmp.Compare(values[b], values[a]) })
		if got := Order(values); !slices.Equal(got, want) {
			t.Errorf("%s: not in order", name)
		}
	}
	if got := Order([]float64{1, math.NaN(), 2}); !slices.Equal(got, []int32{2, 0, 1}) {
		t.Errorf("NaN: %v", got)
	}
}

// TestInfluenceIsTheDerivative weighs single rows a little more and looks how the metric moves.
func TestInfluenceIsTheDerivative(t *testing.T) {
	t.Parallel()
	d, design := some(150)
	s := Rank(d.a)
	metrics := map[string]func(r *Rows, of [2]float64) Influence{
		"average precision": func(r *Rows, of [2]float64) Influence { return r.averagePrecision(d.label, of, s) },
		"ks":                func(r *Rows, of [2]float64) Influence { return r.ks(d.label, of, s) },
		"calibration":       func(r *Rows, _ [2]float64) Influence { return r.calibration(d.label, 7, d.a) },
		"area": func(r *Rows, of [2]float64) Influence {
			p := r.placements(d.label, s)
			for i := range p.rows {
				p.rows[i] *= r.total / of[index(d.label[i])]
			}
			return Influence{p.area, p.rows}
		},
	}
	const h = 1e-6
	for name, of := range metrics {
		r := rows(t, 150, design)
		at := of(r, r.classes(d.label).weight)
		for i := range 150 {
			moved := slices.Clone(design.Weight)
			moved[i] += h
			m := rows(t, 150, Design{Weight: moved})
			got := (of(m, m.classes(d.label).weight).Value - at.Value) / h
			want := (at.Rows[i] - r.mean(at.Rows)) / r.total
			if math.Abs(got-want) > 1e-6 {
				t.Errorf("%s: row %d moves it by %v, its influence is %v", name, i, got, want)
				break
			}
		}
	}
}

// TestAveragePrecisionAndLift counts them out by their definitions.
func TestAveragePrecisionAndLift(t *testing.T) {
	t.Parallel()
	label := []bool{true, false, true, true, false, false, true, false, false, false}
	score := []float64{9, 8, 7, 7, 7, 5, 5, 3, 2, 1}
	r := rows(t, 10, Design{})
	// Thresholds 9, 7 and 5 have positives: 1 of 1, 3 of 5, 4 of 7.
	e := must(r.AveragePrecision(label, Scores{Values: score}, Scores{}))
	expectNear(t, "average precision", e.A.Value, 1./4*1+2./4*3/5+1./4*4/7)
	// Of the best four one is sure, one of 8 is none, and two of three 7s count: 1 + 2·2/3 positives.
	e = must(r.Lift(label, 0.4, Scores{Values: score}, Scores{}))
	expectNear(t, "lift", e.A.Value, (1+4./3)/4/0.4)
	// Up to 3 are three of six negatives and no positive; up to 5 four and one.
	e = must(r.KS(label, Scores{Values: score}, Scores{}))
	expectNear(t, "KS", e.A.Value, 3./6)
}

func TestTheSameModelTwiceIsTheSame(t *testing.T) {
	t.Parallel()
	d, design := some(300)
	for _, design := range []Design{{}, design} {
		for name, e := range everything(t, rows(t, 300, design), d.label, d.a, slices.Clone(d.a)) {
			if e.Diff != (Value{}) || e.P != 1 || e.Verdict(0) != Same || e.Reason != "" || !(e.A.Low < e.A.Value) {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
}

func TestSwappedModelsSwap(t *testing.T) {
	t.Parallel()
	d, design := some(400)
	r := rows(t, 400, design)
	there, back := everything(t, r, d.label, d.a, d.b), everything(t, r, d.label, d.b, d.a)
	for name, e := range there {
		o := back[name]
		if e.Diff.Value != -o.Diff.Value || math.Abs(e.Diff.SE-o.Diff.SE) > 1e-12 || e.A.Value != o.B.Value {
			t.Errorf("%s: %+v and %+v", name, e.Diff, o.Diff)
		}
	}
}

func TestOneModelAlone(t *testing.T) {
	t.Parallel()
	d, design := some(400)
	r := rows(t, 400, design)
	both, one := everything(t, r, d.label, d.a, d.b), everything(t, r, d.label, d.a, nil)
	for name, e := range one {
		if math.Abs(e.A.Value-both[name].A.Value) > 1e-12 || math.Abs(e.A.SE-both[name].A.SE) > 1e-9 {
			t.Errorf("%s: %+v alone, %+v of two", name, e.A, both[name].A)
		}
		if e.Diff.Value == e.Diff.Value || e.B.Value == e.B.Value || e.P == e.P || e.Reason != "" {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// TestIntervalsAreTheSameOnOneCore must not be parallel: it changes GOMAXPROCS.
func TestIntervalsAreTheSameOnOneCore(t *testing.T) {
	d, design := some(300)
	all := func() map[string]Estimate {
		r := rows(t, 300, design)
		out := everything(t, r, d.label, d.a, d.b)
		out["buckets"] = must(r.Buckets(30, gapOfBins, bins(d.label, d.a), bins(d.label, d.b)))
		return out
	}
	two := all()
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	for name, e := range all() {
		if e != two[name] {
			t.Errorf("%s: %+v on one core, else %+v", name, e, two[name])
		}
	}
}

func TestWhatIsNotKnownSaysWhy(t *testing.T) {
	t.Parallel()
	d, _ := some(20)
	a, b := Scores{Values: d.a}, Scores{Values: d.b}
	one := make([]uint64, 20)
	positive := slices.Repeat([]bool{true}, 20)
	for _, c := range []struct {
		name, reason string
		e            Estimate
		valued       bool
	}{
		{"AUC of one class", "no row is negative", must(rows(t, 20, Design{}).AUC(positive, a, b)), false},
		{"KS of one class", "no row is negative", must(rows(t, 20, Design{}).KS(positive, a, b)), false},
		{"average precision without positives", "no row is positive", must(rows(t, 20, Design{}).AveragePrecision(make([]bool, 20), a, b)), false},
		{"mean of one cluster", "all rows are of one cluster", must(rows(t, 20, Design{Cluster: one}).Mean(d.a, d.b)), true},
		{"AUC of one cluster", "rows are of one cluster", must(rows(t, 20, Design{Cluster: one}).AUC(d.label, a, b)), true},
		{"mean of no weight", "no row has a weight", must(rows(t, 20, Design{Weight: make([]float64, 20)}).Mean(d.a, d.b)), false},
		{"mean of no rows", "no row has a weight", must(rows(t, 0, Design{}).Mean(nil, nil)), false},
	} {
		if !strings.Contains(c.e.Reason, c.reason) || c.e.Diff.Low == c.e.Diff.Low || c.e.P == c.e.P || c.e.Verdict(0) != CantTell || (c.e.A.Value == c.e.A.Value) != c.valued {
			t.Errorf("%s: %+v", c.name, c.e)
		}
	}
}

func TestBadRowsAreErrors(t *testing.T) {
	t.Parallel()
	bad, short := []float64{0, nan, 1}, []float64{1, 2}
	good, label := []float64{0.1, 0.2, 0.3}, []bool{true, false, true}
	r := rows(t, 3, Design{})
	first := func(_ any, err error) error { return err }
	var row *RowError
	for i, err := range []error{
		first(Of(3, Design{Weight: []float64{1, 1, -1}})), first(Of(3, Design{Weight: []float64{1, 1, math.Inf(1)}})),
		first(r.Mean(good, bad)), first(r.Mean(bad, nil)), first(r.AUC(label, Scores{Values: good}, Scores{Values: bad})),
		first(r.Calibration(label, 3, []float64{0, 0.5, 1.5}, good)), first(r.Classes(2, []int32{0, 1, 2}, []int32{0, 0, 0}, nil)),
		first(r.Influence(Influence{0, bad}, Influence{})),
	} {
		if !errors.As(err, &row) {
			t.Errorf("bad value %d: %v", i, err)
		}
	}
	var length *LengthError
	for i, err := range []error{
		first(Of(3, Design{Weight: short})), first(Of(3, Design{Cluster: []uint64{1}})), first(r.Mean(good, short)), first(r.Mean(nil, good)),
		first(r.AUC(label[:2], Scores{Values: good}, Scores{})), first(r.KS(label, Scores{}, Scores{Values: good})),
		first(r.Binary(label, label, label[:1])), first(r.Means(nil, [][]float64{good}, [][]float64{good, good})),
		first(r.AUC(label, Scores{Values: good, Order: []int32{0}}, Scores{})),
	} {
		if !errors.As(err, &length) {
			t.Errorf("bad length %d: %v", i, err)
		}
	}
	if _, err := Of(3, Design{Level: 95}); err == nil {
		t.Error("a level of 95 is no error")
	}
}

// TestPerfectModelsAreNotCertain: of six rows each that two models separate, nothing
// is known of the next.
func TestPerfectModelsAreNotCertain(t *testing.T) {
	t.Parallel()
	label := []bool{false, false, false, true, true, true}
	r := rows(t, 6, Design{})
	e := must(r.AUC(label, Scores{Values: []float64{1, 2, 3, 4, 5, 6}}, Scores{Values: []float64{3, 2, 1, 4, 5, 6}}))
	if e.A.Value != 1 || e.A.High != 1 || !(e.A.Low < 0.6) || e.Verdict(0) != CantTell || !(e.Diff.Low < -0.3 && e.Diff.High > 0.3) {
		t.Errorf("%+v", e)
	}
	for name, e := range map[string]Estimate{
		"average precision": must(r.AveragePrecision(label, Scores{Values: []float64{1, 2, 3, 4, 5, 6}}, Scores{Values: []float64{3, 2, 1, 4, 5, 6}})),
		"KS":                must(r.KS(label, Scores{Values: []float64{1, 2, 3, 4, 5, 6}}, Scores{Values: []float64{3, 2, 1, 4, 5, 6}})),
	} {
		if e.A.Value != 1 || !(e.A.Low < 0.6) || e.Verdict(0) != CantTell || !(e.Diff.Low < -0.3) {
			t.Errorf("%s: %+v", name, e)
		}
	}
	cells, err := r.Binary(label, label, []bool{false, false, true, true, true, true})
	if err != nil {
		t.Fatal(err)
	}
	if e := cells.Accuracy(); e.A.High != 1 || !(e.A.Low < 0.8) || e.Verdict(0) != CantTell || e.P != 0.5 {
		t.Errorf("%+v", e)
	}
}

func TestConstantScoresHaveAnAreaOfHalf(t *testing.T) {
	t.Parallel()
	d, _ := some(50)
	e := must(rows(t, 50, Design{}).AUC(d.label, Scores{Values: make([]float64, 50)}, Scores{Values: d.b}))
	if e.A.Value != 0.5 || e.A.SE != 0 || e.A.Low != 0.5 || e.A.High != 0.5 || !(e.Diff.SE > 0) || math.Abs(e.Diff.SE-e.B.SE) > 1e-15 {
		t.Errorf("%+v", e)
	}
}
