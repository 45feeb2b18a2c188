package render

import (
	"strings"

	"github.com/mlops-runner/mlops/runner/report"
)

// terminalRows is how many metrics the table has; the others are counted.
const terminalRows = 40

// terminalName is how long a gate and a metric may be in the table, in bytes.
const terminalName = 60

// metrics is the table.
func (t *terminal) metrics() {
	rows, others := split(t.page.rows, terminalRows)
	cells := []cell{
		{column{title: say("metric")}, row.label},
		{column{title: say("better")}, func(r row) text { return sayIf(direction(r.metric.Better)) }},
		{column{title: t.page.baseTitle(), right: true}, func(r row) text { return numIf(r.base) }},
		{column{title: say("candidate"), right: true}, func(r row) text { return numIf(r.head) }},
		{column{title: say("Δ"), right: true}, row.delta},
		{column{title: levelTitle(rows), right: true}, row.bounds},
		{column{title: say("verdict")}, func(r row) text { return verdictText(r.metric.Verdict) }},
		{column{title: say("gate")}, terminalGate},
	}
	t.table(fill(cells, expand(rows)))
	if len(others) > 0 {
		t.put(indent + "not shown: " + t.text(metricCounts(others)))
	}
	for _, line := range append(append(undecided(rows), methods(rows), ownValues(rows)), metricNotes(t.page.rows)...) {
		if len(line) > 0 {
			t.put(indent + t.paint(dim, line.plain()))
		}
	}
}

// expand gives each gate a row of its own, so that lines stay short.
func expand(rows []row) []row {
	var out []row
	for _, r := range rows {
		gates := r.gates
		r.gates = gates[:min(1, len(gates))]
		out = append(out, r)
		for i := 1; i < len(gates); i++ {
			out = append(out, row{metric: &report.Metric{}, gates: gates[i : i+1], continued: true})
		}
	}
	return out
}

// undecided says of each metric that can't tell what would decide it.
func undecided(rows []row) []text {
	var all []text
	for _, r := range rows {
		if needs := r.needs(); len(needs) > 0 {
			all = append(all, cat(name(r.key), say(": "), needs))
		}
	}
	if more := len(all) - maxNotes; more > 0 {
		all = append(all[:maxNotes], say(plural(more, "more metric")+" can't tell"))
	}
	return all
}

// label is the metric's name with its unit.
func (r row) label() text {
	if r.continued {
		return nil
	}
	return list(" ", nameIn(r.key, terminalName), r.unit())
}

func direction(better string) string {
	switch better {
	case "higher":
		return "up"
	case "lower":
		return "down"
	}
	return ""
}

// terminalGate is what became of the gate of a row, failures in capitals.
func terminalGate(r row) text {
	if len(r.gates) == 0 {
		return nil
	}
	return cat(capitals(r.gates[0].Outcome), say("  "), nameIn(r.gates[0].Gate, terminalName))
}

func capitals(o report.Outcome) text {
	t := outcomeText(o)
	if o != report.Passed {
		t = text{{text: strings.ToUpper(t.plain()), tone: outcomeLook(o).tone, bold: o == report.Failed}}
	}
	return t
}
