// Package draw shows the columns of profiles as small histograms: in a line of
// text and as SVG. Its functions are pure; they say nothing about what the
// shapes mean.
package draw

import (
	"math"
	"strings"

	"github.com/mlops-runner/mlops/actions/profile"
)

// Bars are a column's shares in bins, and those of what it is compared with.
type Bars struct {
	Labels    []string  // of values; nil for bins of numbers
	Low, High float64   // of the bins of numbers
	Now       []float64 // shares of all values, 0 to 1
	Reference []float64 // nil if there is nothing to compare with
}

// tail is the share of numbers on either side that the outermost bins take in
// with what is beyond them, so that one outlier does not flatten the rest.
const tail = 0.005

// Of returns n bars of a column, n >= 1: of numbers those of equal width, of
// other values the commonest ones. reference may be nil; the bins are those of
// both, and they are laid where either has most of its numbers.
func Of(now, reference *profile.Column, n int) Bars {
	if now.Numbers == nil && (reference == nil || reference.Numbers == nil) {
		return ofValues(now, reference, n)
	}
	low, high := extent(now.Numbers)
	var other *profile.Numbers
	if reference != nil {
		other = reference.Numbers
		l, h := extent(other)
		low, high = math.Min(known(low, l), known(l, low)), math.Max(known(high, h), known(h, high))
	}
	b := Bars{Low: low, High: high, Now: shares(now.Numbers, low, high, n)}
	if reference != nil {
		b.Reference = shares(other, low, high, n)
	}
	return b
}

// known returns a, or b if a is no number.
func known(a, b float64) float64 {
	if math.IsNaN(a) {
		return b
	}
	return a
}

// extent returns between which numbers all but the tails lie, NaN if there are none.
func extent(n *profile.Numbers) (low, high float64) {
	if n == nil {
		return math.NaN(), math.NaN()
	}
	low, high = n.Quantile(tail), n.Quantile(1-tail)
	if spread := high - low; n.Min >= low-spread/4 && n.Max <= high+spread/4 {
		return n.Min, n.Max // the tails are short
	}
	return low, high
}

// shares returns those of the numbers in n bins; the outermost take in what is
// beyond them.
func shares(of *profile.Numbers, low, high float64, n int) []float64 {
	out := make([]float64, n)
	if of == nil {
		return out
	}
	if !(high > low) {
		out[n/2] = 1
		return out
	}
	edges := make([]float64, n+1)
	for i := range edges {
		edges[i] = low + (high-low)*float64(i)/float64(n)
	}
	edges[0], edges[n] = math.Min(low, of.Min), math.Max(high, of.Max)
	for i, c := range of.Counts(edges) {
		out[i] = c / float64(of.Count)
	}
	return out
}

// ofValues takes the values that are the commonest now, then those of the reference.
func ofValues(now, reference *profile.Column, n int) Bars {
	var b Bars
	columns := []*profile.Column{now}
	if reference != nil {
		columns = append(columns, reference)
	}
	place := map[string]int{}
	for _, c := range columns {
		for _, v := range c.Values {
			if _, ok := place[v.Text]; !ok && len(b.Labels) < n {
				place[v.Text] = len(b.Labels)
				b.Labels = append(b.Labels, v.Text)
			}
		}
	}
	b.Now = valueShares(now, place)
	if reference != nil {
		b.Reference = valueShares(reference, place)
	}
	return b
}

func valueShares(c *profile.Column, place map[string]int) []float64 {
	out := make([]float64, len(place))
	total := c.Rows - c.Nulls
	for _, v := range c.Values {
		if i, ok := place[v.Text]; ok && total > 0 {
			out[i] = float64(v.Count) / float64(total)
		}
	}
	return out
}

// Blocks draws shares as a line of block characters, one for each: the highest
// is a full block, none a blank.
func Blocks(shares []float64) string {
	levels := []rune("▁▂▃▄▅▆▇█")
	top := 0.0
	for _, s := range shares {
		top = math.Max(top, s)
	}
	var b strings.Builder
	for _, s := range shares {
		if !(s > 0) {
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(levels[min(len(levels)-1, int(s/top*float64(len(levels))))])
	}
	return b.String()
}
