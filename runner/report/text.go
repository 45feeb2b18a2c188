package report

import (
	"math"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/spec/expression"
)

// exact writes a value as gates show it.
func exact(n Number) string { return expression.Format(float64(n)) }

// short writes a number with four significant digits, but whole digits in full.
// That also drops what floating-point rounding left: 0.001 and not
// 0.0010000000000000009.
func short(f float64) string {
	abs := math.Abs(f)
	switch {
	case f == 0 || math.IsNaN(f) || math.IsInf(f, 0):
		return expression.Format(f)
	case abs >= 1e15 || abs < 1e-4:
		return strconv.FormatFloat(f, 'g', 4, 64)
	}
	s := strconv.FormatFloat(f, 'f', max(0, 3-int(math.Floor(math.Log10(abs)))), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// signed is short with its sign.
func signed(n Number) string {
	s := short(float64(n))
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
