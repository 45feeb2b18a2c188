package slice

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// drawn returns features of so many values, of which row by row any is as likely, and
// exponential losses.
func drawn(features, values, rows int) ([]Feature, Rows) {
	r := rand.New(rand.NewPCG(1, 2))
	var fs []Feature
	for i := range features {
		f := Feature{Name: fmt.Sprintf("f%d", i), Codes: make([]uint16, rows)}
		for v := range values {
			f.Values = append(f.Values, fmt.Sprintf("v%d", v))
		}
		for row := range f.Codes {
			f.Codes[row] = uint16(r.IntN(values))
		}
		fs = append(fs, f)
	}
	losses := make([]float64, rows)
	for row := range losses {
		losses[row] = r.ExpFloat64()
	}
	return fs, Rows{Values: losses}
}

// BenchmarkDiscover looks at all values and pairs of 12 features of 16 values in a
// million rows: 16,000 cells, of which 192 have 1 % of the rows.
func BenchmarkDiscover(b *testing.B) {
	fs, rows := drawn(12, 16, 1_000_000)
	b.ReportAllocs()
	for b.Loop() {
		d, err := Discover(fs, rows, Options{Share: 0.001})
		if err != nil || len(d.Found) > 0 {
			b.Fatal(err, d.Found)
		}
	}
}

// BenchmarkDiscoverPlanted finds two slices there, of one feature and of two.
func BenchmarkDiscoverPlanted(b *testing.B) {
	fs, rows := drawn(12, 16, 1_000_000)
	plant(fs, rows.Values)
	b.ReportAllocs()
	for b.Loop() {
		d, err := Discover(fs, rows, Options{Share: 0.001, Depth: 3})
		if err != nil || len(d.Found) != 2 {
			b.Fatal(err, len(d.Found))
		}
	}
}

func plant(fs []Feature, losses []float64) {
	for row := range losses {
		f := func(i int) uint16 { return fs[i].Codes[row] }
		if f(0) == 3 {
			losses[row] += 0.2
		}
		if f(1) == 5 && f(2) == 7 {
			losses[row] += 0.5
		}
	}
}

// BenchmarkDiscoverClusters is the first with five rows for each cluster.
func BenchmarkDiscoverClusters(b *testing.B) {
	fs, rows := drawn(12, 16, 1_000_000)
	rows.Clusters = make([]int32, len(rows.Values))
	for row := range rows.Clusters {
		rows.Clusters[row] = int32(row % 200_000)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Discover(fs, rows, Options{Share: 0.001}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDiscoverWeights is the first with weights.
func BenchmarkDiscoverWeights(b *testing.B) {
	fs, rows := drawn(12, 16, 1_000_000)
	r := rand.New(rand.NewPCG(5, 6))
	rows.Weights = make([]float64, len(rows.Values))
	for row := range rows.Weights {
		rows.Weights[row] = 0.5 + r.Float64()
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Discover(fs, rows, Options{Share: 0.001}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBinned puts a million numbers into sixteen bins.
func BenchmarkBinned(b *testing.B) {
	_, rows := drawn(0, 0, 1_000_000)
	for b.Loop() {
		if _, err := Binned(Column{Name: "x", Numbers: rows.Values}, 16); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOf slices a million rows by a product of 16 values and 16.
func BenchmarkOf(b *testing.B) {
	fs, _ := drawn(2, 16, 1_000_000)
	var columns []Column
	for _, f := range fs {
		c := Column{Name: f.Name, Names: f.Values, Codes: make([]int32, len(f.Codes))}
		for row, code := range f.Codes {
			c.Codes[row] = int32(code)
		}
		columns = append(columns, c)
	}
	for b.Loop() {
		s, err := Spec{[]Term{{Column: "f0"}, {Column: "f1"}}}.Of(columns, Limits{})
		if err != nil || len(s.List) != 256 || len(s.Split()) != 256 {
			b.Fatal(err)
		}
	}
}
