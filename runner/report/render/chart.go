package render

import (
	"cmp"
	"math"
	"slices"

	"github.com/mlops-runner/mlops/runner/report"
)

// A chart is lines over one axis: a metric step by step in one or both runs, or
// lines that an action has drawn.
type chart struct {
	key    string    // what it shows; foreign, as all names
	x, y   string    // what the axes are; y is "" for the key
	even   bool      // shorter forms have values at even distances, and not those of some steps
	steps  []float64 // ascending
	series []series
}

// A series is one line of a chart: a value for each step.
type series struct {
	name   string
	role   report.Role
	values []float64 // NaN where it has none
	points []report.Point
}

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

// newChart returns the chart of a metric that has one.
func newChart(r row) chart {
	return chart{key: r.key, x: "step"}.with([]series{
		{name: "baseline", role: report.RoleBaseline, points: r.metric.BaseCurve}, {name: "candidate", points: r.metric.HeadCurve},
	})
}

// with adds the series that have a line to draw.
func (c chart) with(all []series) chart {
	for _, s := range all {
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
	steps, at := pick(c.steps, n), valueAt
	if c.even {
		steps, at = evenly(c.steps[0], c.steps[len(c.steps)-1], n), between
	}
	all := c.series
	c.steps, c.series = steps, nil
	for _, s := range all {
		s.values = make([]float64, len(steps))
		for i, step := range steps {
			s.values[i] = at(s.points, step)
		}
		c.series = append(c.series, s)
	}
	return c
}

// measured returns the steps from the first to the last of series that are no
// references, or all steps if there is no other.
func (c chart) measured() []float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for _, s := range c.series {
		if s.role != report.RoleReference {
			low, high = min(low, s.points[0].Step), max(high, s.points[len(s.points)-1].Step)
		}
	}
	if low < high {
		return []float64{low, high}
	}
	return c.steps
}

// evenly returns n numbers from low to high at equal distances.
func evenly(low, high float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		t := float64(i) / float64(n-1)
		out[i] = low*(1-t) + high*t // high - low could overflow
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

// valueAt returns the last value up to a step, or NaN outside the series.
func valueAt(ps []report.Point, step float64) float64 {
	if !inside(ps, step) {
		return math.NaN()
	}
	i, _ := slices.BinarySearchFunc(ps, step, afterStep)
	return ps[i-1].Value
}

// afterStep finds the first point behind a step.
func afterStep(p report.Point, step float64) int {
	if p.Step <= step {
		return -1
	}
	return 1
}

// between returns the value at a step on the line between its neighbours, or NaN
// outside the series. Of several values at one step it is the last.
func between(ps []report.Point, step float64) float64 {
	if !inside(ps, step) {
		return math.NaN()
	}
	i, _ := slices.BinarySearchFunc(ps, step, afterStep)
	last := ps[i-1]
	if last.Step == step || i == len(ps) {
		return last.Value
	}
	t := share(step, last.Step, ps[i].Step)
	return last.Value*(1-t) + ps[i].Value*t
}

// caption says what the chart shows.
func (c chart) caption() text {
	if c.y == "" {
		return cat(name(c.key), say(" by "), foreignIn(c.x, maxWord))
	}
	return captioned(c.key, c.x, c.y)
}

// table is the chart in numbers.
func (c chart) table() table {
	steps := tableSteps
	if c.even {
		steps = evenSteps
	}
	c = c.thinned(steps)
	low, high := c.extent()
	s := scaleOf((high-low)/100, 0, low, high)
	t := table{columns: []column{{title: foreignIn(c.x, maxWord)}}}
	for _, step := range c.steps {
		t.columns = append(t.columns, column{title: num(lone(step, mostDigits)), right: true})
	}
	for _, one := range c.series {
		cells := []text{foreignIn(one.name, maxWord)}
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
