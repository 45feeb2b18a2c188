package profile

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What was packed comes out again, to the last bit.
func TestHistogram(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	all := [][]Cell{
		{},
		{{-math.MaxFloat64, -1, 1}, {-1, -5e-324, 2}, {0, 0, 3}, {0, 5e-324, 1}, {1, 1, math.MaxInt64}, {2, math.MaxFloat64, 7}},
	}
	for range 100 {
		var cells []Cell
		x := math.Ldexp(r.NormFloat64(), r.IntN(600)-300)
		for range r.IntN(1500) {
			c := Cell{x, x, 1 + r.Int64N(1<<r.IntN(40))}
			if r.IntN(2) > 0 {
				c.High += math.Abs(x) / float64(int64(1)<<r.IntN(30))
			}
			cells = append(cells, c)
			x = c.High + math.Abs(c.High)*r.Float64()
		}
		all = append(all, cells)
	}
	for _, cells := range all {
		if diff := cmp.Diff(append([]Cell{}, cells...), HistogramOf(cells...).Cells()); diff != "" {
			t.Fatal(diff)
		}
	}
}

// Whole numbers and cells of many numbers take a fraction of what they take as cells.
func TestHistogramIsSmall(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var whole, some []float64
	for range 100_000 {
		whole, some = append(whole, float64(r.IntN(1000))), append(some, r.NormFloat64())
	}
	for _, xs := range [][]float64{whole, some} {
		h := ofFloats(xs, 1000).Columns[0].Numbers.Histogram
		if each := float64(len(h)) / float64(len(h.Cells())); each > 7 {
			t.Errorf("%.1f bytes a cell", each)
		}
	}
}

// A profile that is read line by line is the same, and fails alike.
func TestDecodeFrom(t *testing.T) {
	t.Parallel()
	for _, p := range []*Profile{{Version: Version, Columns: []Column{}}, ofFloats([]float64{1, 2, 2.5}, 3)} {
		text, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		want, err := Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeFrom(bytes.NewReader(text))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
		for n := range text {
			if _, err := DecodeFrom(bytes.NewReader(text[:n])); err == nil {
				t.Errorf("the first %d of %d bytes are a profile", n, len(text))
			}
			damaged := bytes.Clone(text)
			damaged[n] = '?'
			if _, err := Decode(damaged); err == nil {
				continue
			}
			if _, err := DecodeFrom(bytes.NewReader(damaged)); err == nil {
				t.Errorf("a damaged byte %d is read over", n)
			}
		}
	}
}
