package drift

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/actions/profile"
)

func TestOverlay(t *testing.T) {
	t.Parallel()
	base := cells([][3]float64{{-4, -2, 1}, {0, 0, 2}, {1, 1, 3}, {2, 4, 5}, {4, 8, 7}})
	now := cells([][3]float64{{-3, -3, 10}, {0, 0, 20}, {2, 3, 30}, {3, 3.5, 40}, {4, 4, 50}, {5, 5, 60}, {8, 8, 70}})
	a, b := overlay(base, now)
	if diff := cmp.Diff([][]float64{{1, 2, 3, 5, 7, 0}, {10, 20, 0, 70, 110, 70}}, [][]float64{a, b}); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if b, a := overlay(now, base); !slices.Equal(a, []float64{1, 2, 3, 5, 7, 0}) || !slices.Equal(b, []float64{10, 20, 0, 70, 110, 70}) {
		t.Errorf("the other way round: %v %v", a, b)
	}
}

func TestBins(t *testing.T) {
	t.Parallel()
	a, b := make([]float64, 50), make([]float64, 50)
	for i := range a {
		if i >= 5 && i < 45 {
			a[i] = 3
		}
		b[i] = 1
	}
	x, y := bins(a, b)
	if !slices.Equal(x, []float64{12, 12, 12, 12, 12, 12, 12, 12, 12, 12}) || !slices.Equal(y, []float64{9, 4, 4, 4, 4, 4, 4, 4, 4, 9}) {
		t.Errorf("%v %v", x, y)
	}
	if x, y := bins([]float64{0, 8, 0}, []float64{1, 2, 3}); !slices.Equal(x, []float64{8}) || !slices.Equal(y, []float64{6}) {
		t.Errorf("one value: %v %v", x, y)
	}
}

// TestKSOfHistograms compares with the statistic of the numbers themselves.
func TestKSOfHistograms(t *testing.T) {
	t.Parallel()
	const rows = 20_000
	for name, draw := range map[string]func(r *rand.Rand) float64{
		"normal": func(r *rand.Rand) float64 { return 5 * r.NormFloat64() }, "lognormal": func(r *rand.Rand) float64 { return math.Exp(3 * r.NormFloat64()) },
		"on both sides of 0": func(r *rand.Rand) float64 { return math.Pow(r.NormFloat64(), 9) }, "whole": func(r *rand.Rand) float64 { return math.Round(700 * r.NormFloat64()) },
		"few": func(r *rand.Rand) float64 { return math.Round(2 * r.NormFloat64()) }, "a spike": func(r *rand.Rand) float64 { return math.Max(0, r.NormFloat64()) },
	} {
		r := rand.New(rand.NewPCG(3, 4))
		for _, move := range []func(x float64) float64{func(x float64) float64 { return x }, func(x float64) float64 { return x + 1 }, func(x float64) float64 { return 3 * x }} {
			xs, ys := make([]float64, rows), make([]float64, rows/3)
			base := describe(floats("x", len(xs), func(i int) float64 { xs[i] = draw(r); return xs[i] }))
			now := describe(floats("x", len(ys), func(i int) float64 { ys[i] = move(draw(r)); return ys[i] }))
			a, b := overlay(base.Columns[0].Numbers.Histogram.Cells(), now.Columns[0].Numbers.Histogram.Cells())
			got, want := KS(a, b), ksOf(xs, ys)
			if math.Abs(got-want) > 0.005 {
				t.Errorf("%s: %v, of the numbers %v", name, got, want)
			}
			if alike := profile.Distance(base.Columns[0].Numbers, now.Columns[0].Numbers); math.Abs(got-alike) > 0.005 {
				t.Errorf("%s: %v, package profile has %v", name, got, alike)
			}
		}
	}
}

func ksOf(xs, ys []float64) (d float64) {
	slices.Sort(xs)
	slices.Sort(ys)
	upTo := func(s []float64, v float64) float64 {
		n, _ := slices.BinarySearchFunc(s, v, func(x, v float64) int {
			if x <= v {
				return -1
			}
			return 1
		})
		return float64(n) / float64(len(s))
	}
	for _, s := range [][]float64{xs, ys} {
		for _, v := range s {
			d = math.Max(d, math.Abs(upTo(xs, v)-upTo(ys, v)))
		}
	}
	return d
}
