package render

import (
	"sort"
	"strings"

	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/spec/expression"
)

// A gateList knows beside which metric each gate is shown.
type gateList struct {
	of    map[string][]int // gates that read that metric alone, by its lower-case name
	loose []int            // the others
}

func newGateList(r *report.Report) gateList {
	l := gateList{of: map[string][]int{}}
	if len(r.Gates) == 0 {
		return l
	}
	known := map[string]bool{}
	for _, m := range r.Metrics {
		if len(m.Slice) == 0 {
			known[strings.ToLower(m.Name)] = true
		}
	}
	for i, g := range r.Gates {
		if m := onlyMetric(g.Gate, known); m != "" {
			l.of[m] = append(l.of[m], i)
		} else {
			l.loose = append(l.loose, i)
		}
	}
	return l
}

// maxParsed is how long a gate may be to be looked into, in bytes.
const maxParsed = 2000

// onlyMetric returns the one metric that a gate reads, or "" if it reads several or none.
func onlyMetric(gate string, known map[string]bool) string {
	if len(gate) > maxParsed {
		return ""
	}
	x, err := expression.Parse(gate)
	if err != nil {
		return ""
	}
	only := ""
	for _, ref := range x.References() {
		path := ref.Path
		if len(path) > 1 && (strings.EqualFold(path[0], "metrics") || strings.EqualFold(path[0], "baseline")) {
			path = path[1:]
		}
		m := strings.ToLower(strings.Join(path, "."))
		if m == "slices" && ref.Call != "" {
			continue
		}
		if ref.Dynamic || !known[m] || only != "" && only != m {
			return ""
		}
		only = m
	}
	return only
}

// gateText says what became of a gate: ✅ pass `auc >= 0.8`.
func gateText(g report.Judged, most int) text {
	t := cat(mark(outcomeLook(g.Outcome).symbol), outcomeText(g.Outcome), say(" "))
	return cat(t, nameIn(g.Gate, most))
}

// explained is a gate with its values, or why it could not be judged.
func explained(g report.Judged) text {
	t := gateText(g, maxSentence)
	if g.Outcome == report.Passed || g.Detail == "" || g.Detail == g.Gate {
		return t
	}
	if g.Outcome == report.Failed && len(g.Parts) > 0 {
		return cat(t, say(": "), nameIn(g.Detail, maxSentence))
	}
	return cat(t, say(": "), foreign(g.Detail))
}

// gateCounts counts the gates: 6 of 7 gates pass, 1 fails.
func gateCounts(gates []report.Judged) text {
	if len(gates) == 0 {
		return nil
	}
	n := map[report.Outcome]int{}
	for _, g := range gates {
		n[g.Outcome]++
	}
	t := say(count(n[report.Passed]) + " of " + plural(len(gates), "gate") + " pass")
	for _, o := range []report.Outcome{report.Failed, report.Errored, report.Undecided, report.NoBaseline} {
		if n[o] > 0 {
			t = cat(t, say(", "+count(n[o])+" "+outcomeText(o).plain()))
		}
	}
	return t
}

// failedGates lists the gates that did not pass, with the values they read.
func (p *page) failedGates() section {
	order := map[report.Outcome]int{report.Failed: 0, report.Errored: 1, report.Undecided: 2, report.NoBaseline: 3}
	var all []report.Judged
	for _, g := range p.report.Gates {
		if g.Outcome != report.Passed {
			all = append(all, g)
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return order[all[i].Outcome] < order[all[j].Outcome] })
	if len(all) == 0 {
		return section{}
	}
	s := section{id: "gates", title: say("Gates"), summary: gateCounts(p.report.Gates), flat: true, rank: rankGates}
	var texts []text
	for _, g := range all {
		texts = append(texts, explained(g))
	}
	s.forms = shorter(texts, 5, "gate", func(ts []text) block { return items{ts} })
	return s
}

// looseGates names the gates that passed and have no place in the table of metrics.
func (p *page) looseGates() section {
	var all []text
	for _, i := range p.gates.loose {
		if g := p.report.Gates[i]; g.Outcome == report.Passed {
			all = append(all, gateText(g, maxField))
		}
	}
	if len(all) == 0 {
		return section{}
	}
	s := section{id: "other-gates", title: say("Other gates"), summary: say(plural(len(all), "more gate") + " passed"), flat: true, rank: rankGates}
	s.brief = all
	s.forms = shorter(all, 5, "gate", func(ts []text) block { return paragraph{cat(say("Also: "), list(" · ", ts...))} })
	return s
}
