package drift

import (
	"math"

	"github.com/mlops-runner/mlops/actions/profile"
)

// Wasserstein returns the first Wasserstein distance of two histograms, the mean
// distance by which the numbers must be moved for one to become the other, in the
// column's unit: ∫|F-G| over the two distribution functions, where each cell's
// numbers stand in its middle. The cells need not be the same. It is what SciPy's
// wasserstein_distance returns for the middles with the counts as weights, and
// NaN if either is empty.
func Wasserstein(a, b []profile.Cell) float64 {
	n, m := cellTotal(a), cellTotal(b)
	if n == 0 || m == 0 {
		return math.NaN()
	}
	var sum, f, g, last float64
	for len(a) > 0 || len(b) > 0 {
		x := math.Inf(1)
		if len(a) > 0 {
			x = middle(a[0])
		}
		if len(b) > 0 {
			x = min(x, middle(b[0]))
		}
		if f > 0 || g > 0 {
			sum += math.Abs(f/n-g/m) * (x - last)
		}
		for ; len(a) > 0 && middle(a[0]) == x; a = a[1:] {
			f += float64(a[0].Count)
		}
		for ; len(b) > 0 && middle(b[0]) == x; b = b[1:] {
			g += float64(b[0].Count)
		}
		last = x
	}
	return sum
}

// WassersteinNormed returns the Wasserstein distance divided by the standard
// deviation of the base, or by 0.001 if that is less, as Evidently does under the
// name of normed Wasserstein distance: it has no unit. The deviation has n in the
// divisor. It is NaN if either has no numbers.
func WassersteinNormed(base, now *profile.Numbers) float64 {
	if base == nil || now == nil || base.Count == 0 {
		return math.NaN()
	}
	deviation := math.Sqrt(base.M2 / float64(base.Count))
	return Wasserstein(base.Histogram.Cells(), now.Histogram.Cells()) / max(deviation, 0.001)
}

func middle(c profile.Cell) float64 { return c.Low + (c.High-c.Low)/2 }

func cellTotal(cells []profile.Cell) float64 {
	var sum int64
	for _, c := range cells {
		sum += c.Count
	}
	return float64(sum)
}
