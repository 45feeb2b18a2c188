// Package distribution computes the probabilities and quantiles that intervals
// and tests need: those of the normal distribution and of Student's t, the tails
// of chi-square and Kolmogorov's, and corrections for how many tests are made. It
// is some hundred lines of arithmetic of its own, held against R and SciPy in its
// tests: gonum, which has the most of it among much else, would be a new
// dependency for a few functions. Everything is safe for concurrent use.
package distribution

import "math"

// NormalCDF returns the probability that a standard normal variable is at most x.
func NormalCDF(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// NormalQuantile returns the x with NormalCDF(x) == p: -Inf for 0, +Inf for 1,
// NaN outside [0, 1].
func NormalQuantile(p float64) float64 {
	switch {
	case p > 0.5:
		return -NormalQuantile(1 - p)
	case p > 1e-9:
		return -math.Sqrt2 * math.Erfcinv(2*p)
	case !(p > 0):
		return -math.Sqrt2 * math.Erfinv(1-2*p) // -Inf or NaN
	}
	// Erfcinv takes 1-2p and so loses the digits of a small p. From an estimate
	// Newton's method on the logarithm of the probability finds them.
	x := -math.Sqrt(-2 * math.Log(p))
	for range 20 {
		cdf := NormalCDF(x)
		step := math.Log(cdf/p) * cdf / (math.Exp(-x*x/2) / math.Sqrt(2*math.Pi))
		if x -= step; math.Abs(step) <= enough*-x {
			break
		}
	}
	return x
}

// enough is where a relative change ends an iteration whose error shrinks by squaring.
const enough = 1e-10

// manyDegrees is from where on Student's t is computed from the normal
// distribution, because a fraction with such large terms has few digits left.
const manyDegrees = 1e6

// StudentCDF returns the probability that a variable of Student's t distribution
// with df > 0 degrees of freedom, whole or not, is at most x. It is NaN for other
// df and for a NaN.
func StudentCDF(x, df float64) float64 {
	switch {
	case !(df > 0) || math.IsNaN(x):
		return math.NaN()
	case x > 0:
		return 1 - studentTail(x, df)
	}
	return studentTail(-x, df)
}

// StudentQuantile returns the x with StudentCDF(x, df) == p: -Inf for 0, +Inf for
// 1, NaN for p outside [0, 1] or df <= 0.
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

// lowerQuantile returns the quantile of p < 1/2, which is negative, by Newton's
// method on the logarithm of the tail, kept between bounds. It starts from the
// first terms of formula 26.7.5 of Abramowitz and Stegun.
func lowerQuantile(p, df float64) float64 {
	z := -NormalQuantile(p)
	if p == 0 || math.IsInf(df, 1) {
		return -z
	}
	x := z + (z*z*z+z)/(4*df)
	low, high := 0.0, math.Inf(1) // of -x
	for range 2000 {
		tail := studentTail(x, df)
		if tail > p {
			low = x
		} else {
			high = x
		}
		next := x + math.Log(tail/p)*tail/studentDensity(x, df)
		switch {
		case low <= next && next <= high:
		case math.IsInf(high, 1):
			next = 2 * x
		default:
			next = low + (high-low)/2
		}
		if math.Abs(next-x) <= enough*x || math.IsInf(next, 1) {
			return -next
		}
		x = next
	}
	return -x
}

// studentTail returns the probability of more than x >= 0: half of I(df/(df+x²);
// df/2, 1/2), by formula 26.7.1 of Abramowitz and Stegun, Handbook of
// Mathematical Functions, where I is the regularized incomplete beta function.
func studentTail(x, df float64) float64 {
	switch {
	case math.IsInf(x, 0):
		return 0
	case df >= manyDegrees: // by formula 26.7.8, whose error is of the order of 1/df²
		return NormalCDF(-x * (1 - 1/(4*df)) / math.Sqrt(1+x*x/(2*df)))
	}
	a, b := df/2, 0.5
	logU, logV := logShares(x, df)
	u, v := math.Exp(logU), math.Exp(logV)
	front := math.Exp(gammaRatio(a) - math.Log(math.Pi)/2 + a*logU + b*logV)
	// The fraction converges quickly on one side of the mean, and I(u; a, b) is 1 - I(v; b, a).
	if u <= (a+1)/(a+b+2) {
		return front / (a * betaFraction(u, a, b)) / 2
	}
	return (1 - front/(b*betaFraction(v, b, a))) / 2
}

// logShares returns the logarithms of u = df/(df+x²) and v = 1-u.
func logShares(x, df float64) (u, v float64) {
	r := x / math.Sqrt(df)
	if r > 1e8 { // whose square may be too large
		return -2 * math.Log(r), 0
	}
	u = -math.Log1p(r * r)
	return u, 2*math.Log(r) + u
}

// studentDensity returns the density at x.
func studentDensity(x, df float64) float64 {
	u, _ := logShares(x, df)
	return math.Exp(gammaRatio(df/2)+(df+1)/2*u) / math.Sqrt(df*math.Pi)
}

// gammaRatio returns ln(Γ(a+1/2)/Γ(a)), for large a by the series of formula
// 5.11.13 of the NIST Digital Library of Mathematical Functions
// (https://dlmf.nist.gov/5.11.E13), because the difference of two logarithms of
// gammas has few digits left there.
func gammaRatio(a float64) float64 {
	if a > 50 {
		return math.Log(a)/2 - 1/(8*a) + 1/(192*a*a*a) - 1/(640*math.Pow(a, 5))
	}
	above, _ := math.Lgamma(a + 0.5)
	below, _ := math.Lgamma(a)
	return above - below
}

// betaFraction returns 1 + d1/(1 + d2/(1 + …)), the continued fraction of the
// incomplete beta function, formula 8.17.22 of the same library
// (https://dlmf.nist.gov/8.17.E22), by Lentz's method.
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
		if math.Abs(c*d-1) < 1e-15 {
			break
		}
	}
	return f
}
