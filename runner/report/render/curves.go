package render

import (
	"cmp"
	"math"
	"slices"

	"github.com/mlops-runner/mlops/runner/report"
)

// A chart is a metric step by step, in one or both runs.
type chart struct {
	row    row
	steps  []float64 // ascending
	series []series
}

// A series is one line of a chart: a value for each step.
type series struct {
	name   string    // ours
	values []float64 // NaN where it has none
	points []report.Point
}

// A history is a metric over the runs before this one.
type history struct {
	row    row
	points []report.Point
}

const (
	chartSteps    = 25 // of a chart in Markdown
	sparkSteps    = 24
	tableSteps    = 8
	markdownPlots = 4  // charts in Markdown
	pagePlots     = 60 // in HTML
)

// hasChart reports whether a metric has a line to draw: two steps, and a value
// that is a number.
func hasChart(m *report.Metric) bool {
	return drawable(m.HeadCurve) || drawable(m.BaseCurve)
}

func drawable(ps []report.Point) bool {
	steps, value, last := 0, false, math.NaN()
	for _, p := range ps {
		if finite(p.Step) && p.Step != last {
			steps, last = steps+1, p.Step
		}
		value = value || finite(p.Step) && finite(p.Value)
		if steps > 1 && value {
			return true
		}
	}
	return false
}

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

// newChart returns the chart of a metric that has one.
func newChart(r row) chart {
	c := chart{row: r}
	for _, s := range []series{{name: "baseline", points: r.metric.BaseCurve}, {name: "candidate", points: r.metric.HeadCurve}} {
		if drawable(s.points) {
			s.points = ordered(s.points)
			c.series = append(c.series, s)
		}
	}
	for _, s := range c.series {
		for _, p := range s.points {
			c.steps = append(c.steps, p.Step)
		}
	}
	slices.Sort(c.steps)
	c.steps = slices.Compact(c.steps)
	return c
}

// ordered returns the points with a finite step, by step; of several with one
// step the last counts.
func ordered(ps []report.Point) []report.Point {
	byStep := func(a, b report.Point) int { return cmp.Compare(a.Step, b.Step) }
	bad := func(p report.Point) bool { return !finite(p.Step) }
	if slices.IsSortedFunc(ps, byStep) && !slices.ContainsFunc(ps, bad) {
		return ps
	}
	out := slices.DeleteFunc(slices.Clone(ps), bad)
	slices.SortStableFunc(out, byStep)
	return out
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// extent returns the least and the greatest finite value.
func (c chart) extent() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range c.series {
		for _, p := range s.points {
			if finite(p.Value) {
				low, high = min(low, p.Value), max(high, p.Value)
			}
		}
	}
	return low, high
}

// thinned returns the chart at n of its steps at most, the first and the last
// among them, with a value of each series at each.
func (c chart) thinned(n int) chart {
	out := chart{row: c.row, steps: pick(c.steps, n)}
	for _, s := range c.series {
		s.values = make([]float64, len(out.steps))
		for i, step := range out.steps {
			s.values[i] = at(s.points, step)
		}
		out.series = append(out.series, s)
	}
	return out
}

// pick returns n of the elements at most: every k-th and the last.
func pick(all []float64, n int) []float64 {
	stride := (len(all) + n - 3) / (n - 1) // rounded up
	if stride <= 1 {
		return all
	}
	var out []float64
	for i := 0; i < len(all)-1; i += stride {
		out = append(out, all[i])
	}
	return append(out, all[len(all)-1])
}

// at returns the last value up to a step, or NaN outside the series.
func at(ps []report.Point, step float64) float64 {
	if step < ps[0].Step || step > ps[len(ps)-1].Step {
		return math.NaN()
	}
	i, _ := slices.BinarySearchFunc(ps, step, func(p report.Point, s float64) int {
		if p.Step <= s {
			return -1
		}
		return 1
	})
	return ps[i-1].Value
}

// curves shows metrics step by step and run by run.
func (p *page) curves() section {
	var plots []plot
	charts, histories := 0, 0
	for _, r := range byWeight(p.rows) {
		if hasChart(r.metric) {
			plots, charts = append(plots, func() block { return newChart(r) }), charts+1
		}
		if hasHistory(r.metric) {
			plots, histories = append(plots, func() block { return history{r, r.metric.Past} }), histories+1
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
	s.brief = listed(plots, maxBrief)[0].(items).texts
	if left := len(plots) - maxBrief; left > 0 {
		s.brief = append(s.brief, say(count(left)+" more"))
	}
	return s
}

// A plot makes a chart or a history when it is needed.
type plot func() block

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
		ts = append(ts, p().(interface{ line() text }).line())
	}
	return withRest([]block{items{ts}}, len(plots)-n, "curve")
}

func withRest(bs []block, n int, noun string) []block {
	if n > 0 {
		return append(bs, rest{n, noun})
	}
	return bs
}

func byWeight(rows []row) []row {
	out := slices.Clone(rows)
	slices.SortStableFunc(out, func(a, b row) int { return a.weight() - b.weight() })
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
	parts := []text{name(c.row.key)}
	for _, s := range t.series {
		parts = append(parts, cat(say(s.name+" "), picture(sparkline(s.values, low, high))))
	}
	return list(" ", parts...)
}

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

func lastOf(vs []float64, n int) []float64 { return vs[max(0, len(vs)-n):] }

// picture is a drawing of characters.
func picture(s string) text { return text{{text: s, style: code}} }

// sparks are the heights of a sparkline.
var sparks = [...]rune{'▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'}

// sparkline draws values between low and high; those that are no finite
// numbers are a dot.
func sparkline(vs []float64, low, high float64) string {
	out := make([]rune, len(vs))
	for i, v := range vs {
		out[i] = '·'
		if finite(v) {
			out[i] = sparks[height(v, low, high, len(sparks)-1)]
		}
	}
	return string(out)
}

// height places v between low and high on a scale from 0 to top; it halves
// before it subtracts, so that the range cannot overflow.
func height(v, low, high float64, top int) int {
	span := high/2 - low/2
	if span <= 0 {
		return top / 2
	}
	share := (v/2 - low/2) / span
	return min(max(int(math.Round(share*float64(top))), 0), top)
}

// table is the chart in numbers.
func (c chart) table() table {
	c = c.thinned(tableSteps)
	low, high := c.extent()
	s := scaleOf((high-low)/100, 0, low, high)
	t := table{columns: []column{{title: say("step")}}}
	for _, step := range c.steps {
		t.columns = append(t.columns, column{title: num(lone(step, mostDigits)), right: true})
	}
	for _, one := range c.series {
		cells := []text{say(one.name)}
		for i, v := range one.values {
			cell := num(s.value(v))
			if math.IsNaN(v) && !inside(one.points, c.steps[i]) {
				cell = say(missing)
			}
			cells = append(cells, cell)
		}
		t.rows = append(t.rows, cells)
	}
	return t
}

// inside reports whether a series has begun and not ended at a step.
func inside(ps []report.Point, step float64) bool {
	return step >= ps[0].Step && step <= ps[len(ps)-1].Step
}
