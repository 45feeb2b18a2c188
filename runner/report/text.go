package report

import (
	"math"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/spec/expression"
)

// short writes a number with four significant digits, but whole digits in full.
// That also drops what floating-point rounding left: 0.001 and not
// 0.0010000000000000009.
func short(f float64) string { return digits(f, 4) }

// long is short with six digits, for values beside their difference.
func long(n Number) string { return digits(float64(n), 6) }

func digits(f float64, n int) string {
	abs := math.Abs(f)
	switch {
	case f == 0 || math.IsNaN(f) || math.IsInf(f, 0):
		return expression.Format(f)
	case abs >= 1e15 || abs < 1e-4:
		return strconv.FormatFloat(f, 'g', n, 64)
	}
	s := strconv.FormatFloat(f, 'f', max(0, n-1-int(math.Floor(math.Log10(abs)))), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// signed writes a difference, with three significant digits.
func signed(n Number) string {
	s := digits(float64(n), 3)
	if n > 0 {
		return "+" + s
	}
	return s
}

// clip shortens text to at most n bytes and cuts in the middle, where names
// differ least.
func clip(s string, n int) string {
	const dots = "…"
	if len(s) <= n {
		return s
	}
	head, tail := (n-len(dots)+1)/2, (n-len(dots))/2
	return strings.ToValidUTF8(s[:head], "") + dots + strings.ToValidUTF8(s[len(s)-tail:], "")
}
