// Package history tells whether a number is out of the ordinary among those
// that came before it. It knows nothing of runs: a history is the values of one
// metric, oldest first, all finite, each measured for itself. A value that was
// reused from a cache says nothing of chance and must not be in it.
//
// The tests are those of Bencher (https://bencher.dev/docs/explanation/thresholds/),
// under its names and with its formulas, so that thresholds can be carried over.
// Two things differ. A history that never moved, which most of its tests take
// for no history and never alarm on, is a metric that does not move: any move is
// an alarm. And probabilities can be corrected for how many metrics are looked
// at, by [distribution.Holm] or [distribution.BenjaminiHochberg]: of thirty metrics tested at 0.99 at least
// one raises a false alarm in 26 of 100 runs.
//
// Everything is pure and safe for concurrent use.
package history

import (
	"errors"
	"fmt"
	"math"

	"github.com/mlops-runner/mlops/runner/report/distribution"
)

// A Test says how limits follow from a history and a boundary. Below, m and s
// are its mean and its standard deviation with n-1.
type Test string

// The tests, with what the boundary b means to them.
const (
	Static     Test = "static"     // b itself is the limit, on either side
	Percentage Test = "percentage" // m ∓ |m|·b, b >= 0
	ZScore     Test = "z_score"    // m ∓ z·s, z the normal quantile of b, 0.5 <= b < 1
	TTest      Test = "t_test"     // m ∓ t·s·sqrt(1+1/n), t Student's quantile of b with n-1 degrees of freedom
	LogNormal  Test = "log_normal" // upper: e to the power of what z_score has for the logarithms; lower: as far below e^m
	IQR        Test = "iqr"        // median ∓ b·(Q3-Q1), b >= 0
	DeltaIQR   Test = "delta_iqr"  // median ∓ |median|·b·(Q3-Q1), of the relative changes from each value to the next
)

// Tests returns all tests.
func Tests() []Test { return []Test{Static, Percentage, ZScore, TTest, LogNormal, IQR, DeltaIQR} }

// Limits are what is ordinary: from Low to High, both included.
type Limits struct {
	Center    float64 // mean or median of the history, e^mean of its logarithms for log_normal, b for static
	Low, High float64
	// Constant is whether the history never moved, so that the limits are its
	// value, give or take the rounding of floating-point numbers.
	Constant bool
}

// Side tells on which side of the limits x is: -1 below, 1 above, 0 between. A
// NaN is below.
func (l Limits) Side(x float64) int {
	switch {
	case !(x >= l.Low):
		return -1
	case x > l.High:
		return 1
	}
	return 0
}

// Errors of histories and boundaries.
var (
	ErrFew      = errors.New("too few values")
	ErrBoundary = errors.New("the boundary is out of range")
	ErrValue    = errors.New("a value that the test cannot use")
)

// rounding is the part of a value that a sum in another order may differ by.
const rounding = 1e-12

// Limits returns the limits of a history. It fails with [ErrFew] for less than
// one value for percentage and iqr, two for the others and none for static, with
// [ErrBoundary], and with [ErrValue] for a value that is not finite, or for
// log_normal not positive, or for delta_iqr 0 before another.
func (t Test) Limits(values []float64, b float64) (Limits, error) {
	if err := t.check(values, b); err != nil {
		return Limits{}, err
	}
	if t == Static {
		return Limits{Center: b, Low: b, High: b}, nil
	}
	center, width := t.spread(values, b)
	l := Limits{Center: center, Low: center - width, High: center + width}
	if t != Percentage && constant(values) {
		l = Limits{Center: values[0], Low: values[0] - rounding*math.Abs(values[0]), High: values[0] + rounding*math.Abs(values[0]), Constant: true}
	}
	return l, nil
}

// spread returns the center of a history and the distance of the limits.
func (t Test) spread(values []float64, b float64) (center, width float64) {
	n := float64(len(values))
	m, v := Moments(values)
	switch t {
	case Percentage:
		return m, math.Abs(m) * b
	case ZScore:
		return m, distribution.NormalQuantile(b) * math.Sqrt(v)
	case TTest:
		return m, distribution.StudentQuantile(b, n-1) * math.Sqrt(v*(1+1/n))
	case LogNormal:
		m, v = Moments(logarithms(values))
		center = math.Exp(m)
		return center, math.Exp(m+distribution.NormalQuantile(b)*math.Sqrt(v)) - center
	case IQR:
		q1, median, q3 := Quartiles(values)
		return median, b * (q3 - q1)
	}
	q1, _, q3 := Quartiles(changes(values))
	_, median, _ := Quartiles(values)
	return median, math.Abs(median) * b * (q3 - q1)
}

func (t Test) check(values []float64, b float64) error {
	least := 2
	switch t {
	case Static:
		if math.IsNaN(b) || math.IsInf(b, 0) {
			return fmt.Errorf("%w: %v is not finite", ErrBoundary, b)
		}
		return nil
	case Percentage, IQR, DeltaIQR:
		if t != DeltaIQR {
			least = 1
		}
		if !(b >= 0) || math.IsInf(b, 0) {
			return fmt.Errorf("%w: %s wants a number from 0, not %v", ErrBoundary, t, b)
		}
	case ZScore, TTest, LogNormal:
		if !(b >= 0.5 && b < 1) {
			return fmt.Errorf("%w: %s wants a number from 0.5 to below 1, not %v", ErrBoundary, t, b)
		}
	default:
		return fmt.Errorf("unknown test %q", string(t))
	}
	if len(values) < least {
		return fmt.Errorf("%w: %s needs %d, there are %d", ErrFew, t, least, len(values))
	}
	return t.checkValues(values)
}

func (t Test) checkValues(values []float64) error {
	for i, x := range values {
		switch {
		case math.IsNaN(x) || math.IsInf(x, 0):
			return fmt.Errorf("%w: %v", ErrValue, x)
		case t == LogNormal && x <= 0:
			return fmt.Errorf("%w: %s wants positive numbers, not %v", ErrValue, t, x)
		case t == DeltaIQR && x == 0 && i < len(values)-1:
			return fmt.Errorf("%w: nothing is relative to 0", ErrValue)
		}
	}
	return nil
}

// P returns the two-sided probability of a value at least as far out as x, if
// nothing but chance is at work. ok is false for tests without a distribution,
// and where [Test.Limits] fails. It is 1 or 0 for a history that never moved.
func (t Test) P(values []float64, x float64) (p float64, ok bool) {
	if t != ZScore && t != TTest && t != LogNormal || t.check(values, 0.5) != nil || t == LogNormal && !(x > 0) {
		return 0, false
	}
	if constant(values) {
		if l, err := t.Limits(values, 0.5); err == nil && l.Side(x) == 0 {
			return 1, true
		}
		return 0, true
	}
	if t == LogNormal {
		values, x = logarithms(values), math.Log(x)
	}
	m, v := Moments(values)
	n := float64(len(values))
	if t == TTest {
		return 2 * distribution.StudentCDF(-math.Abs(x-m)/math.Sqrt(v*(1+1/n)), n-1), true
	}
	return 2 * distribution.NormalCDF(-math.Abs(x-m)/math.Sqrt(v)), true
}

// constant reports whether values do not move beyond rounding.
func constant(values []float64) bool {
	for _, x := range values {
		if math.Abs(x-values[0]) > rounding*math.Abs(values[0]) {
			return false
		}
	}
	return true
}

// Moments returns the mean and the variance with n-1; NaN where they are not defined.
func Moments(xs []float64) (mean, variance float64) {
	n := float64(len(xs))
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	for _, x := range xs {
		mean += (x - xs[0]) / n // so that equal values have exactly their mean
	}
	mean += xs[0]
	if n == 1 {
		return mean, math.NaN()
	}
	for _, x := range xs {
		variance += (x - mean) * (x - mean) / (n - 1)
	}
	return mean, variance
}

func logarithms(values []float64) []float64 {
	out := make([]float64, len(values))
	for i, x := range values {
		out[i] = math.Log(x)
	}
	return out
}

// changes returns by which part each value differs from the one before it.
func changes(values []float64) []float64 {
	out := make([]float64, len(values)-1)
	for i := range out {
		out[i] = math.Abs((values[i+1] - values[i]) / values[i])
	}
	return out
}
