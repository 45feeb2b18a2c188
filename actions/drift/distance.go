package drift

import "math"

// The distances of this file compare two columns by counts a and b over the same
// cells or categories: a are those of the base, b those of the present. Counts
// need not be whole. They are NaN if the lengths differ, a count is negative, or
// either side has none at all.

// PSI returns the population stability index Σ(p-q)·ln(p/q) over the shares p
// of a and q of b, in nats: 0 for equal shapes, no upper bound. An empty cell of
// one side counts as half a row, so that the sum is finite; cells that both lack
// count as nothing. The formula and the custom of calling 0.1 a change and 0.25 a
// large one are those of N. Siddiqi, Credit Risk Scorecards, 2006.
func PSI(a, b []float64) float64 {
	n, m, ok := totals(a, b)
	if !ok {
		return math.NaN()
	}
	sum := 0.0
	for i := range a {
		if a[i] == 0 && b[i] == 0 {
			continue
		}
		p, q := atLeastHalf(a[i])/n, atLeastHalf(b[i])/m
		sum += (p - q) * math.Log(p/q)
	}
	return sum
}

func atLeastHalf(count float64) float64 {
	if count == 0 {
		return 0.5
	}
	return count
}

// JS returns the Jensen–Shannon distance to base 2: the root of the mean of the
// Kullback–Leibler divergences of both sides' shares from their middle, from 0
// for equal shapes to 1 for disjoint ones (D. Endres, J. Schindelin, A new metric
// for probability distributions, 2003). It is what SciPy's jensenshannon returns
// for base=2; TFDV and others threshold its square.
func JS(a, b []float64) float64 {
	sum := sumOver(a, b, func(p, q float64) float64 { return divergence(p, (p+q)/2) + divergence(q, (p+q)/2) })
	return math.Sqrt(max(0, sum) / 2 / math.Ln2) // below 0 by rounding
}

// divergence returns p·ln(p/q), which is 0 for p = 0.
func divergence(p, q float64) float64 {
	if p == 0 {
		return 0
	}
	return p * math.Log(p/q)
}

// Hellinger returns the Hellinger distance √(½Σ(√p-√q)²), from 0 for equal
// shapes to 1 for disjoint ones (E. Hellinger, 1909).
func Hellinger(a, b []float64) float64 {
	return math.Sqrt(sumOver(a, b, func(p, q float64) float64 { d := math.Sqrt(p) - math.Sqrt(q); return d * d }) / 2)
}

// TV returns the total variation ½Σ|p-q|, the least share of the rows that must
// change for one side to become the other: 0 for equal shapes, 1 for disjoint ones.
func TV(a, b []float64) float64 {
	return sumOver(a, b, func(p, q float64) float64 { return math.Abs(p - q) }) / 2
}

// Linf returns max|p-q|, the change of the share that changed most, from 0 to 1.
// It is the infinity_norm of TensorFlow Data Validation.
func Linf(a, b []float64) float64 {
	most := 0.0
	sum := sumOver(a, b, func(p, q float64) float64 {
		most = max(most, math.Abs(p-q))
		return 0
	})
	return most + sum // which is 0, or NaN
}

// sumOver adds up what each gives for the shares of both sides in each cell, NaN if
// they cannot be compared.
func sumOver(a, b []float64, each func(p, q float64) float64) float64 {
	n, m, ok := totals(a, b)
	if !ok {
		return math.NaN()
	}
	sum := 0.0
	for i := range a {
		sum += each(a[i]/n, b[i]/m)
	}
	return sum
}

// totals returns the sums of both sides, and whether they can be compared.
func totals(a, b []float64) (n, m float64, ok bool) {
	if len(a) != len(b) {
		return 0, 0, false
	}
	n, m = total(a), total(b)
	return n, m, n > 0 && m > 0
}

// total returns the sum of counts, NaN if one of them is no count.
func total(counts []float64) float64 {
	sum := 0.0
	for _, c := range counts {
		if !(c >= 0) || math.IsInf(c, 1) {
			return math.NaN()
		}
		sum += c
	}
	return sum
}
