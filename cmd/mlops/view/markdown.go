package view

import (
	"fmt"
	"strings"

	"github.com/mlops-runner/mlops/runner"
)

// A page is Markdown that must not become longer than its room.
type page struct {
	b    strings.Builder
	room int
}

// add appends s if there is room for it.
func (p *page) add(s string) bool {
	if p.b.Len()+len(s) > p.room {
		return false
	}
	p.b.WriteString(s)
	return true
}

// markdown returns the run as GitHub-flavoured Markdown of at most room bytes.
// What does not fit is left out from the end, and said.
func (r reporter) markdown(room int) string {
	r.paint = false
	const note = 100 // bytes for a last word
	p := &page{room: room - note}
	p.add("\n" + r.title())
	left := r.markdownTable(p) + r.markdownMetrics(p)
	for _, t := range r.troubled() {
		if !p.add("\n" + markdownText(t) + "\n") {
			left++
		}
	}
	for _, j := range failedJobs(r.sum) {
		if !p.add(r.markdownFailure(j)) {
			left++
		}
	}
	if r.sum.Record != "" {
		p.add("\nrecord " + code(r.sum.Record) + "\n")
	}
	if left > 0 && room > note {
		p.room = room
		p.add(fmt.Sprintf("\n… and %s left out for their size\n", plural(left, "more part")))
	}
	return p.b.String()
}

func (r reporter) title() string {
	sign := map[string]string{"success": "✅", "failure": "❌"}[r.sum.Status]
	if sign == "" {
		sign = "⚪"
	}
	return fmt.Sprintf("### %s %s: %s\n\n%s\n\n", sign, markdownText(r.sum.Pipeline), markdownText(r.sum.Status), markdownText(r.outcome()))
}

// markdownTable adds the table of jobs and returns how many rows had no room.
func (r reporter) markdownTable(p *page) (left int) {
	jobs, hidden := r.listed()
	if len(jobs) == 0 {
		return 0
	}
	columns := metricColumns(jobs)
	if metricsBelow(jobs, columns) {
		columns = nil
	}
	columns = columns[:min(len(columns), maxMetrics)]
	header, align := "| job | status | time | CPU | peak memory |", "|:--|:--|--:|--:|--:|"
	for _, c := range columns {
		header += " " + markdownText(c.title()) + " |"
		align += "--:|"
	}
	if !p.add(header + "\n" + align + "\n") {
		return len(jobs)
	}
	for i, j := range jobs {
		row := "|"
		cells := r.row(j)
		cells[1] = cells[0] + " " + cells[1] // the sign stands before the name
		for _, cell := range append(cells[1:], cellsOf(columns, i)...) {
			row += " " + markdownText(strings.TrimSpace(cell)) + " |"
		}
		if !p.add(row + "\n") {
			return len(jobs) - i
		}
	}
	if hidden > 0 {
		p.add(fmt.Sprintf("\n… and %s\n", plural(hidden, "more cached job")))
	}
	return 0
}

// markdownMetrics adds a table with a row for each metric, if they are too many
// for columns beside the jobs, and returns how many rows had no room.
func (r reporter) markdownMetrics(p *page) (left int) {
	jobs, _ := r.listed()
	columns := metricColumns(jobs)
	if !metricsBelow(jobs, columns) {
		return 0
	}
	header, align := "\n| metric |", "|:--|"
	for _, j := range jobs {
		if len(j.Metrics) > 0 {
			header += " " + markdownText(j.Job) + " |"
			align += "--:|"
		}
	}
	if !p.add(header + "\n" + align + "\n") {
		return len(columns)
	}
	for n, c := range columns {
		row := "| " + markdownText(c.title()) + " |"
		for i, j := range jobs {
			if len(j.Metrics) > 0 {
				row += " " + strings.TrimSpace(c.values[i]) + " |"
			}
		}
		if !p.add(row + "\n") {
			return len(columns) - n
		}
	}
	return 0
}

func (r reporter) markdownFailure(j runner.JobSummary) string {
	known := r.job(j.Job)
	text := fmt.Sprintf("\n#### ✗ %s: %s\n", markdownText(j.Job), markdownText(r.verdict(j)))
	if j.Error != "" {
		text += "\n" + fenced(cleanLines(j.Error))
	}
	if known.fix != "" {
		text += "\nfix: " + markdownText(cleanLines(known.fix)) + "\n"
	}
	if lines := known.kept.lines(false); len(lines) > 0 {
		text += fmt.Sprintf("\n<details><summary>last %s</summary>\n\n%s\n</details>\n", plural(len(lines), "line"), fenced(strings.Join(lines, "\n")))
	}
	return text
}

// markdownText escapes s so that Markdown shows it as it is, on one line.
func markdownText(s string) string {
	var b strings.Builder
	for _, r := range oneLine(s, false) {
		if strings.ContainsRune("\\`*_{}[]<>#|!~&$@", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// code returns s as a code span.
func code(s string) string {
	s = oneLine(s, false)
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// fenced returns s as a block of code that s itself cannot end.
func fenced(s string) string {
	fence := strings.Repeat("`", max(3, longestRun(s, '`')+1))
	return fence + "text\n" + s + "\n" + fence + "\n"
}

// longestRun returns how often c stands side by side in s at most.
func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
