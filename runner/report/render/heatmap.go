package render

import (
	"math"
	"strings"
)

// A grid is a heat map: a row for each series, a column for each label.
type grid struct{ cells }

// mermaid is nil: Mermaid has no such chart.
func (g grid) mermaid() []string { return nil }

// table is the grid itself.
func (g grid) table() table {
	corner := list(" / ", foreignIn(g.plot.Y, maxWord), foreignIn(g.plot.X, maxWord))
	t := table{columns: []column{{title: corner}}}
	for _, l := range g.plot.Labels {
		t.columns = append(t.columns, column{title: name(l), right: true})
	}
	for i, s := range g.plot.Series {
		row := []text{name(s.Name)}
		for _, v := range g.values[i] {
			row = append(row, g.cell(v))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// The sizes of a grid, in CSS pixels.
const (
	gridLeft, cellHeight = 140.0, 28.0
	widestCell           = 90.0
	valueWidth           = 40.0 // of the narrowest cell that a value is written in
)

// deepest is how much of its colour the strongest cell has: so much that text on it
// can still be read.
const deepest = 0.5

func (g grid) svg(to *strings.Builder) {
	wide := min(widestCell, (chartWidth-gridLeft-8)/float64(len(g.plot.Labels)))
	bottom := marginTop + cellHeight*float64(len(g.values))
	d := newDrawing(to, "chart", chartWidth, bottom+marginBottom, g.tale())
	top := max(-g.low, g.high)
	for i, vs := range g.values {
		y := marginTop + cellHeight*float64(i)
		d.text("", "end", gridLeft-8, y+cellHeight/2+4, clip(clean(g.plot.Series[i].Name), 18))
		for k, v := range vs {
			if !finite(v) {
				continue
			}
			class := "head cell"
			if v < 0 {
				class = "cold cell"
			}
			x := gridLeft + wide*float64(k)
			d.rect(class, x, y, wide-1, cellHeight-1, opacity(deepest*share(math.Abs(v), 0, top)))
			if wide >= valueWidth {
				d.text("value", "middle", x+wide/2, y+cellHeight/2+4, minus(span{text: g.write(v), style: number}))
			}
		}
	}
	d.labelled(g.plot.Labels, gridLeft, wide, bottom+16)
	d.end()
	d.raw("\n")
}
