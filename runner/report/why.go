package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
)

// maxWhy is about how many bytes a report's Why has.
const maxWhy = 120

// gateReason is the reason of a run that failed by its gates alone.
const gateReason = "gate"

// unfinished reports whether a run's jobs did not all do what they should, so
// that there is nothing to judge. Metrics from a file have no status.
func unfinished(r *record.Run) bool {
	return r.Status != "" && r.Status != record.Success && !(r.Status == record.Failure && r.Reason == gateReason)
}

// decide returns what a run comes to.
func decide(head *record.Run, gates []Judged) Decision {
	if unfinished(head) {
		return Broken
	}
	return decisionOf(gates)
}

// decisionOf returns the worst that gates say.
func decisionOf(gates []Judged) Decision {
	has := func(o Outcome) bool { return slices.ContainsFunc(gates, func(g Judged) bool { return g.Outcome == o }) }
	switch {
	case has(Failed):
		return Blocked
	case has(Errored):
		return Broken
	case has(Undecided):
		return Inconclusive
	case has(NoBaseline):
		return NoComparison
	case len(gates) == 0:
		return Unjudged
	}
	return Promote
}

// why says in a line what the decision rests on.
func why(head *record.Run, r *Report) string {
	text := ""
	switch r.Decision {
	case Broken:
		if unfinished(head) {
			text = broken(head)
		} else {
			text = r.gateWhy(Errored)
		}
	case Blocked:
		text = r.gateWhy(Failed)
	case Inconclusive:
		text = r.gateWhy(Undecided)
	case NoComparison:
		text = r.nothing() + "; " + r.passing()
	case Unjudged:
		text = join("; ", "there is no gate", r.moved())
	default:
		text = join("; ", r.moved(), r.passing())
	}
	return clip(text, maxWhy+len("…"))
}

// passing counts the gates that pass.
func (r *Report) passing() string {
	n := 0
	for _, g := range r.Gates {
		if g.Outcome == Passed {
			n++
		}
	}
	if n == len(r.Gates) && n > 1 {
		return fmt.Sprintf("all %d gates pass", n)
	}
	return fmt.Sprintf("%d of %s", n, gatesPass(len(r.Gates)))
}

func gatesPass(n int) string {
	if n == 1 {
		return "1 gate passes"
	}
	return fmt.Sprintf("%d gates pass", n)
}

// nothing says what there is not to compare with.
func (r *Report) nothing() string {
	for _, g := range r.Gates {
		if g.Outcome == NoBaseline && r.Base != nil {
			return clip(flat(g.Detail), 80)
		}
	}
	return "nothing to compare with"
}

// broken names the job that ended a run, and its reason.
func broken(r *record.Run) string {
	for _, j := range r.Jobs {
		if j.Status == record.Failure && (j.Reason == r.Reason || r.Reason == "") {
			return fit("job "+clip(j.ID, 40)+" failed"+reasonText(j.Reason, j.Exit), j.Error)
		}
	}
	return fit("the run is "+string(r.Status)+reasonText(r.Reason, 0), r.Error)
}

func reasonText(reason string, exit int) string {
	switch {
	case reason == "":
		return ""
	case reason == "exit" && exit != 0:
		return fmt.Sprintf(" (exit %d)", exit)
	}
	return " (" + reason + ")"
}

// fit appends, in what room is left, the first line of a message.
func fit(text, message string) string {
	message, _, _ = strings.Cut(strings.TrimSpace(message), "\n")
	if room := maxWhy - len(text) - 2; message != "" && room > 20 {
		text += ": " + clip(flat(message), room)
	}
	return text
}

// gateWhy tells of the first gate with an outcome. The detail of a gate that
// was evaluated begins with the gate itself.
func (r *Report) gateWhy(o Outcome) string {
	n, first := 0, -1
	for i, g := range r.Gates {
		if g.Outcome == o {
			if n++; first < 0 {
				first = i
			}
		}
	}
	g := r.Gates[first]
	end := fmt.Sprintf(" (%d of %d gates)", n, len(r.Gates))
	if len(r.Gates) == 1 {
		end = ""
	}
	text, _, _ := strings.Cut(flat(g.Detail), "; ") // what follows explains
	if o == Failed && g.Parts == nil {
		text = clip(flat(g.Gate), 50) + ": " + text
	}
	return clip(text, maxWhy-len(end)) + end
}

// moved tells how the first gated metric moved that did, or the first of all.
func (r *Report) moved() string {
	var told *Metric
	for i := range r.Metrics {
		m := &r.Metrics[i]
		if m.Change == nil || m.Verdict == Same {
			continue
		}
		if m.Verdict != CantTell {
			told = m
			break
		}
		if told == nil {
			told = m
		}
	}
	switch {
	case told != nil:
	case r.Base != nil && len(r.Metrics) > 0:
		return "no metric moved"
	default:
		return ""
	}
	text := fmt.Sprintf("%s %s: %s → %s (%s", clip(told.label(), 30), told.Verdict, long(*told.Base), long(*told.Head), signed(*told.Change))
	if i := told.Interval; i != nil && i.Low != i.High {
		text += fmt.Sprintf(", %s to %s", signed(i.Low), signed(i.High))
	}
	return text + ")"
}
