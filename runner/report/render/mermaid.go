package render

import (
	"cmp"
	"math"
	"strconv"
	"strings"
)

// mermaid draws a chart for Mermaid, which has no legend and no exponents, or
// returns nil if the numbers are not for it.
func (c chart) mermaid() []string {
	low, high := c.extent()
	if span := high - low; math.Abs(low) >= 1e12 || math.Abs(high) >= 1e12 || span > 0 && span < 1e-9 {
		return nil
	}
	pad := (high - low) / 20
	if pad == 0 {
		pad = max(math.Abs(high)/20, 0.01)
	}
	c = c.thinned(chartSteps)
	id := cmp.Or(clip(symbol(c.row.key), maxField/2), "metric")
	var legend, tale, lines []string
	for _, s := range c.series {
		from, to, ok := ends(s.values)
		if !ok {
			continue
		}
		lines = append(lines, "    line ["+strings.Join(decimals(filled(s.values)), ", ")+"]")
		legend = append(legend, "line "+strconv.Itoa(len(lines))+": "+s.name)
		tale = append(tale, "The "+s.name+" goes from "+decimal(from)+" to "+decimal(to)+".")
	}
	return append([]string{
		"xychart-beta",
		"    accTitle: " + id + " by step",
		"    accDescr: " + strings.Join(tale, " "),
		`    title "` + id + " (" + strings.Join(legend, ", ") + `)"`,
		`    x-axis "step" [` + strings.Join(labels(c.steps), ", ") + "]",
		`    y-axis "` + id + `" ` + decimal(low-pad) + " --> " + decimal(high+pad),
	}, lines...)
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
