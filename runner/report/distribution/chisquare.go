package distribution

import "math"

// ChiSquareTail returns the probability that a variable of the chi-square
// distribution with df > 0 degrees of freedom, whole or not, is more than x. It is
// 1 for x <= 0 and NaN for other df and for a NaN.
func ChiSquareTail(x, df float64) float64 {
	switch {
	case !(df > 0) || math.IsNaN(x):
		return math.NaN()
	case x <= 0:
		return 1
	case math.IsInf(x, 1):
		return 0
	}
	return gammaTail(df/2, x/2)
}

// gammaTail returns Q(a, x), the regularized upper incomplete gamma function,
// by the series of formula 8.7.1 of the NIST Digital Library of Mathematical
// Functions (https://dlmf.nist.gov/8.7.E1) below the mean and the continued
// fraction 8.9.2 (https://dlmf.nist.gov/8.9.E2) above it.
func gammaTail(a, x float64) float64 {
	logGamma, _ := math.Lgamma(a)
	front := math.Exp(a*math.Log(x) - x - logGamma)
	if x < a+1 {
		return 1 - front*gammaSeries(a, x)
	}
	return front * gammaFraction(a, x)
}

// gammaSeries returns 1/a + x/(a(a+1)) + x²/(a(a+1)(a+2)) + …
func gammaSeries(a, x float64) float64 {
	term, sum := 1/a, 1/a
	for n := 1.0; n < 1e7; n++ {
		term *= x / (a + n)
		if sum += term; term < sum*1e-17 {
			break
		}
	}
	return sum
}

// gammaFraction returns 1/(x+1-a - 1(1-a)/(x+3-a - 2(2-a)/(x+5-a - …))), by
// Lentz's method.
func gammaFraction(a, x float64) float64 {
	const tiny = 1e-300
	b := x + 1 - a
	c, d := 1/tiny, 1/b
	f := d
	for n := 1.0; n < 1e7; n++ {
		t := n * (a - n)
		b += 2
		if d = b + t*d; math.Abs(d) < tiny {
			d = tiny
		}
		if c = b + t/c; math.Abs(c) < tiny {
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
