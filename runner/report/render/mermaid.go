package render

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// What Mermaid draws so that it can be read: it has no legend and no room.
const (
	mermaidSeries = 4
	mermaidLabels = 25
	// evenChartSteps are twentieths.
	evenChartSteps = 21
)

// mermaid draws a chart for Mermaid, which has no legend and no exponents, or
// returns nil if the numbers are not for it.
func (c chart) mermaid() []string {
	low, high := c.extent()
	if !plain(low, high) || len(c.series) > mermaidSeries {
		return nil
	}
	pad := (high - low) / 20
	if pad == 0 {
		pad = max(math.Abs(high)/20, 0.01)
	}
	if c.even {
		c.steps = c.measured() // Mermaid has no gaps: lines would go on where nothing was measured
		c = c.thinned(evenChartSteps)
	} else {
		c = c.thinned(chartSteps)
	}
	m := xychart{key: c.key, x: c.x, y: c.y, labels: labels(c.steps), low: low - pad, high: high + pad}
	for _, s := range c.series {
		if from, to, ok := ends(s.values); ok {
			m.tale = append(m.tale, "The "+mermaidName(s.name, "line")+" goes from "+decimal(from)+" to "+decimal(to)+".")
			m.add("line", s.name, filled(s.values))
		}
	}
	return m.lines()
}

// plain reports whether Mermaid can write the numbers of an axis.
func plain(low, high float64) bool {
	span := high - low
	return math.Abs(low) < 1e12 && math.Abs(high) < 1e12 && (span == 0 || span >= 1e-9)
}

// An xychart is a chart as Mermaid reads it.
type xychart struct {
	key, x, y string   // foreign; y is "" for the key
	labels    []string // as they are written
	low, high float64
	tale      []string // sentences for those who do not see it
	legend    []string
	series    []string
}

// add adds a line or bars, with a value for each label.
func (m *xychart) add(shape, name string, vs []float64) {
	m.series = append(m.series, "    "+shape+" ["+strings.Join(decimals(vs), ", ")+"]")
	m.legend = append(m.legend, shape+" "+strconv.Itoa(len(m.series))+": "+mermaidName(name, shape))
}

// lines are the lines of the chart, or nil if two labels are one: Mermaid would
// draw them on top of each other.
func (m *xychart) lines() []string {
	if len(m.series) == 0 || slices.Contains(m.labels, `""`) || !distinct(m.labels) {
		return nil
	}
	id, x := mermaidName(m.key, "metric"), mermaidName(m.x, "x")
	return append([]string{
		"xychart-beta",
		"    accTitle: " + id + " by " + x,
		"    accDescr: " + strings.Join(m.tale, " "),
		`    title "` + id + " (" + strings.Join(m.legend, ", ") + `)"`,
		`    x-axis "` + x + `" [` + strings.Join(m.labels, ", ") + "]",
		`    y-axis "` + mermaidName(m.y, id) + `" ` + decimal(m.low) + " --> " + decimal(m.high),
	}, m.series...)
}

// mermaidName is a foreign name, or another where nothing of it is left.
func mermaidName(s, other string) string { return cmp.Or(clip(symbol(s), maxField/2), other) }

func distinct(ss []string) bool {
	seen := map[string]bool{}
	for _, s := range ss {
		if seen[s] {
			return false
		}
		seen[s] = true
	}
	return true
}

// ends returns the first and the last finite value.
func ends(vs []float64) (from, to float64, ok bool) {
	for _, v := range vs {
		if !finite(v) {
			continue
		}
		if !ok {
			from, ok = v, true
		}
		to = v
	}
	return from, to, ok
}

// filled returns the values with those that are no finite numbers replaced by
// the last before, at the beginning by the first after them.
func filled(vs []float64) []float64 {
	last, _, _ := ends(vs)
	out := make([]float64, len(vs))
	for i, v := range vs {
		if finite(v) {
			last = v
		}
		out[i] = last
	}
	return out
}

func labels(steps []float64) []string {
	out := make([]string, len(steps))
	for i, s := range steps {
		out[i] = strconv.FormatFloat(s, 'g', mostDigits, 64)
		if strings.Trim(out[i], "0123456789.") != "" {
			out[i] = `"` + out[i] + `"`
		}
	}
	return out
}

func decimals(vs []float64) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = decimal(v)
	}
	return out
}

// decimal writes a number without an exponent, with six significant digits.
func decimal(v float64) string {
	if v == 0 {
		return "0"
	}
	places := max(0, 5-magnitude(math.Abs(v)))
	if text := trimZeros(strconv.FormatFloat(v, 'f', min(places, 12), 64)); text != "-0" {
		return text
	}
	return "0"
}
