package render

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// lone writes v with n significant digits at most and no idle zeros.
func lone(v float64, n int) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return scale{}.value(v)
	}
	if !ordinary(v) {
		mantissa, power, _ := strings.Cut(exponent(v, n), "e")
		return trimZeros(mantissa) + "e" + power
	}
	return separated(trimZeros(strconv.FormatFloat(v, 'f', max(0, n-1-magnitude(math.Abs(v))), 64)))
}

// ordinary reports whether v is written without an exponent.
func ordinary(v float64) bool {
	abs := math.Abs(v)
	return abs < largestPlain && abs >= 1e-4
}

// largestPlain is from where on numbers have an exponent.
const largestPlain = 1e15

// exponent writes v like 1.2e-5.
func exponent(v float64, digits int) string {
	mantissa, power, _ := strings.Cut(strconv.FormatFloat(v, 'e', digits-1, 64), "e")
	sign := strings.TrimPrefix(power[:1], "+")
	return mantissa + "e" + sign + strings.TrimLeft(power[1:], "0")
}

func trimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// separated puts commas between the thousands of a decimal number.
func separated(s string) string {
	whole, fraction, dotted := strings.Cut(s, ".")
	first := btoi(strings.HasPrefix(whole, "-"))
	for i := len(whole) - 3; i > first; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dotted {
		return whole + "." + fraction
	}
	return whole
}

// count writes a whole number.
func count[T ~int | ~int64](n T) string { return separated(strconv.FormatInt(int64(n), 10)) }

// plural writes a count with its noun: 1 row, 1,200 rows.
func plural[T ~int | ~int64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// percent writes a share with its sign: +5.1 %.
func percent(share float64) string {
	v := 100 * share
	text := lone(v, noiseDigits)
	if math.Abs(v) >= 100 && math.Abs(v) < 1e15 {
		text = separated(strconv.FormatFloat(v, 'f', 0, 64))
	}
	if v > 0 {
		text = "+" + text
	}
	return text + " %"
}

// chance writes a p-value.
func chance(p float64) text {
	if p >= 0 && p < 0.001 {
		return say("p < 0.001")
	}
	return cat(say("p = "), num(lone(p, noiseDigits)))
}

// duration writes d for people: 412 ms, 1.2 s, 1m20s, 2h05m, 3d04h.
func duration(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 s"
	case d < time.Second:
		return strconv.FormatInt(max(1, d.Milliseconds()), 10) + " ms"
	case d < time.Minute:
		return trimZeros(strconv.FormatFloat(d.Truncate(time.Second/10).Seconds(), 'f', 1, 64)) + " s"
	}
	two := func(n time.Duration) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }
	whole := func(n time.Duration) string { return strconv.FormatInt(int64(n), 10) }
	switch {
	case d < time.Hour:
		return whole(d/time.Minute) + "m" + two(d%time.Minute/time.Second) + "s"
	case d < 24*time.Hour:
		return whole(d/time.Hour) + "h" + two(d%time.Hour/time.Minute) + "m"
	}
	return whole(d/(24*time.Hour)) + "d" + two(d%(24*time.Hour)/time.Hour) + "h"
}

// size writes a number of bytes in binary units.
func size(n int64) string {
	if n < 1024 {
		return count(n) + " B"
	}
	v, units := float64(n)/1024, "KMGTPE"
	for v >= 1023.95 && len(units) > 1 {
		v, units = v/1024, units[1:]
	}
	return lone(v, changeDigits) + " " + units[:1] + "iB"
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
