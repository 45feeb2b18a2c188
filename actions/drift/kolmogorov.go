package drift

import (
	"math"

	"github.com/mlops-runner/mlops/runner/report/distribution"
)

// KS returns the statistic of Kolmogorov and Smirnov, the largest difference of
// the two distribution functions, from counts over the same cells in ascending
// order: from 0 to 1. Where a cell holds more than one value it is at most that of
// the values themselves, and less by no more than the larger share of a cell. It
// is NaN where the distances are.
func KS(a, b []float64) float64 {
	d, _ := largestGap(a, b)
	return d
}

// largestGap returns the statistic of Kolmogorov and Smirnov and its sign: 1 where
// b has the larger values, -1 where a has.
func largestGap(a, b []float64) (d, sign float64) {
	n, m, ok := totals(a, b)
	if !ok {
		return math.NaN(), 0
	}
	var sumA, sumB float64
	for i := range a {
		sumA += a[i]
		sumB += b[i]
		if gap := sumA/n - sumB/m; math.Abs(gap) > d {
			d, sign = math.Abs(gap), math.Copysign(1, gap)
		}
	}
	return d, sign
}

// mostExact is up to how many rows of a side KSP is exact, as in SciPy.
const mostExact = 10_000

// KSP returns the probability of a statistic d or more where two samples of n
// and m values come from one continuous distribution; with ties it is at most
// that. Up to 10,000 values a side it is exact, as SciPy's ks_2samp has it, else
// Smirnov's limit, as R's ks.test has it. It is 1 without values.
func KSP(d float64, n, m int64) float64 {
	switch {
	case math.IsNaN(d):
		return d
	case n <= 0 || m <= 0:
		return 1
	case max(n, m) > mostExact:
		return KSLimitP(d, n, m)
	case n == m:
		return exactEqual(d, int(n))
	}
	return exactUnequal(d, int(n), int(m))
}

// KSLimitP returns what [KSP] tends to for many values: Kolmogorov's tail at
// d·√(nm/(n+m)).
func KSLimitP(d float64, n, m int64) float64 {
	if n <= 0 || m <= 0 {
		return 1
	}
	return distribution.KolmogorovTail(d * math.Sqrt(both(float64(n), float64(m))))
}

// both returns nm/(n+m), the number of rows that two samples are worth when they
// are compared with each other.
func both(n, m float64) float64 { return n / (n + m) * m }

// exactEqual sums over the lattice paths that leave the band, by reflection: with
// h = nd it is 2·Σ(-1)^(k-1)·C(2n, n-kh)/C(2n, n) (B. Gnedenko, V. Korolyuk, On the
// maximum discrepancy between two empirical distributions, 1951).
func exactEqual(d float64, n int) float64 {
	h := int(math.Round(d * float64(n)))
	if h <= 0 {
		return 1
	}
	sum := 0.0
	for k := n / h; k >= 1; k-- { // from the smallest term, in the manner of Horner
		sum = exitShare(n, k*h, (k-1)*h) * (1 - sum)
	}
	return 2 * sum
}

// exitShare returns C(2n, n-to)/C(2n, n-from) for to >= from.
func exitShare(n, to, from int) float64 {
	share := 1.0
	for j := from; j < to; j++ {
		share *= float64(n-j) / float64(n+j+1)
	}
	return share
}

// exactUnequal walks the lattice of how many of both samples lie below a value:
// a cell's figure is the probability that a random path to it left the band on
// the way, which is the mean of its two predecessors, weighted by where the path
// comes from (J. Hodges, The significance probability of the Smirnov two-sample
// test, 1958).
func exactUnequal(d float64, n, m int) float64 {
	g := divisor(n, m)
	stepN, stepM := m/g, n/g // by how much a step moves the difference, in units of 1/lcm(n, m)
	h := int(math.Round(d * float64(n) * float64(stepN)))
	if h <= 0 {
		return 1
	}
	left := make([]float64, m+1)
	for i := range n + 1 {
		for j := range m + 1 {
			gap := i*stepN - j*stepM
			switch {
			case gap >= h || -gap >= h:
				left[j] = 1
			case i == 0 || j == 0:
				left[j] = 0 // along an edge there is one path, and it stayed inside
			default:
				left[j] = (left[j]*float64(i) + left[j-1]*float64(j)) / float64(i+j)
			}
		}
	}
	return left[m]
}

func divisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
