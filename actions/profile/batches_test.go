package profile

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/mlops-runner/mlops/actions/table"
)

const batchRows = 1000

// ofFloats describes numbers in stretches of the given length.
func ofFloats(xs []float64, stretch int) *Profile {
	return ofVector(table.Vector{Kind: table.Float, Floats: xs}, len(xs), stretch)
}

func ofInts(k table.Kind, xs []int64, stretch int) *Profile {
	return ofVector(table.Vector{Kind: k, Ints: xs}, len(xs), stretch)
}

func ofTexts(xs []string, stretch int) *Profile {
	v := table.Vector{Kind: table.Text}
	for _, x := range xs {
		v.Texts = append(v.Texts, []byte(x))
	}
	return ofVector(v, len(xs), stretch)
}

func ofVector(v table.Vector, rows, stretch int) *Profile {
	columns := []table.Column{{Name: "x", Kind: v.Kind}}
	whole := NewBuilder(columns).Profile()
	for from := 0; from < rows; from += stretch {
		b := NewBuilder(columns)
		upTo := min(from+stretch, rows)
		for at := from; at < upTo; at += batchRows {
			b.Add(batchOf(v, at, min(at+batchRows, upTo)))
		}
		merged, err := Merge(whole, b.Profile())
		if err != nil {
			panic(err)
		}
		whole = merged
	}
	return whole
}

func batchOf(v table.Vector, from, upTo int) *table.Batch {
	if v.Nulls != nil {
		v.Nulls = v.Nulls[from:upTo]
	}
	switch {
	case v.Codes != nil:
		v.Codes = v.Codes[from:upTo]
	case v.Kind == table.Text:
		v.Texts = v.Texts[from:upTo]
	case v.Kind == table.Float:
		v.Floats = v.Floats[from:upTo]
	case v.Kind != table.Unknown:
		v.Ints = v.Ints[from:upTo]
	}
	return &table.Batch{File: "x.csv", Row: int64(from + 1), Rows: upTo - from, Columns: []table.Vector{v}}
}

// exactDistance is the largest distance of the empirical distribution functions.
func exactDistance(a, b []float64) float64 {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	var i, j int
	var largest float64
	for i < len(a) && j < len(b) {
		x := min(a[i], b[j])
		for i < len(a) && a[i] == x {
			i++
		}
		for j < len(b) && b[j] == x {
			j++
		}
		largest = max(largest, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	return largest
}

// A distribution draws numbers; shift says how far it moved from its own start.
type distribution struct {
	name  string
	whole bool
	draw  func(r *rand.Rand, i int, shift float64) float64
}

var distributions = []distribution{
	{"normal", false, func(r *rand.Rand, _ int, s float64) float64 { return r.NormFloat64() + s }},
	{"normal far from zero", false, func(r *rand.Rand, _ int, s float64) float64 { return 1e6 + r.NormFloat64() + s }},
	{"uniform", false, func(r *rand.Rand, _ int, s float64) float64 { return r.Float64() * (1 + s) }},
	{"exponential", false, func(r *rand.Rand, _ int, s float64) float64 { return r.ExpFloat64() * (1 + s) }},
	{"lognormal", false, func(r *rand.Rand, _ int, s float64) float64 { return math.Exp(1.5*r.NormFloat64() + s) }},
	{"lognormal of many scales", false, func(r *rand.Rand, _ int, s float64) float64 { return math.Exp(6*r.NormFloat64() + s) }},
	{"pareto", false, func(r *rand.Rand, _ int, s float64) float64 { return (1 + s) * math.Pow(1-r.Float64(), -1/1.5) }},
	{"cauchy", false, func(r *rand.Rand, _ int, s float64) float64 { return math.Tan(math.Pi*(r.Float64()-.5)) + s }},
	{"mostly zero", false, func(r *rand.Rand, _ int, s float64) float64 {
		if r.Float64() < .8-s/4 {
			return 0
		}
		return r.ExpFloat64() * 1000
	}},
	{"round and not", false, func(r *rand.Rand, _ int, s float64) float64 {
		if r.Float64() < .5 {
			return math.Round(30+5*r.NormFloat64()) * 1000
		}
		return 1000 * (30 + 5*r.NormFloat64() + s)
	}},
	{"two scales", false, func(r *rand.Rand, _ int, s float64) float64 {
		if r.Float64() < .1 {
			return 1e6 * r.ExpFloat64()
		}
		return 1000 + .01*r.NormFloat64() + .01*s
	}},
	{"ages", true, func(r *rand.Rand, _ int, s float64) float64 { return math.Round(40 + 12*r.NormFloat64() + 12*s) }},
	{"wide integers", true, func(r *rand.Rand, _ int, s float64) float64 { return math.Round(1e7 * r.ExpFloat64() * (1 + s)) }},
	{"ids in order", true, func(_ *rand.Rand, i int, s float64) float64 { return float64(i) + math.Round(10000*s) }},
	{"times of three hours", true, func(r *rand.Rand, _ int, s float64) float64 {
		return 1.75e15 + math.Round(3*3600e6*(r.Float64()+s))
	}},
	{"times of ten years", true, func(r *rand.Rand, _ int, s float64) float64 {
		return 1.4e15 + math.Round(10*365*86400e6*(r.Float64()+s))
	}},
	{"times of an hour and some of years", true, func(r *rand.Rand, _ int, s float64) float64 {
		if r.Float64() < .05 {
			return math.Round(1.75e15 * r.Float64())
		}
		return 1.75e15 + math.Round(3600e6*(r.Float64()+s))
	}},
	{"another scale every 3000 rows", false, func(r *rand.Rand, i int, s float64) float64 {
		scale := math.Pow(1000, float64(i/3000%5-2))
		return scale * (1 + r.Float64() + s) * float64(1-i/3000%2*2)
	}},
	{"down from zero", true, func(_ *rand.Rand, i int, s float64) float64 { return -float64(i) - math.Round(10000*s) }},
	{"times in order", true, func(r *rand.Rand, i int, s float64) float64 {
		return 1.75e15 + float64(i)*1e5 + math.Round(1e4*r.Float64()) + math.Round(1e9*s)
	}},
}

func (d distribution) numbers(seed uint64, n int, shift float64) []float64 {
	r := rand.New(rand.NewPCG(seed, 7))
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = d.draw(r, i, shift)
	}
	return xs
}

func (d distribution) profile(xs []float64, stretch int) *Profile {
	if !d.whole {
		return ofFloats(xs, stretch)
	}
	vs := make([]int64, len(xs))
	for i, x := range xs {
		vs[i] = int64(x)
	}
	return ofInts(table.Int, vs, stretch)
}
