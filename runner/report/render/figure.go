package render

import (
	"strings"

	"github.com/mlops-runner/mlops/runner/report"
)

// A figure is what can be drawn, and what formats that cannot draw write in its place.
type figure interface {
	caption() text
	svg(*strings.Builder)
	mermaid() []string // lines of a chart; nil if Mermaid cannot draw it
	table() table      // in numbers; empty if the line says it all
	line() text        // in block characters
}

// figures are the plots of a section that have anything to draw.
func figures(plots []report.Plot) []figure {
	var out []figure
	for i := range plots {
		if f := newFigure(&plots[i]); f != nil {
			out = append(out, f)
		}
	}
	return out
}

func newFigure(p *report.Plot) figure {
	switch p.Kind {
	case report.Lines:
		if c := plotChart(p); len(c.series) > 0 {
			return c
		}
	case report.Points:
		if s := newScatter(p); len(s.points) > 0 {
			return s
		}
	case report.Bars:
		if c := newCells(p); c.drawable() {
			return bars{c}
		}
	case report.Grid:
		if c := newCells(p); c.drawable() {
			return grid{c}
		}
	}
	return nil
}

// plotChart is the chart of a plot of lines.
func plotChart(p *report.Plot) chart {
	var all []series
	for _, s := range p.Series {
		all = append(all, series{name: s.Name, role: s.Role, points: s.Points})
	}
	return chart{key: p.Title, x: p.X, y: p.Y, even: true}.with(all)
}

// captioned says what a figure shows: ROC: recall by false positive rate.
func captioned(key, x, y string) text {
	axes := list(" by ", foreignIn(y, maxField/2), foreignIn(x, maxField/2))
	return list(": ", foreignIn(key, maxField/2).bold(), axes)
}

// drawnFigures are the first n figures of a section.
func drawnFigures(fs []figure, n int) []block {
	var bs []block
	for _, f := range fs[:min(n, len(fs))] {
		bs = append(bs, f)
	}
	return withRest(bs, len(fs)-n, "plot")
}

// listedFigures are the first n figures as lines.
func listedFigures(fs []figure, n int) []block {
	if len(fs) == 0 {
		return nil
	}
	return withRest([]block{items{figureLines(fs, n)}}, len(fs)-n, "plot")
}

func figureLines(fs []figure, n int) []text {
	var ts []text
	for _, f := range fs[:min(n, len(fs))] {
		ts = append(ts, f.line())
	}
	return ts
}
