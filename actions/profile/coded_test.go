package profile

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/actions/table"
)

// TestNumbersByCode describes numbers that come as codes, with another dictionary
// every now and then, and the same numbers one by one: moments differ by rounding,
// histograms within what they promise, all else not at all.
func TestNumbersByCode(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 9))
		kind := []table.Kind{table.Int, table.Float, table.Date, table.Bool}[seed%4]
		different, spread := 1+r.IntN(3000), int64(1)<<r.IntN(50)
		columns := []table.Column{{Name: "x", Kind: kind}}
		coded, plain := NewBuilder(columns), NewBuilder(columns)
		var numbers []float64
		for range 4 {
			d := numbersDict(r, kind, different, spread)
			for range 3 {
				v := codesOf(r, d, 2000, seed%3 == 0)
				p := lookedUp(kind, d, v.Codes)
				for i := range v.Codes {
					if v.Codes[i] >= 0 && !math.IsNaN(p.Float(i)) && !math.IsInf(p.Float(i), 0) {
						numbers = append(numbers, p.Float(i))
					}
				}
				v.Kind, v.Nulls = kind, p.Nulls
				coded.Add(&table.Batch{Rows: len(v.Codes), Columns: []table.Vector{v}})
				plain.Add(&table.Batch{Rows: len(v.Codes), Columns: []table.Vector{p}})
			}
		}
		got, want := coded.Profile().Columns[0], plain.Profile().Columns[0]
		slices.Sort(numbers)
		checkNumbers(t, seed, got.Numbers, numbers)
		got.Numbers, want.Numbers = nil, nil
		if !got.Exact { // which values are told as common depends on their order
			got.Values, got.Most, got.Other, want.Values, want.Most, want.Other = nil, 0, 0, nil, 0, 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("seed %d, %v:\n%s", seed, kind, diff)
		}
	}
}

func checkNumbers(t *testing.T, seed uint64, n *Numbers, sorted []float64) {
	t.Helper()
	var sum float64
	for _, x := range sorted {
		sum += x / float64(len(sorted))
	}
	last := len(sorted) - 1
	if n.Count != int64(len(sorted)) || n.Min != sorted[0] || n.Max != sorted[last] || math.Abs(n.Mean-sum) > 1e-9*(math.Abs(sorted[0])+math.Abs(sorted[last])) {
		t.Errorf("seed %d: %d numbers from %v to %v with the mean %v, want %d from %v to %v with %v", seed, n.Count, n.Min, n.Max, n.Mean, len(sorted), sorted[0], sorted[last], sum)
	}
	for _, p := range []float64{.01, .25, .5, .75, .99} {
		want, got := sorted[int(math.Ceil(p*float64(len(sorted))))-1], n.Quantile(p)
		at, _ := slices.BinarySearch(sorted, got)
		rank := float64(at) / float64(len(sorted))
		if math.Abs(got-want) > .01*math.Abs(want) && math.Abs(rank-p) > .005 {
			t.Errorf("seed %d: quantile %v is %v of rank %v, want %v", seed, p, got, rank, want)
		}
	}
}

func numbersDict(r *rand.Rand, kind table.Kind, n int, spread int64) *table.Dict {
	d := &table.Dict{}
	for range n {
		switch kind {
		case table.Float:
			d.Floats = append(d.Floats, float64(r.Int64N(2*spread)-spread)/8)
		case table.Bool:
			d.Ints = append(d.Ints, int64(r.IntN(2)))
		default:
			d.Ints = append(d.Ints, r.Int64N(2*spread)-spread)
		}
	}
	if kind == table.Float {
		d.Floats = append(d.Floats, math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 0, 1)
	}
	return d
}

// codesOf draws codes and nulls, in the order of their values if asked.
func codesOf(r *rand.Rand, d *table.Dict, rows int, ascending bool) table.Vector {
	v := table.Vector{Dict: d, Codes: make([]int32, rows)}
	for i := range v.Codes {
		v.Codes[i] = int32(r.IntN(len(d.Ints) + len(d.Floats)))
	}
	if ascending {
		slices.Sort(d.Ints)
		slices.Sort(d.Floats)
		slices.Sort(v.Codes)
	}
	for i := range v.Codes {
		if r.IntN(10) == 0 {
			v.Codes[i] = -1
		}
	}
	return v
}

// lookedUp returns what codes mean.
func lookedUp(kind table.Kind, d *table.Dict, codes []int32) table.Vector {
	v := table.Vector{Kind: kind, Nulls: make([]bool, len(codes)), Ints: make([]int64, len(codes)), Floats: make([]float64, len(codes))}
	for i, c := range codes {
		switch {
		case c < 0:
			v.Nulls[i] = true
		case kind == table.Float:
			v.Floats[i] = d.Floats[c]
		default:
			v.Ints[i] = d.Ints[c]
		}
	}
	return v
}
