package paired

import "math"

// Accuracy is Of the share of right decisions. Of rows that are independent
// and count the same its P is McNemar's mid-p.
func (c *Cells) Accuracy() Estimate {
	e := c.Of(func(tp, fp, tn, fn float64) float64 { return (tp + tn) / (tp + fp + tn + fn) })
	if c.r.weight != nil || c.r.cluster != nil || c.single || e.P != e.P {
		return e
	}
	// Right is A where it is the label: cells 0b110 and 0b001.
	_, e.P = McNemar(int(c.weight[0b110]+c.weight[0b001]), int(c.weight[0b101]+c.weight[0b010]))
	e.Method += ", p of McNemar (mid)"
	return e
}

// McNemar returns the two-sided p of two models that are right as often, if one
// is right alone in a rows and the other in b (Q. McNemar, Psychometrika 12,
// 1947): the exact one of the binomial distribution, and the mid-p, which counts half
// of the probability of a and b themselves and so errs about as often as it says,
// where the exact one errs less often (M. Fagerland, S. Lydersen and P. Laake, BMC
// Medical Research Methodology 13, 2013). Both are 1 for no rows.
func McNemar(a, b int) (exact, mid float64) {
	k, n := min(a, b), float64(a+b)
	if n == 0 {
		return 1, 1
	}
	at := math.Exp(choose(n, float64(k)) - n*math.Ln2) // P(X = k)
	sum, term := 0.0, at
	for i := float64(k); i >= 0 && term > sum*1e-18; i-- {
		sum += term
		term *= i / (n - i + 1)
	}
	if a == b {
		return 1, 1 - at/2
	}
	return min(1, 2*sum), min(1, 2*sum) - at
}

// choose is the logarithm of n over k.
func choose(n, k float64) float64 {
	all, _ := math.Lgamma(n + 1)
	in, _ := math.Lgamma(k + 1)
	out, _ := math.Lgamma(n - k + 1)
	return all - in - out
}
