package columns

import (
	"math"
	"time"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/spec"
)

var (
	negInf = math.Inf(-1)
	posInf = math.Inf(1)
)

// bounds returns between which values numbers may lie, nil if anywhere.
func bounds(c *profile.Column) *spec.Range {
	n := c.Numbers
	r := spread(n.Min, n.Max, c.Kind == table.Int)
	low, high := tails(n)
	if low && r.Min != 0 {
		r.Min = negInf
	}
	if high && r.Max != 0 || likeKey(c) && c.Rows >= enoughForKey {
		r.Max = posInf
	}
	if math.IsInf(r.Min, -1) && math.IsInf(r.Max, 1) {
		return nil
	}
	return &r
}

// spread widens a range by its own width on both sides, but not over zero, and
// rounds it outwards to multiples of 1, 2 or 5 times a power of ten that are at
// most half the width. Shares and flags stay from 0 to 1.
func spread(low, high float64, whole bool) spec.Range {
	width := high - low
	if width == 0 {
		width = max(math.Abs(low), 1)
	}
	if low >= 0 && low <= 0.1 && high >= 0.9 && high <= 1 {
		return spec.Range{Min: 0, Max: 1}
	}
	step := roundDown(width / 2)
	if whole {
		step = max(step, 1)
	}
	r := spec.Range{Min: multiple(math.Floor, low-width, step), Max: multiple(math.Ceil, high+width, step)}
	if low >= 0 {
		r.Min = max(r.Min, 0)
	}
	if high <= 0 && low < 0 {
		r.Max = min(r.Max, 0)
	}
	if !(r.Min <= low) { // more digits than a float64 has
		r.Min = negInf
	}
	if !(r.Max >= high) {
		r.Max = posInf
	}
	return r
}

// multiple rounds x to a multiple of step, which has one digit.
func multiple(round func(float64) float64, x, step float64) float64 {
	if step >= 1 {
		return round(x/step) * step
	}
	return round(x/step) / math.Round(1/step) // 3/10 and not 3*0.1
}

// roundDown returns the largest of 1, 2 and 5 times a power of ten up to x > 0.
func roundDown(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, digit := range []float64{5, 2} {
		if digit*power <= x {
			return digit * power
		}
	}
	return power
}

// longTail is how many times as far from the median the extreme lies as the
// hundredth next to it where the next batch may go as far again: of ten thousand
// normal numbers it is 1.7 times, of a Pareto distribution 20 times and more.
const longTail = 5

// tails reports on which sides numbers have a long tail.
func tails(n *profile.Numbers) (low, high bool) {
	mid := n.Quantile(0.5)
	return mid-n.Min > longTail*(mid-n.Quantile(0.01)), n.Max-mid > longTail*(n.Quantile(0.99)-mid)
}

// firstYear returns the first day that dates may have: of the year as far before
// the first one as that is before the last. There is no last day: time goes on.
func firstYear(c *profile.Column) *spec.Range {
	first := startOfYear(c.Kind, 2*c.Numbers.Min-c.Numbers.Max)
	if math.IsNaN(first) {
		return nil
	}
	return &spec.Range{Min: first, Max: posInf}
}

const microsADay = 86400e6

// startOfYear returns the first day of the year of x, in the unit of the kind, NaN
// if it cannot be written with four digits.
func startOfYear(k table.Kind, x float64) float64 {
	unit := 1.0
	if k == table.Time {
		unit = microsADay
	}
	const firstDay, lastDay = -719162, 2932896 // of the years 1 to 9999
	day := math.Floor(x / unit)
	if !(day >= firstDay && day <= lastDay) {
		return math.NaN()
	}
	year := time.Unix(int64(day)*86400, 0).UTC().Year()
	return float64(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Unix()/86400) * unit
}

// shareSteps are the shares that lines have, in percent.
func shareSteps() []float64 {
	return []float64{0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 99.5, 99.8, 99.9, 100}
}

// stepUp and stepDown round a share to a step beyond it.
func stepUp(share float64) float64 {
	for _, s := range shareSteps() {
		if s/100 >= share {
			return s / 100
		}
	}
	return 1
}

func stepDown(share float64) float64 { return 1 - stepUp(1-share) }

// upTo returns a range of shares with twice this one: from 3 % ..10%.
func upTo(share float64) *spec.Range {
	return &spec.Range{Min: negInf, Max: stepUp(min(1, 2*share)), Percent: true}
}

// around returns a range of shares in which the odds are a third to three times
// those of this one, nil where it has none or leaves nothing out.
func around(share float64) *spec.Range {
	if share <= 0 || share >= 1 {
		return nil
	}
	odds := share / (1 - share)
	r := spec.Range{Min: stepDown(odds / 3 / (1 + odds/3)), Max: stepUp(3 * odds / (1 + 3*odds)), Percent: true}
	if r.Min <= 0 && r.Max >= 1 {
		return nil
	}
	return &r
}
