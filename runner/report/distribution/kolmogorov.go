package distribution

import "math"

// KolmogorovTail returns the probability that the limit of √n·D is more than x,
// where D is the largest distance between the distribution of n values and the
// one they were drawn from: 2·Σ(-1)^(k-1)·exp(-2k²x²) over k >= 1 (A. Kolmogorov,
// Sulla determinazione empirica di una legge di distribuzione, 1933), or of two
// samples with n·m/(n+m) in place of n (N. Smirnov, 1939). It is 1 for x <= 0 and
// NaN for a NaN.
func KolmogorovTail(x float64) float64 {
	switch {
	case math.IsNaN(x):
		return x
	case x <= 0:
		return 1
	case x < 1: // where the series above alternates long, its transform by Jacobi's theta function does not
		return 1 - kolmogorovBody(x)
	}
	sum, sign := 0.0, 1.0
	for k := 1.0; k < 10; k++ {
		sum += sign * math.Exp(-2*k*k*x*x)
		sign = -sign
	}
	return 2 * sum
}

// kolmogorovBody returns √(2π)/x · Σexp(-(2k-1)²π²/(8x²)).
func kolmogorovBody(x float64) float64 {
	sum := 0.0
	for k := 1.0; k < 10; k++ {
		odd := (2*k - 1) * math.Pi
		sum += math.Exp(-odd * odd / (8 * x * x))
	}
	return math.Sqrt(2*math.Pi) / x * sum
}
