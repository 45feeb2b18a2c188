package drift

import "math"

// ExpectedTV returns the total variation that two columns with these counts show
// on average where nothing has changed: that of dealing the rows of both out at
// random again, to sides of the same sizes. The count of a category on one side
// is then hypergeometric, and its mean distance from its mean has a closed form
// (P. Diaconis, S. Zabell, Closed form summation for classical distributions,
// 1991). It is a share from 0 to 1, and NaN where the distances are.
func ExpectedTV(a, b []float64) float64 {
	n, m, ok := totals(a, b)
	if !ok {
		return math.NaN()
	}
	sum := 0.0
	known := map[float64]float64{} // many categories are as rare as others
	for i := range a {
		c := a[i] + b[i]
		d, ok := known[c]
		if !ok {
			d = meanDistance(n, m, c)
			known[c] = d
		}
		sum += d
	}
	return sum / 2 * (1/n + 1/m)
}

// nearNormal is from which variance on a hypergeometric distribution is taken as
// normal; its mean distance is wrong by a thousandth then.
const nearNormal = 250

// meanDistance returns E|X-E X| of the number X of rows of a category that are
// among n, of c in n+m rows. With u the first whole number above the mean that is
// 2·u·(m-c+u)/(n+m)·P(X=u).
func meanDistance(n, m, c float64) float64 {
	all := n + m
	if c <= 0 || c >= all {
		return 0
	}
	if v := c * (n / all) * (m / all) * ((all - c) / (all - 1)); v > nearNormal {
		return math.Sqrt(2 * v / math.Pi)
	}
	u := math.Floor(c*n/all) + 1
	if u > c || u > n {
		return 0
	}
	p := math.Exp(logChoose(n, u) + logChoose(m, c-u) - logChoose(all, c))
	return 2 * u * (m - c + u) / all * p
}

// logChoose returns the logarithm of n choose k, also between whole numbers.
func logChoose(n, k float64) float64 {
	if k < 0 || k > n {
		return math.Inf(-1)
	}
	x, _ := math.Lgamma(n + 1)
	y, _ := math.Lgamma(k + 1)
	z, _ := math.Lgamma(n - k + 1)
	return x - y - z
}
