package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// A Trial is by what somebody who is trusted judges a report that somebody made
// who is not.
type Trial struct {
	By       string         // who reported the figures: the report's Unverified
	Metrics  []plan.Metric  // declared: their direction and unit beat those of the report
	Gates    []spec.Str     // that judge the figures
	Contexts map[string]any // what gates may read beside metrics, as for [CompareOptions]
	// Unknown says that nobody knows the gates: why. Then nothing of the report
	// counts as passed. "" if they are those above.
	Unknown string
}

// Judge returns the report as the trial has it: of the other one only what was
// measured is taken, and that as a claim. Changes, verdicts, gates and the
// decision are made anew from it. That a job or gate failed is taken as it is,
// since nobody claims that without need; that models were promoted is left out. It
// changes nothing of claimed, but keeps parts of it.
func (t Trial) Judge(claimed *Report) *Report {
	r := *claimed
	r.Unverified, r.Promotions = t.By, nil
	r.Metrics = t.metrics(claimed)
	if t.Unknown != "" {
		r.Gates = t.open(claimed.Gates)
	} else {
		r.Gates = t.gates(&r)
		if len(claimed.Changed) == 0 && claimed.Decision != Broken {
			r.Changed = gateChanges(t.Gates, asWritten(claimed.Gates))
		}
	}
	if claimed.Decision == Broken {
		r.Gates = nil
	} else {
		r.Decision = decisionOf(r.Gates)
		r.Why = why(nil, &r)
	}
	if t.Unknown != "" {
		r.Notes = append(slices.Clip(r.Notes), t.Unknown)
		if r.Decision != Broken && r.Decision != Blocked {
			r.Why, _, _ = strings.Cut(t.Unknown, ": ")
		}
	}
	r.tidy()
	return &r
}

// metrics are those of the report with changes and verdicts made anew.
func (t Trial) metrics(claimed *Report) []Metric {
	c := comparison{CompareOptions: CompareOptions{Gates: t.Gates, Contexts: t.Contexts}}
	says, within, rank := declarations(t.Metrics), margins(t.Gates), c.ranks()
	all := make([]ranked, len(claimed.Metrics))
	for i, m := range claimed.Metrics {
		d := says[m.Name]
		m.Better, m.Unit = cmp.Or(d.Better, m.Better), cmp.Or(d.Unit, m.Unit)
		at := rank[gateName(m.Name, len(m.Slice) > 0)]
		m.Gated = at > 0
		m.again(claimed.Base != nil, within[strings.ToLower(m.Name)])
		all[i] = ranked{m, m.key(), cmp.Or(at, math.MaxInt)}
	}
	return inOrder(all)
}

// again gives the verdict on a metric once more. What it says of values that do
// not compare stands, as long as it is nothing good.
func (m *Metric) again(compared bool, margin float64) {
	switch {
	case !compared:
		m.Base, m.Change, m.Relative, m.Interval, m.Verdict = nil, nil, nil, nil, ""
	case m.Head == nil && m.Base == nil:
		m.Verdict = ""
	case m.Head == nil:
		m.Verdict = Gone
	case m.Base == nil:
		m.Verdict = Added
	case m.Change != nil && !math.IsNaN(float64(*m.Head)) && !math.IsNaN(float64(*m.Base)):
		m.Relative = nil
		m.change()
		m.judge(margin)
	default:
		m.Change, m.Relative, m.Interval = nil, nil, nil
		if m.Verdict != Worse && m.Verdict != Same {
			m.Verdict = Different
		}
	}
}

// gates judges the figures. A gate that reads what only the run itself knows is open.
func (t Trial) gates(r *Report) []Judged {
	values := map[string]Interval{}
	for i := range r.Metrics {
		if m := &r.Metrics[i]; m.Own != nil {
			values[m.key()] = *m.Own
		}
	}
	gates := Judge(t.Gates, Evidence{Metrics: r.Metrics, Compared: r.Base != nil, Contexts: t.Contexts, Values: values})
	for i := range gates {
		if name := t.missing(gates[i].Gate); name != "" {
			gates[i] = Judged{Gate: gates[i].Gate, Pos: gates[i].Pos, Outcome: Undecided, Detail: "it reads " + name + ", of which a report says nothing"}
		}
	}
	return gates
}

// missing is a context that a gate reads and nobody has here, or "".
func (t Trial) missing(gate string) string {
	x, err := expression.Parse(gate)
	if err != nil {
		return ""
	}
	for _, name := range []string{"github", "jobs"} {
		reads := func(r expression.Reference) bool { return len(r.Path) > 0 && strings.EqualFold(r.Path[0], name) }
		if t.Contexts[name] == nil && slices.ContainsFunc(x.References(), reads) {
			return name
		}
	}
	return ""
}

// open are claimed gates of which nobody knows whether they are the right ones:
// those that passed are open.
func (t Trial) open(claimed []Judged) []Judged {
	out := slices.Clone(claimed)
	for i := range out {
		if out[i].Outcome == Passed {
			out[i].Outcome, out[i].Detail = Undecided, fmt.Sprintf("said to have passed: %s", out[i].Detail)
		}
	}
	return out
}

func asWritten(judged []Judged) []spec.Str {
	gates := []spec.Str{}
	for _, g := range judged {
		gates = append(gates, spec.Str{Value: g.Gate, Pos: g.Pos})
	}
	return gates
}
