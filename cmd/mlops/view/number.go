package view

import (
	"math"
	"strconv"
	"strings"
)

// metricDigits is how many significant digits a metric is shown with: enough
// to see a change in the fourth decimal of an AUC.
const metricDigits = 5

// Number writes a metric's value for people: whole numbers in full with
// thousands separators, others with five significant digits and no idle zeros,
// very large and very small ones with an exponent. NaN, Infinity, -Infinity.
func Number(v float64) string {
	abs := math.Abs(v)
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 0):
		return strings.Replace("Infinity", "I", sign(v)+"I", 1)
	case v == 0:
		return "0"
	case abs >= 1e15 || abs < 1e-4:
		return exponent(v)
	case v == math.Trunc(v):
		return separated(strconv.FormatFloat(v, 'f', 0, 64))
	default:
		return separated(trimZeros(strconv.FormatFloat(v, 'f', decimalsFor(abs, metricDigits), 64)))
	}
}

// Count writes a whole number with thousands separators.
func Count[T ~int | ~int64](n T) string { return separated(strconv.FormatInt(int64(n), 10)) }

func sign(v float64) string {
	if v < 0 {
		return "-"
	}
	return ""
}

// decimalsFor returns how many decimals show v > 0 with n significant digits;
// digits before the point are never rounded away.
func decimalsFor(v float64, n int) int {
	return max(0, n-1-int(math.Floor(math.Log10(v))))
}

// exponent writes v like 1.2346e-5.
func exponent(v float64) string {
	s := strconv.FormatFloat(v, 'e', metricDigits-1, 64)
	mantissa, power, _ := strings.Cut(s, "e")
	sign := strings.TrimPrefix(power[:1], "+")
	return trimZeros(mantissa) + "e" + sign + strings.TrimLeft(power[1:], "0")
}

// separated puts commas between the thousands of a decimal number.
func separated(s string) string {
	whole, fraction, _ := strings.Cut(s, ".")
	start := 0
	if strings.HasPrefix(whole, "-") {
		start = 1
	}
	for i := len(whole) - 3; i > start; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}
