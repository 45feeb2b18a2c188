package datacheck

import (
	"math"

	"github.com/mlops-runner/mlops/actions/profile"
)

// bars is how many bars a histogram of text has.
const bars = 10

var blocks = []rune("▁▂▃▄▅▆▇█")

// spark draws shares as blocks, the largest of top being full.
func spark(shares []float64, top float64) string {
	out := make([]rune, len(shares))
	for i, s := range shares {
		switch k := int(math.Ceil(s / top * float64(len(blocks)))); {
		case s == 0:
			out[i] = ' '
		default:
			out[i] = blocks[min(max(k, 1), len(blocks))-1]
		}
	}
	return string(out)
}

// Shape is the histogram of a column in a few bars, each a share of its values:
// of numbers between the outermost hundredths, of texts the commonest and all
// others. It is nil for a column without values.
func Shape(c *profile.Column) []float64 {
	a, _ := shapes(c, c)
	for _, share := range a {
		if share > 0 {
			return a
		}
	}
	return nil
}

// Blocks draws shares as block characters, the largest as a full one.
func Blocks(shares []float64) string {
	top := 0.0
	for _, s := range shares {
		top = max(top, s)
	}
	if top == 0 {
		return ""
	}
	return spark(shares, top)
}

// pair draws what a column was and is over the same bars. It is "" for columns that have
// no shape to draw.
func pair(base, now *profile.Column) (was, is string) {
	a, b := shapes(base, now)
	top := 0.0
	for i := range a {
		top = max(top, a[i], b[i])
	}
	if top == 0 {
		return "", ""
	}
	return spark(a, top), spark(b, top)
}

// shapes are the shares of both columns' values in common bars: of numbers between
// the outermost hundredths, else of the base's commonest values and all others.
func shapes(base, now *profile.Column) (a, b []float64) {
	if base.Numbers != nil && now.Numbers != nil && (base.Numbers.Count > 0 && now.Numbers.Count > 0) && !base.Exact {
		low := min(base.Numbers.Quantile(0.01), now.Numbers.Quantile(0.01))
		high := max(base.Numbers.Quantile(0.99), now.Numbers.Quantile(0.99))
		return histogram(base.Numbers, low, high), histogram(now.Numbers, low, high)
	}
	if base.Numbers != nil && now.Numbers != nil && len(base.Values) > bars {
		return histogram(base.Numbers, base.Numbers.Min, base.Numbers.Max), histogram(now.Numbers, base.Numbers.Min, base.Numbers.Max)
	}
	var names []string
	for _, v := range base.Values[:min(len(base.Values), bars-1)] {
		names = append(names, v.Text)
	}
	return valueShares(base, names), valueShares(now, names)
}

func histogram(n *profile.Numbers, low, high float64) []float64 {
	out := make([]float64, bars)
	if !(high > low) {
		return out
	}
	for _, c := range n.Histogram {
		at := int((c.Low + c.High - 2*low) / (2 * (high - low)) * bars)
		out[min(max(at, 0), bars-1)] += float64(c.Count) / float64(n.Count)
	}
	return out
}

// valueShares are the shares of the values named, and of all others.
func valueShares(c *profile.Column, names []string) []float64 {
	out := make([]float64, len(names)+1)
	total := float64(c.Rows - c.Nulls)
	if total == 0 {
		return out
	}
	rest := 1.0
	for i, name := range names {
		for _, v := range c.Values {
			if v.Text == name {
				out[i] = float64(v.Count) / total
				rest -= out[i]
			}
		}
	}
	if out[len(names)] = rest; rest < 1e-9 {
		out = out[:len(names)]
	}
	return append(out, make([]float64, len(names)+1-len(out))...)
}
