package render

import (
	"math"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/report"
)

// A scatter is points without lines between them; only references are lines.
type scatter struct {
	plot      *report.Plot
	points    []series // those that are finite, by x
	guides    []series
	x0, x1    float64
	low, high float64
}

func newScatter(p *report.Plot) scatter {
	s := scatter{plot: p, x0: math.Inf(1), x1: math.Inf(-1), low: math.Inf(1), high: math.Inf(-1)}
	for _, one := range p.Series {
		ps := finitePoints(ordered(one.Points))
		if len(ps) == 0 {
			continue
		}
		if one.Role == report.RoleReference {
			s.guides = append(s.guides, series{name: one.Name, role: one.Role, points: ps})
			continue
		}
		s.points = append(s.points, series{name: one.Name, role: one.Role, points: ps})
		s.x0, s.x1 = min(s.x0, ps[0].Step), max(s.x1, ps[len(ps)-1].Step)
		for _, pt := range ps {
			s.low, s.high = min(s.low, pt.Value), max(s.high, pt.Value)
		}
	}
	return s
}

func (s scatter) caption() text { return captioned(s.plot.Title, s.plot.X, s.plot.Y) }

// mermaid is nil: Mermaid has no such chart.
func (s scatter) mermaid() []string { return nil }

// scatterBins is how many rows of a table each series has.
const scatterBins = 6

// table says where the points lie, in parts of the axis of the same width.
func (s scatter) table() table {
	t := table{columns: []column{
		{title: foreignIn(s.plot.X, maxWord)}, {title: say("points of")}, {title: say("count"), right: true},
		{title: say("lowest"), right: true}, {title: say("median"), right: true}, {title: say("highest"), right: true},
	}}
	write, x := scaleOf(s.high/100-s.low/100, 0, s.low, s.high), scaleOf(s.x1/100-s.x0/100, 0, s.x0, s.x1)
	for _, one := range s.points {
		edges := evenly(s.x0, s.x1, scatterBins+1)
		for i, vs := range s.binned(one, scatterBins) {
			if len(vs) == 0 {
				continue
			}
			t.rows = append(t.rows, []text{
				cat(num(x.value(edges[i])), say(bounded), num(x.value(edges[i+1]))), foreignIn(one.name, maxWord), num(count(len(vs))),
				num(write.value(vs[0])), num(write.value(vs[len(vs)/2])), num(write.value(vs[len(vs)-1])),
			})
		}
	}
	return t
}

// binned returns the values of the points in n parts of the axis, each sorted.
func (s scatter) binned(one series, n int) [][]float64 {
	out := make([][]float64, n)
	for _, p := range one.points {
		i := min(int(share(p.Step, s.x0, s.x1)*float64(n)), n-1)
		out[i] = append(out[i], p.Value)
	}
	for _, vs := range out {
		slices.Sort(vs)
	}
	return out
}

// line is the medians along the axis.
func (s scatter) line() text {
	parts := []text{name(s.plot.Title)}
	for _, one := range s.points {
		medians := make([]float64, sparkSteps)
		for i, vs := range s.binned(one, sparkSteps) {
			if medians[i] = math.NaN(); len(vs) > 0 {
				medians[i] = vs[len(vs)/2]
			}
		}
		parts = append(parts, list(" ", foreignIn(one.name, maxWord), picture(sparkline(medians, s.low, s.high))))
	}
	return list(" ", parts...)
}

func (s scatter) svg(to *strings.Builder) {
	a := newArea(s.x0, s.x1, s.low, s.high, chartHeight)
	d := newDrawing(to, "chart", chartWidth, chartHeight, s.tale())
	d.grid(a, lone(a.x0, mostDigits), clip(clean(s.plot.X), maxWord), lone(a.x1, mostDigits))
	for _, g := range s.guides {
		pen := strokeOf(g.role, 0)
		d.series(a, pen.class, pen.dash, g.points)
	}
	own := 0
	for k, one := range s.points {
		class := strokeOf(one.role, own).class
		own += btoi(one.role == "")
		for _, p := range one.points[:min(len(one.points), maxPlotPoints)] {
			d.raw(`<circle class="`, class, ` bar" fill-opacity="0.60" r="2.5" cx="`, px(a.x(p.Step)), `" cy="`, px(a.y(p.Value)), `"/>`)
		}
		d.legend(k, class, report.Series{Name: one.name})
	}
	d.end()
	d.raw("\n")
}

// tale says in words what is drawn.
func (s scatter) tale() string {
	parts := []string{s.caption().plain()}
	for _, one := range s.points {
		parts = append(parts, shortName(one.name)+": "+plural(len(one.points), "point"))
	}
	return strings.Join(parts, "; ")
}
