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
			s.values[i] = valueAt(s.points, step)
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

// valueAt returns the last value up to a step, or NaN outside the series.
func valueAt(ps []report.Point, step float64) float64 {
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
