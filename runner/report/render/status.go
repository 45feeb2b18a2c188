package render

import (
	"github.com/mlops-runner/mlops/runner/report"
)

// MaxStatus is how long a line for a commit status is at most, in bytes;
// GitHub takes 140 characters.
const MaxStatus = 140

// Status is the report in one line of plain text, for a commit's status.
func Status(r *report.Report) string { return cut(verdictLine(r), MaxStatus) }

// Title is the report in one line of plain text, for the title of a check.
func Title(r *report.Report) string { return cut(verdictLine(r), maxField) }

// verdictLine is the decision with what it rests on, in front of it the change
// of the metric that matters most where nothing went wrong, behind it the gates.
func verdictLine(r *report.Report) string {
	p := &page{report: r, gates: newGateList(r)}
	p.rows = newRows(r, p.gates)
	key := text(nil)
	if i := p.key(); i >= 0 && (r.Decision == report.Promote || r.Decision == report.Unjudged) {
		key = p.rows[i].moved()
	}
	said := list("; ", key, foreignIn(r.Why, maxField))
	return list(": ", decisionText(r.Decision), said).plain()
}

// moved is the change of a row with its interval: auc +0.0122 (95 % CI +0.0043 … +0.0201).
func (r row) moved() text {
	if r.change == "" {
		return nil
	}
	t := cat(nameIn(r.key, maxWord), say(" "), num(r.change))
	if r.low != "" {
		t = cat(t, say(" ("+r.level()+"CI "), num(r.low), say(" … "), num(r.high), say(")"))
	}
	return t
}
