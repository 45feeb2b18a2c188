package history

import (
	"math"
	"slices"
)

// Quartiles returns the quartiles of values in any order, interpolated linearly
// between the two nearest: type 7 of Hyndman and Fan, Sample Quantiles in
// Statistical Packages, The American Statistician 50, 1996, which is the default
// of R and NumPy. All are NaN for no values.
func Quartiles(values []float64) (q1, median, q3 float64) {
	sorted := slices.Sorted(slices.Values(values))
	return quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)
}

func quantile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (sorted[i+1]-sorted[i])*(at-float64(i))
}
