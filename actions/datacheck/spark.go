package datacheck

import (
	"cmp"
	"math"
	"strconv"
	"time"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/runner/report"
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

// shapes are the shares of both columns' values in common bars.
func shapes(base, now *profile.Column) (a, b []float64) {
	l := barsOf(base, now)
	return l.shares(base), l.shares(now)
}

// A layout is the bars that two columns have in common: of numbers parts of equal
// width, else the base's commonest values and all others.
type layout struct {
	numbers   bool
	low, high float64
	names     []string
}

// barsOf lays bars out: of numbers between the outermost hundredths of both.
func barsOf(base, now *profile.Column) layout {
	numbers := base.Numbers != nil && now.Numbers != nil && base.Numbers.Count > 0 && now.Numbers.Count > 0
	if few := base.Exact && len(base.Values) <= bars; numbers && !few {
		return layout{
			numbers: true, low: min(base.Numbers.Quantile(0.01), now.Numbers.Quantile(0.01)),
			high: max(base.Numbers.Quantile(0.99), now.Numbers.Quantile(0.99)),
		}
	}
	var l layout
	for _, v := range base.Values[:min(len(base.Values), bars-1)] {
		l.names = append(l.names, v.Text)
	}
	return l
}

func (l layout) shares(c *profile.Column) []float64 {
	if l.numbers {
		return histogram(c.Numbers, l.low, l.high)
	}
	return valueShares(c, l.names)
}

// labels name the bars; what lies outside of numbers' bars counts to the outermost.
func (l layout) labels(kind table.Kind) (out []string) {
	if !l.numbers {
		for _, n := range l.names {
			out = append(out, cmp.Or(printable(n), "''"))
		}
		return append(out, "others")
	}
	edge := func(i int) string { return NumberText(kind, l.low+(l.high-l.low)*float64(i)/bars) }
	for i := range bars {
		out = append(out, edge(i)+".."+edge(i+1))
	}
	return out
}

// plotOf is the pair as a plot of a report; ok is false if there is no shape to draw.
func plotOf(base, now *profile.Column, against string) (report.Plot, bool) {
	if was, _ := pair(base, now); was == "" {
		return report.Plot{}, false
	}
	l := barsOf(base, now)
	p := report.Plot{Title: now.Name, Kind: report.Bars, X: "values", Y: "share of rows", Labels: l.labels(now.Kind)}
	for _, c := range []*profile.Column{base, now} {
		s := report.Series{Name: "now"}
		if c == base {
			s.Name, s.Role = against, report.RoleBaseline
		}
		for _, share := range l.shares(c) {
			s.Values = append(s.Values, report.Number(share))
		}
		p.Series = append(p.Series, s)
	}
	if last := len(p.Labels) - 1; !l.numbers && p.Series[0].Values[last] == 0 && p.Series[1].Values[last] == 0 {
		p.Labels = p.Labels[:last] // there are no others
		for i := range p.Series {
			p.Series[i].Values = p.Series[i].Values[:last]
		}
	}
	return p, true
}

// NumberText writes a number of a column of a kind, as dates and times are kept in
// profiles: with six digits.
func NumberText(kind table.Kind, v float64) string {
	switch kind {
	case table.Date:
		return time.Unix(int64(v)*86400, 0).UTC().Format(time.DateOnly)
	case table.Time:
		return time.UnixMicro(int64(v)).UTC().Format("2006-01-02T15:04:05Z")
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

func histogram(n *profile.Numbers, low, high float64) []float64 {
	out := make([]float64, bars)
	if !(high > low) {
		return out
	}
	for c := range n.Histogram.All() {
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
