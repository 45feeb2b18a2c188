package evaluate

import (
	"fmt"
	"math"

	"github.com/mlops-runner/mlops/runner/report"
)

// short writes a number with four digits, and no exponent where people need none.
func short(x report.Number) string {
	if v := math.Abs(float64(x)); v >= 1e4 && v < 1e12 {
		return fmt.Sprintf("%.0f", float64(x))
	}
	return fmt.Sprintf("%.4g", float64(x))
}

// A precision is how many digits behind the point the noise of a value leaves a
// meaning: its half width has two digits. Negative means that none is known.
type precision int

// within is the precision of what lies between two bounds.
func within(low, high report.Number) precision {
	half := math.Abs(float64(high-low)) / 2
	if !(half > 0) || math.IsInf(half, 0) {
		return -1
	}
	return precision(min(max(1-int(math.Floor(math.Log10(half))), 0), 9))
}

// of writes a value to the precision.
func (p precision) of(x report.Number) string {
	if p < 0 {
		return short(x)
	}
	return fmt.Sprintf("%.*f", int(p), float64(x))
}

// signed writes a difference to the precision, always with its sign.
func (p precision) signed(x report.Number) string {
	text := p.of(x)
	if x >= 0 && text[0] != '-' && text != "+Inf" {
		return "+" + text
	}
	return text
}
