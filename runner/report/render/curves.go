package render

import (
	"math"

	"github.com/mlops-runner/mlops/runner/report"
)

// A history is a metric over the runs before this one.
type history struct {
	row    row
	points []report.Point
}

const (
	chartSteps    = 25 // of a chart in Markdown
	sparkSteps    = 24
	tableSteps    = 8
	evenSteps     = 11 // of a table at even distances, so that shares are tenths
	markdownPlots = 4  // charts in Markdown
	pagePlots     = 60 // in HTML
	briefPlots    = 4  // in a terminal
)

// hasHistory reports whether there are two values of earlier runs.
func hasHistory(m *report.Metric) bool {
	n := 0
	for _, p := range m.Past {
		if n += btoi(finite(p.Value)); n > 1 {
			return true
		}
	}
	return false
}

// curves shows metrics step by step and run by run.
func (p *page) curves() section {
	var plots []plot
	charts, histories := 0, 0
	for _, r := range byWeight(p.rows) {
		if hasChart(r.metric) {
			plots, charts = append(plots, func() figure { return newChart(r) }), charts+1
		}
		if hasHistory(r.metric) && (len(r.metric.Slice) == 0 || r.metric.Verdict == report.Worse) {
			plots, histories = append(plots, func() figure { return history{r, r.metric.Past} }), histories+1
		}
	}
	if len(plots) == 0 {
		return section{}
	}
	s := section{id: "curves", title: say("Curves"), rank: rankCurves}
	s.summary = list(", ", countIf(charts, "metric step by step", "metrics step by step"), countIf(histories, "metric run by run", "metrics run by run"))
	most := markdownPlots
	if p.plots {
		most = pagePlots
	}
	s.forms = []func() []block{func() []block { return drawn(plots, most) }}
	for _, n := range []int{20, 5} {
		if n <= len(plots) || len(s.forms) == 1 {
			s.forms = append(s.forms, func() []block { return listed(plots, n) })
		}
	}
	s.brief = listed(plots, briefPlots)[0].(items).texts
	if left := len(plots) - briefPlots; left > 0 {
		s.brief = append(s.brief, say(count(left)+" more"))
	}
	return s
}

// A plot makes a chart or a history when it is needed.
type plot func() figure

// drawn draws the first n plots.
func drawn(plots []plot, n int) []block {
	var bs []block
	for _, p := range plots[:min(n, len(plots))] {
		bs = append(bs, p())
	}
	return withRest(bs, len(plots)-n, "curve")
}

// listed writes the first n plots as lines of text.
func listed(plots []plot, n int) []block {
	var ts []text
	for _, p := range plots[:min(n, len(plots))] {
		ts = append(ts, p().line())
	}
	return withRest([]block{items{ts}}, len(plots)-n, "curve")
}

func withRest(bs []block, n int, noun string) []block {
	if n > 0 {
		return append(bs, rest{n, noun})
	}
	return bs
}

// byWeight returns the rows in the order of their weight, and of equal weight in
// the order in which they come. Rows are large, so that sorting would take longer
// than most of a rendering.
func byWeight(rows []row) []row {
	var next [weights + 1]int
	weight := make([]int8, len(rows))
	for i := range rows {
		w := rows[i].weight()
		weight[i] = int8(w)
		next[w+1]++
	}
	for w := 1; w <= weights; w++ {
		next[w] += next[w-1]
	}
	out := make([]row, len(rows))
	for i, w := range weight {
		out[next[w]] = rows[i]
		next[w]++
	}
	return out
}

func countIf(n int, one, more string) text {
	switch n {
	case 0:
		return nil
	case 1:
		return say("1 " + one)
	}
	return say(count(n) + " " + more)
}

func finitePoints(ps []report.Point) []report.Point {
	var out []report.Point
	for _, p := range ps {
		if finite(p.Value) {
			out = append(out, p)
		}
	}
	return out
}

// line is the chart in one line of text.
func (c chart) line() text {
	t := c.thinned(sparkSteps)
	low, high := c.extent()
	parts := []text{name(c.key)}
	for _, s := range t.series {
		if s.role != report.RoleReference {
			parts = append(parts, cat(foreignIn(s.name, maxWord), say(" "), picture(sparkline(s.values, low, high))))
		}
	}
	return list(" ", parts...)
}

// caption is the line: a picture beside the picture.
func (h history) caption() text { return h.line() }

// mermaid is nil: the line says it.
func (h history) mermaid() []string { return nil }

// table is empty.
func (h history) table() table { return table{} }

// line is the history in one line of text.
func (h history) line() text {
	vs, low, high := h.values()
	ends := finitePoints(h.points)
	from, to := ends[0].Value, ends[len(ends)-1].Value
	s := scaleOf(to-from, 0, from, to)
	return cat(name(h.row.key), say(", last "+plural(len(h.points), "run")+" of the baseline's branch: "), picture(sparkline(lastOf(vs, sparkSteps), low, high)),
		say(" ("), num(s.value(from)), say(" → "), num(s.value(to)), say(")"))
}

func (h history) values() (vs []float64, low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, p := range h.points {
		vs = append(vs, p.Value)
		if finite(p.Value) {
			low, high = min(low, p.Value), max(high, p.Value)
		}
	}
	return vs, low, high
}
