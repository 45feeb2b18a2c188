// Package distribution computes the probabilities and quantiles that intervals
// need: those of the normal distribution and of Student's t. It is a few dozen
// lines of arithmetic of its own: gonum's stat/distuv, which has both, would
// bring 27 packages into the binary. Everything is safe for concurrent use.
package distribution

import "math"

// NormalCDF returns the probability that a standard normal variable is at most x.
func NormalCDF(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// NormalQuantile returns the x with NormalCDF(x) == p: -Inf for 0, +Inf for 1,
// NaN outside [0, 1].
func NormalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }

// manyDegrees is from where on Student's t is taken for normal; the two differ
// there by less than one part in 10^9.
const manyDegrees = 1e10

// StudentCDF returns the probability that a variable of Student's t distribution
// with df > 0 degrees of freedom, whole or not, is at most x. It is NaN for other
// df and for a NaN. Its tail is half a regularized incomplete beta function,
// I(df/(df+x²); df/2, 1/2), formula 26.7.1 of Abramowitz and Stegun's handbook.
func StudentCDF(x, df float64) float64 {
	switch {
	case !(df > 0) || math.IsNaN(x):
		return math.NaN()
	case x > 0:
		return 1 - studentTail(x, df)
	}
	return studentTail(-x, df)
}

// studentTail returns the probability of more than x >= 0.
func studentTail(x, df float64) float64 {
	switch {
	case math.IsInf(x, 0):
		return 0
	case df >= manyDegrees:
		return NormalCDF(-x)
	}
	r := x / math.Sqrt(df) // of x² a square would overflow
	return incompleteBeta(1/(1+r*r), r*r/(1+r*r), df/2, 0.5) / 2
}

// studentDensity returns the density at x.
func studentDensity(x, df float64) float64 {
	a, _ := math.Lgamma((df + 1) / 2)
	b, _ := math.Lgamma(df / 2)
	return math.Exp(a-b-(df+1)/2*math.Log1p(x*x/df)) / math.Sqrt(df*math.Pi)
}

// StudentQuantile returns the x with StudentCDF(x, df) == p: -Inf for 0, +Inf for
// 1, NaN for p outside [0, 1] or df <= 0. It is found by Newton's method between
// bounds that are halved where a step leaves them.
func StudentQuantile(p, df float64) float64 {
	switch {
	case !(df > 0) || !(p >= 0 && p <= 1):
		return math.NaN()
	case p == 0.5:
		return 0
	case p > 0.5:
		return -lowerQuantile(1-p, df)
	}
	return lowerQuantile(p, df)
}

// lowerQuantile returns the quantile of p < 1/2, which is negative.
func lowerQuantile(p, df float64) float64 {
	if p == 0 || df >= manyDegrees {
		return NormalQuantile(p)
	}
	low, high := 0.0, 1.0 // of -x
	for studentTail(high, df) > p {
		if low, high = high, high*2; math.IsInf(high, 1) {
			return -high
		}
	}
	x := (low + high) / 2
	for range 200 {
		tail := studentTail(x, df)
		if tail > p {
			low = x
		} else {
			high = x
		}
		next := x + (tail-p)/studentDensity(x, df)
		if !(low < next && next < high) {
			next = low + (high-low)/2
		}
		if math.Abs(next-x) <= 1e-15*x {
			return -next
		}
		x = next
	}
	return -x
}

// incompleteBeta returns the regularized incomplete beta function I(x; a, b) for
// x in [0, 1] and y = 1-x, which is asked for too because near 1 it is the more
// exact of the two. It evaluates the continued fraction 8.17.22 of the NIST
// Digital Library of Mathematical Functions (https://dlmf.nist.gov/8.17.E22) on
// the side where that converges quickly.
func incompleteBeta(x, y, a, b float64) float64 {
	if x > (a+1)/(a+b+2) {
		return 1 - incompleteBeta(y, x, b, a)
	}
	if x == 0 {
		return 0
	}
	ab, _ := math.Lgamma(a + b)
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	return math.Exp(ab-la-lb+a*math.Log(x)+b*math.Log(y)) / (a * betaFraction(x, a, b))
}

// betaFraction returns 1 + d1/(1 + d2/(1 + …)) by Lentz's method.
func betaFraction(x, a, b float64) float64 {
	const tiny = 1e-300
	f, c, d := 1.0, 1.0, 0.0
	for n := 1; n < 1_000_000; n++ {
		m := float64(n / 2)
		t := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		if n%2 == 1 {
			t = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		}
		if d = 1 + t*d; math.Abs(d) < tiny {
			d = tiny
		}
		if c = 1 + t/c; math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		f *= c * d
		if math.Abs(c*d-1) < 1e-16 {
			break
		}
	}
	return f
}
