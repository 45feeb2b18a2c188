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

// decide returns what a run comes to: the worst that its gates say.
func decide(head *record.Run, gates []Judged) Decision {
	has := func(o Outcome) bool { return slices.ContainsFunc(gates, func(g Judged) bool { return g.Outcome == o }) }
	switch {
	case unfinished(head):
		return Broken
	case has(Failed):
		return Blocked
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
	passed := 0
	for _, g := range r.Gates {
		if g.Outcome == Passed {
			passed++
		}
	}
	count := fmt.Sprintf("%d of %d gates pass", passed, len(r.Gates))
	switch r.Decision {
	case Broken:
		return broken(head)
	case Blocked:
		return gateWhy(r.Gates, Failed, "failed")
	case Inconclusive:
		return gateWhy(r.Gates, Undecided, "can't tell")
	case NoComparison:
		return count + ", the others have nothing to compare with"
	case Unjudged:
		return join("; ", "there is no gate", r.moved())
	}
	return join("; ", r.moved(), count)
}

// broken names the job that ended a run, and its reason.
func broken(r *record.Run) string {
	for _, j := range r.Jobs {
		if j.Status != record.Failure || j.Reason != r.Reason && r.Reason != "" {
			continue
		}
		return fit("job %s failed%s%s", clip(j.ID, 40), reasonText(j.Reason, j.Exit), j.Error)
	}
	return fit("the run is %s%s%s", string(r.Status), reasonText(r.Reason, 0), r.Error)
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

// fit formats a, b and, in what room is left, the first line of a message.
func fit(format, a, b, message string) string {
	message, _, _ = strings.Cut(strings.TrimSpace(message), "\n")
	text := fmt.Sprintf(format, a, b, "")
	if room := maxWhy - len(text) - 2; message != "" && room > 20 {
		text += ": " + clip(flat(message), room)
	}
	return text
}

// gateWhy tells of the first gate with an outcome.
func gateWhy(gates []Judged, o Outcome, word string) string {
	n, first := 0, -1
	for i, g := range gates {
		if g.Outcome == o {
			if n++; first < 0 {
				first = i
			}
		}
	}
	end := fmt.Sprintf(" (%d of %d gates)", n, len(gates))
	g := gates[first]
	detail := flat(g.Detail)
	text := "gate " + clip(flat(g.Gate), 60) + " " + word
	if room := maxWhy - len(text) - len(end) - 2; room >= min(len(detail), 30) {
		text += ": " + clip(detail, room)
	}
	return text + end
}

// moved tells how the first gated metric moved, or the first of all.
func (r *Report) moved() string {
	for i := range r.Metrics {
		m := &r.Metrics[i]
		if m.Change == nil || m.Verdict == Same {
			continue
		}
		text := fmt.Sprintf("%s %s: %s → %s (%s", clip(m.label(), 40), m.Verdict, short(float64(*m.Base)), short(float64(*m.Head)), signed(*m.Change))
		if iv := m.Interval; iv != nil && iv.Low != iv.High {
			text += fmt.Sprintf(", %s to %s", signed(iv.Low), signed(iv.High))
		}
		return text + ")"
	}
	if r.Base != nil && len(r.Metrics) > 0 {
		return "no metric moved"
	}
	return ""
}
