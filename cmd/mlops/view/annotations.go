package view

import (
	"strings"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/forge"
)

// noticeOf turns a Notice event into an annotation.
func noticeOf(e runner.Event) forge.Annotation {
	return forge.Annotation{Level: e.Level, Title: oneLine(e.Job, false), Message: cleanLines(e.Text), Path: oneLine(e.File, false), Line: e.Line}
}

// failureOf turns a failed job into an annotation.
func (r reporter) failureOf(j runner.JobSummary) forge.Annotation {
	known := r.job(j.Job)
	text := r.verdict(j)
	for _, more := range []struct{ label, text string }{{"", j.Error}, {"fix: ", known.fix}} {
		if more.text != "" {
			text += "\n" + more.label + cleanLines(more.text)
		}
	}
	title := oneLine(j.Job, false) + " failed"
	return forge.Annotation{Level: "error", Title: title, Message: text, Path: oneLine(known.file, false), Line: known.line}
}

// cleanLines cleans each line of s.
func cleanLines(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i, line := range lines {
		lines[i] = Clean(line, false)
	}
	return strings.Join(lines, "\n")
}
