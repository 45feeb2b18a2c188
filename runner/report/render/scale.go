package render

import (
	"math"
	"strconv"
	"strings"
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
	finestDigits = 9 // of a value whose change would not show otherwise
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
	most := mostDigits - 1 - top
	if first := -magnitude(step); first > most && first < finestDigits-top {
		most = first
	}
	return scale{decimals: max(0, min(wanted, exact, most))}
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
	case math.Abs(v) >= largestPlain:
		return lone(v, noiseDigits)
	}
	text := strconv.FormatFloat(v, 'f', s.decimals, 64)
	if len(strings.TrimLeft(strings.ReplaceAll(text, ".", ""), "-0")) < least {
		return lone(v, noiseDigits)
	}
	return separated(text)
}
