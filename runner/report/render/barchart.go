package render

import (
	"strings"

	"github.com/mlops-runner/mlops/runner/report"
)

// bars are drawn side by side for each label, from 0. What nothing was measured for
// is a line across those of its label, such as from where on they are too high.
type bars struct{ cells }

// table has a row for each label.
func (c bars) table() table {
	t := table{columns: []column{{title: foreignIn(c.plot.X, maxWord)}}}
	for _, s := range c.plot.Series {
		t.columns = append(t.columns, column{title: foreignIn(s.Name, maxWord), right: true})
	}
	for i, label := range c.plot.Labels {
		row := []text{name(label)}
		for _, vs := range c.values {
			row = append(row, c.cell(vs[i]))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// mermaid draws one series as bars, and a second as a line across them: Mermaid
// would draw bars on top of bars.
func (c bars) mermaid() []string {
	if !plain(c.low, c.high) || len(c.values) > 2 || len(c.plot.Labels) > mermaidLabels {
		return nil
	}
	high := c.high
	if c.low == c.high {
		high = 1
	}
	m := xychart{key: c.plot.Title, x: c.plot.X, y: c.plot.Y, low: c.low, high: high}
	for _, l := range c.plot.Labels {
		m.labels = append(m.labels, `"`+clip(symbol(l), maxWord/2)+`"`)
	}
	first := 0
	if len(c.values) == 2 && c.plot.Series[0].Role != "" {
		first = 1
	}
	for k := range c.values {
		i, shape := (first+k)%len(c.values), "bar"
		if k > 0 {
			shape = "line"
		}
		m.add(shape, c.plot.Series[i].Name, zeroed(c.values[i]))
	}
	m.tale = []string{"Bars from " + decimal(c.low) + " to " + decimal(high) + "."}
	return m.lines()
}

// zeroed has 0 for what is no finite number.
func zeroed(vs []float64) []float64 {
	out := make([]float64, len(vs))
	for i, v := range vs {
		if finite(v) {
			out[i] = v
		}
	}
	return out
}

func (c bars) svg(to *strings.Builder) {
	a := area{0, float64(len(c.plot.Labels)), c.low, c.high, chartHeight}
	if c.low == c.high {
		a.high = c.low + 1
	}
	d := newDrawing(to, "chart", chartWidth, chartHeight, c.tale())
	d.levels(a)
	own := 0
	band := a.x(1) - a.x(0)
	wide := band * 0.84 / float64(max(1, len(c.values)-c.lines()))
	beside := 0
	for k, vs := range c.values {
		class := strokeOf(c.plot.Series[k].Role, own).class
		own += btoi(c.plot.Series[k].Role == "")
		for i, v := range vs {
			if finite(v) && c.plot.Series[k].Role == report.RoleReference {
				d.line(class, a.x(float64(i))+band*0.04, a.y(v), a.x(float64(i))+band*0.96, a.y(v))
			} else if finite(v) {
				top, bottom := min(a.y(v), a.y(0)), max(a.y(v), a.y(0))
				d.rect(class+" bar", a.x(float64(i))+band*0.08+wide*float64(beside), top, wide, bottom-top, "")
			}
		}
		beside += btoi(c.plot.Series[k].Role != report.RoleReference)
		d.legend(k, class, c.plot.Series[k])
	}
	d.labelled(c.plot.Labels, marginLeft, band, a.height-marginBottom+16)
	d.end()
	d.raw("\n")
}

// lines is how many series are drawn across the bars.
func (c bars) lines() (n int) {
	for _, s := range c.plot.Series {
		n += btoi(s.Role == report.RoleReference)
	}
	return n
}

// legend names a series at the right, as far as there is room.
func (d drawing) legend(k int, class string, s report.Series) {
	y := marginTop + 16*float64(k)
	if y > chartHeight-marginBottom {
		return
	}
	d.rect(class+" bar", chartWidth-marginRight+8, y, 8, 8, "")
	d.text("", "start", chartWidth-marginRight+20, y+8, shortName(s.Name))
}
