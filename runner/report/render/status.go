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

// verdictLine is the decision with what it rests on.
func verdictLine(r *report.Report) string {
	return list(": ", decided(r), foreignIn(r.Why, maxField)).plain()
}
