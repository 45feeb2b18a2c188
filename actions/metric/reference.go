package metric

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Reference returns the documentation of all metrics as Markdown: a table for each task.
func Reference() string {
	var b strings.Builder
	for _, t := range Tasks() {
		fmt.Fprintf(&b, "### %s\n\n| metric | in gates | better | range | what it is | edges | source |\n|---|---|---|---|---|---|---|\n", strings.ToUpper(t.String()[:1])+t.String()[1:])
		for _, m := range All() {
			if m.For(t) {
				b.WriteString(m.row(t))
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (m Metric) row(t Task) string {
	what := m.Doc + " `" + m.Formula + "`"
	if m.Arg.Kind == Threshold && t == Binary {
		what += " Also " + m.at(Arg{Value: 0.3, Given: true}) + "."
	}
	if m.Arg.Kind == Count && !m.Arg.Given {
		what += " Also " + m.at(Arg{Value: 10, Given: true}) + "."
	}
	better := or(string(m.Better), "nearer to 0")
	cells := []string{m.Display, "`" + m.Name + "`", better, m.bounds(), what, m.Edge, m.Source}
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// at shows the metric with an argument, and at best if it may be.
func (m Metric) at(a Arg) string {
	for _, f := range families() {
		if f.Name != m.Family {
			continue
		}
		text := "`" + f.metric(a).Name + "`"
		if f.best {
			text += " and `" + f.metric(Arg{Best: true}).Name + "`"
		}
		return text
	}
	return ""
}

// bounds shows the range of values.
func (m Metric) bounds() string {
	number := func(v float64) string {
		switch {
		case math.IsInf(v, 1):
			return "∞"
		case math.IsInf(v, -1):
			return "−∞"
		}
		return strings.Replace(strconv.FormatFloat(v, 'g', -1, 64), "-", "−", 1)
	}
	text := number(m.Low) + " to " + number(m.High)
	if m.Unit != "" {
		text += " (" + m.Unit + ")"
	}
	return text
}
