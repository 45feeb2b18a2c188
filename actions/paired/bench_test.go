package paired

import (
	"math"
	"math/rand/v2"
	"testing"
)

const million = 1_000_000

// large is a million rows of two models, with ties in one row of seven.
func large() (label []bool, a, b []float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	label, a, b = make([]bool, million), make([]float64, million), make([]float64, million)
	for i := range label {
		label[i] = rng.Float64() < 0.2
		x := float64(index(label[i]))*1.2 + rng.NormFloat64()
		score := func() float64 { return 1 / (1 + math.Exp(2.2-1.2*x-0.3*rng.NormFloat64())) }
		a[i], b[i] = score(), score()
		if i%7 == 0 {
			a[i], b[i] = math.Round(a[i]*100)/100, math.Round(b[i]*100)/100
		}
	}
	return label, a, b
}

func largeRows(b *testing.B, d Design) *Rows {
	r, err := Of(million, d)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func BenchmarkOrder(b *testing.B) {
	_, x, _ := large()
	cpu(b, func() { Order(x) })
}

func BenchmarkAUC(b *testing.B) {
	label, x, y := large()
	r := largeRows(b, Design{})
	cpu(b, func() {
		if _, err := r.AUC(label, Scores{Values: x}, Scores{Values: y}); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkBinary takes thirteen metrics of two models, with their
// intervals, from the scores alone.
func BenchmarkBinary(b *testing.B) {
	label, x, y := large()
	b.Run("rows", func(b *testing.B) { binary(b, largeRows(b, Design{}), label, x, y) })
	clusters := make([]uint64, million)
	for i := range clusters {
		clusters[i] = uint64(i%200_000) * 0x9e3779b97f4a7c15
	}
	b.Run("clusters", func(b *testing.B) { binary(b, largeRows(b, Design{Cluster: clusters}), label, x, y) })
}

func binary(b *testing.B, r *Rows, label []bool, x, y []float64) {
	cpu(b, func() {
		if all := everything(b, r, label, x, y); len(all) != 13 {
			b.Fatalf("%d metrics", len(all))
		}
	})
}

func BenchmarkBuckets(b *testing.B) {
	label, x, y := large()
	r := largeRows(b, Design{})
	cpu(b, func() {
		if _, err := r.Buckets(2*15, gapOfBins, bins(label, x), bins(label, y)); err != nil {
			b.Fatal(err)
		}
	})
}

// bins adds up the probabilities and the positives of 15 bins.
func bins(label []bool, p []float64) Sums {
	return func(row int, w float64, into []float64) {
		at := 2 * max(0, int(math.Ceil(p[row]*15))-1)
		into[at] += w * (float64(index(label[row])) - p[row])
		into[at+1] += w
	}
}

func gapOfBins(sums []float64) float64 {
	gap, all := 0.0, 0.0
	for i := 0; i < len(sums); i += 2 {
		gap += math.Abs(sums[i])
		all += sums[i+1]
	}
	return gap / all
}
