package drift

import (
	"math"

	"github.com/mlops-runner/mlops/runner/report/distribution"
)

// ChiSquare tests whether two rows of counts over the same categories come from
// one distribution (K. Pearson, 1900): the sum of (observed-expected)²/expected
// over both rows, with one degree of freedom less than there are categories that
// occur. With two categories each difference is reduced by up to ½ (F. Yates,
// 1934). It returns what SciPy's chi2_contingency does for the table of both rows;
// p is 1 if fewer than two categories occur, both are NaN where the distances are.
//
// Some tools test the present against the base's shares as if those were known
// exactly, which makes p too small by far.
func ChiSquare(a, b []float64) (statistic, p float64) {
	n, m, ok := totals(a, b)
	if !ok {
		return math.NaN(), math.NaN()
	}
	df := -1.0
	for i := range a {
		if a[i]+b[i] > 0 {
			df++
		}
	}
	if df < 1 {
		return 0, 1
	}
	for i := range a {
		// Both rows are off by as much, by the share of the other.
		off := math.Abs(a[i]*m-b[i]*n) / (n + m)
		if df == 1 {
			off -= min(0.5, off)
		}
		if c := a[i] + b[i]; c > 0 {
			statistic += off * off / c * (n + m) * (1/n + 1/m)
		}
	}
	return statistic, distribution.ChiSquareTail(statistic, df)
}

// atLeastExpected is the count that an asymptotic test wants to expect in each
// category of each side (W. Cochran, Some methods for strengthening the common
// χ² tests, 1954).
const atLeastExpected = 5

// commonOnly takes together the categories of which fewer than five are expected
// on the smaller side.
func commonOnly(a, b []float64) (common, present []float64) {
	n, m, _ := totals(a, b)
	var restA, restB float64
	for i := range a {
		if (a[i]+b[i])*min(n, m)/(n+m) < atLeastExpected {
			restA, restB = restA+a[i], restB+b[i]
			continue
		}
		common, present = append(common, a[i]), append(present, b[i])
	}
	return append(common, restA), append(present, restB)
}
