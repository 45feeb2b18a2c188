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
	s := shapes(c, c)
	for _, share := range s.base {
		if share > 0 {
			return s.base
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
	s := shapes(base, now)
	top := 0.0
	for i := range s.base {
		top = max(top, s.base[i], s.now[i])
	}
	if top == 0 {
		return "", ""
	}
	return spark(s.base, top), spark(s.now, top)
}

// A shape is how the values of a column are shared out to bars, then and now.
type shape struct {
	labels    []string // of the bars
	base, now []float64
}

// shapes are the shares of both columns' values in common bars: of numbers between
// the outermost hundredths, else of the base's commonest values and all others.
func shapes(base, now *profile.Column) shape {
	if base.Numbers != nil && now.Numbers != nil && (base.Numbers.Count > 0 && now.Numbers.Count > 0) && !base.Exact {
		low := min(base.Numbers.Quantile(0.01), now.Numbers.Quantile(0.01))
		high := max(base.Numbers.Quantile(0.99), now.Numbers.Quantile(0.99))
		return histograms(base, now, low, high)
	}
	if base.Numbers != nil && now.Numbers != nil && len(base.Values) > bars {
		return histograms(base, now, base.Numbers.Min, base.Numbers.Max)
	}
	var names []string
	for _, v := range base.Values[:min(len(base.Values), bars-1)] {
		names = append(names, v.Text)
	}
	s := shape{base: valueShares(base, names), now: valueShares(now, names)}
	for _, name := range names {
		s.labels = append(s.labels, clip(name))
	}
	if n := len(names); s.base[n] == 0 && s.now[n] == 0 {
		s.base, s.now = s.base[:n], s.now[:n]
	} else {
		s.labels = append(s.labels, "others")
	}
	return s
}

func histograms(base, now *profile.Column, low, high float64) shape {
	s := shape{base: histogram(base.Numbers, low, high), now: histogram(now.Numbers, low, high)}
	for i := range bars {
		s.labels = append(s.labels, numberText(now.Kind, low+(high-low)*float64(i)/bars)+"..")
	}
	s.labels[0] = ".." + numberText(now.Kind, low+(high-low)/bars)
	return s
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
