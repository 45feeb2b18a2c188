package render

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// A scale says how the numbers of one row are written, so that they can be
// compared digit by digit.
type scale struct {
	decimals int // behind the point
	digits   int // significant ones, with an exponent; 0 for none
}

const (
	aloneDigits  = 5 // significant digits of a value with nothing to compare
	changeDigits = 3 // of a change
	noiseDigits  = 2 // of half an interval: more are noise
	mostDigits   = 6 // of a value beside a change
)

// scaleOf returns the scale for values that differ by change and, where noise
// is not 0, by chance within plus or minus noise: enough digits to see the
// change, and no more than its noise or the values themselves have.
func scaleOf(change, noise float64, values ...float64) scale {
	largest, exact := 0.0, 0
	for _, v := range values {
		if abs := math.Abs(v); !math.IsNaN(v) && !math.IsInf(v, 0) {
			largest = max(largest, abs)
			exact = max(exact, exactDecimals(abs))
		}
	}
	step, digits := spread(change, noise)
	if largest == 0 {
		return scale{}
	}
	top := magnitude(largest)
	if step == 0 {
		step, digits = largest, aloneDigits
	}
	wanted := digits - 1 - magnitude(step)
	if !ordinary(largest) {
		return scale{digits: max(1, min(top+wanted+1, exactDigits(values), mostDigits))}
	}
	return scale{decimals: max(0, min(wanted, exact, mostDigits-1-top))}
}

// spread returns what decides how many digits are shown, and how many of its own are.
func spread(change, noise float64) (step float64, digits int) {
	usable := func(v float64) bool { return v != 0 && !math.IsNaN(v) && !math.IsInf(v, 0) }
	switch {
	case usable(noise):
		return math.Abs(noise), noiseDigits
	case usable(change):
		return math.Abs(change), changeDigits
	}
	return 0, 0
}

// magnitude returns the power of ten of the first digit of v > 0.
func magnitude(v float64) int { return int(math.Floor(math.Log10(v))) }

// exactDecimals returns how many decimals write v exactly.
func exactDecimals(v float64) int {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	_, fraction, _ := strings.Cut(s, ".")
	return len(fraction)
}

// exactDigits returns how many significant digits write all of vs exactly.
func exactDigits(vs []float64) int {
	n := 1
	for _, v := range vs {
		mantissa, _, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
		n = max(n, len(strings.Trim(mantissa, "-"))-btoi(strings.Contains(mantissa, ".")))
	}
	return n
}

// value writes v, with a hyphen for a minus.
func (s scale) value(v float64) string { return s.write(v, leastDigits) }

// leastDigits is how many digits a value has at least, if it has as many.
const leastDigits = 2

// signed writes a change: with its sign, 0 without one.
func (s scale) signed(v float64) string {
	text := s.write(v, 1)
	if v > 0 {
		return "+" + text
	}
	return text
}

// write writes v to the scale, or alone if it would have fewer than least digits.
func (s scale) write(v float64, least int) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 0):
		return strings.Repeat("-", btoi(v < 0)) + "∞"
	case v == 0:
		return "0"
	}
	switch ordinary := ordinary(v); {
	case !ordinary && s.digits > 0:
		return exponent(v, s.digits)
	case s.digits > 0:
		return lone(v, mostDigits)
	case !ordinary || magnitude(math.Abs(v))+1+s.decimals < least:
		return lone(v, noiseDigits)
	}
	return separated(strconv.FormatFloat(v, 'f', s.decimals, 64))
}

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
	return abs < 1e15 && abs >= 1e-4
}

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
