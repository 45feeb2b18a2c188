package view

import (
	"strings"

	"github.com/mlops-runner/mlops/runner"
)

// fullFailures is how many failed jobs are shown with their last lines; of
// those after them only the reason is.
const fullFailures = 10

// failures returns the failed jobs with all that helps to find out why.
func (r reporter) failures() (lines []string) {
	failed := failedJobs(r.sum)
	for i, j := range failed {
		if i > 0 && i < fullFailures {
			lines = append(lines, "")
		}
		lines = append(lines, r.headline(j))
		if i < fullFailures {
			lines = append(lines, r.details(j)...)
		}
	}
	return lines
}

func failedJobs(sum *runner.Summary) (failed []runner.JobSummary) {
	for _, j := range sum.Jobs {
		if j.Status == "failure" {
			failed = append(failed, j)
		}
	}
	return failed
}

// headline returns "✗ train: out of memory (exit 137) in step "fit" after 41 s".
func (r reporter) headline(j runner.JobSummary) string {
	return r.paint.in(red, "✗ "+oneLine(j.Job, false)+": "+r.verdict(j))
}

func (r reporter) verdict(j runner.JobSummary) string {
	text := cause(j.Reason, j.Exit)
	if text == "" {
		text = "failed"
	}
	if step := r.job(j.Job).failedStep; step != "" {
		text += " in step " + quoted(step)
	}
	return text + " after " + Duration(j.Wall)
}

// details returns the last lines of a job, its error, the cure, and where the rest is.
func (r reporter) details(j runner.JobSummary) (lines []string) {
	known := r.job(j.Job)
	kept := known.kept.lines(bool(r.paint))
	if more := known.lines - int64(len(kept)); more > 0 {
		lines = append(lines, r.paint.in(dim, "  │ … "+plural(more, "line")+" before ("+logHint(r.sum.Run, j.Job)+")"))
	}
	for _, line := range kept {
		lines = append(lines, "  "+r.paint.in(dim, "│")+" "+line)
	}
	return append(lines, r.paint.reasons(j.Error, known.fix)...)
}

// reasons returns an error and its cure, indented.
func (p paint) reasons(problem, fix string) []string {
	return append(p.indented("error", red, problem), p.indented("fix", green, fix)...)
}

// unexplained returns the errors that belong to no failed job, such as those of gates.
func (r reporter) unexplained() (ts []trouble) {
	failed := map[string]bool{}
	for _, j := range failedJobs(r.sum) {
		failed[j.Job] = true
	}
	for _, t := range r.troubles {
		if !failed[t.job] {
			ts = append(ts, t)
		}
	}
	return ts
}

// troubled returns a line for each of them, because they scrolled by long ago.
func (r reporter) troubled() (lines []string) {
	for _, t := range r.unexplained() {
		if t.gate && r.told {
			continue
		}
		line := t.text
		if t.job != "" {
			line = oneLine(t.job, false) + ": " + line
		}
		line = r.paint.in(red, "✗ "+line)
		if t.place != "" {
			line += r.paint.in(dim, " ("+t.place+")")
		}
		lines = append(lines, line)
	}
	return lines
}

// indented writes text behind a label; its further lines stand below the first.
func (p paint) indented(label, color, text string) []string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line = Clean(line, bool(p))
		if i == 0 {
			lines[i] = "  " + p.in(color, label) + ": " + line
			continue
		}
		lines[i] = strings.Repeat(" ", len(label)+4) + line
	}
	return lines
}
