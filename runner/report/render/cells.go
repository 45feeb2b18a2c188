package render

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/report"
)

// A cells is a plot with a value for each label and series: bars, or a grid.
type cells struct {
	plot      *report.Plot
	values    [][]float64 // of each series, one for each label
	low, high float64     // of all finite values and 0
}

func newCells(p *report.Plot) cells {
	c := cells{plot: p}
	for i := range p.Series {
		vs := make([]float64, 0, len(p.Labels))
		for _, v := range p.Row(i) {
			vs = append(vs, float64(v))
			if finite(float64(v)) {
				c.low, c.high = min(c.low, float64(v)), max(c.high, float64(v))
			}
		}
		c.values = append(c.values, vs)
	}
	return c
}

// drawable reports whether there is a number.
func (c cells) drawable() bool {
	return slices.ContainsFunc(c.values, func(vs []float64) bool { return slices.ContainsFunc(vs, finite) })
}

func (c cells) caption() text { return captioned(c.plot.Title, c.plot.X, c.plot.Y) }

// write writes a value as beside the others: sums and shares of a plot differ by
// orders, so that each has the digits that tell it from a hundredth of the range.
func (c cells) write(v float64) string {
	return scaleOf((c.high/100 - c.low/100), 0, c.low, c.high).value(v)
}

// line is each series as a sparkline from 0 to the highest of all, and the ends
// of the labels.
func (c cells) line() text {
	parts := []text{name(c.plot.Title)}
	for i, s := range c.plot.Series {
		if s.Role == report.RoleReference {
			continue
		}
		spark := picture(sparkline(thin(c.values[i], sparkSteps), c.low, c.high))
		parts = append(parts, list(" ", foreignIn(s.Name, maxWord), spark))
	}
	ends := foreignIn(c.plot.Labels[0], maxWord)
	if last := len(c.plot.Labels) - 1; last > 0 {
		ends = cat(ends, say(bounded), foreignIn(c.plot.Labels[last], maxWord))
	}
	return list(" ", append(parts, cat(say("("), ends, say(")")))...)
}

// thin returns n values at most, each the largest of its neighbours.
func thin(vs []float64, n int) []float64 {
	stride := (len(vs) + n - 1) / n
	if stride <= 1 {
		return vs
	}
	var out []float64
	for part := range slices.Chunk(vs, stride) {
		top := math.NaN()
		for _, v := range part {
			if finite(v) && !(top >= v) {
				top = v
			}
		}
		out = append(out, top)
	}
	return out
}

// cell writes a value of a table.
func (c cells) cell(v float64) text {
	if math.IsNaN(v) {
		return say(missing)
	}
	return num(c.write(v))
}

// labelled writes labels below a drawing, each in the middle of its part, as many as have room.
func (d drawing) labelled(labels []string, left, width, y float64) {
	most := max(1, int(width*float64(len(labels))/90)) // as wide as a short name
	stride := (len(labels) + most - 1) / most
	for i := 0; i < len(labels); i += stride {
		d.text("", "middle", left+(float64(i)+0.5)*width, y, clip(clean(labels[i]), 14))
	}
}

// rect draws a rectangle; opacity is "" for a whole one.
func (d drawing) rect(class string, x, y, w, h float64, opacity string) {
	if opacity != "" {
		opacity = ` fill-opacity="` + opacity + `"`
	}
	d.raw(`<rect class="`, class, `"`, opacity, ` x="`, px(x), `" y="`, px(y), `" width="`, px(w), `" height="`, px(h), `"/>`)
}

// opacity writes how much of a colour is to be seen.
func opacity(share float64) string { return strconv.FormatFloat(share, 'f', 2, 64) }

// tale says in words what is drawn.
func (c cells) tale() string {
	var names []string
	for _, s := range c.plot.Series {
		names = append(names, shortName(s.Name))
	}
	return c.caption().plain() + "; " + strings.Join(names, ", ") + " over " + plural(len(c.plot.Labels), "label") +
		", from " + c.write(c.low) + " to " + c.write(c.high)
}
