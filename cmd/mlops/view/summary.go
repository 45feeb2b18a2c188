package view

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner"
)

const (
	fewJobs   = 10 // a run in which everything was cached shows its table up to here
	fewCached = 20 // how many cached jobs a table lists beside others
)

// A reporter writes what became of a run, once it has ended.
type reporter struct {
	*state
	sum     *runner.Summary
	paint   paint
	width   int // 0 means no limit
	verbose bool
}

// write writes the table, the failures and the totals.
func (r reporter) write(w io.Writer) error {
	var b strings.Builder
	for _, part := range [][]string{r.table(), r.failures(), r.totals()} {
		if len(part) == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		for _, line := range part {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// table returns a row for each job, as narrow as the width asks for.
func (r reporter) table() []string {
	jobs, hidden := r.listed()
	if len(jobs) == 0 {
		return nil
	}
	lines := r.fitting(jobs)
	if hidden > 0 {
		lines = append(lines, r.paint.in(dim, fmt.Sprintf("… and %s", plural(hidden, "more cached job"))))
	}
	return lines
}

// fitting returns the fullest table that the width has room for. CPU and memory
// go first, because what people compare are the metrics.
func (r reporter) fitting(jobs []runner.JobSummary) (lines []string) {
	for _, s := range []shape{{use: true, spread: true}, {spread: true}, {}} {
		lines = r.tableOf(jobs, s)
		if r.width <= 0 || !slices.ContainsFunc(lines, func(l string) bool { return Width(l) > r.width }) {
			return lines
		}
	}
	for i := range lines {
		lines[i] = Crop(lines[i], r.width)
	}
	return lines
}

// A shape says which columns a table has.
type shape struct {
	use    bool // CPU and memory
	spread bool // one for each metric, if there are not too many
}

// listed returns the jobs worth a row and how many cached ones have none.
func (r reporter) listed() (jobs []runner.JobSummary, hidden int) {
	c := countJobs(r.sum.Jobs)
	if r.verbose || c.cached < len(r.sum.Jobs) && c.cached <= fewCached || len(r.sum.Jobs) <= fewJobs {
		return r.sum.Jobs, 0
	}
	if c.cached == len(r.sum.Jobs) {
		return nil, 0
	}
	for _, j := range r.sum.Jobs {
		if j.Cached && !r.selected(j.Job) {
			hidden++
			continue
		}
		jobs = append(jobs, j)
	}
	return jobs, hidden
}

func (r reporter) tableOf(jobs []runner.JobSummary, s shape) []string {
	header := []string{"job", "status", "time", "CPU", "peak memory"}
	columns := metricColumns(jobs)
	spread := s.spread && len(columns) <= maxMetrics
	if spread {
		for _, c := range columns {
			header = append(header, c.title())
		}
	} else {
		header = append(header, "metrics")
	}
	rows := make([][]string, len(jobs))
	for i, j := range jobs {
		rows[i] = r.row(j)
		if !s.use {
			rows[i][3], rows[i][4] = "", "" // empty columns are left out
		}
		if spread {
			rows[i] = append(rows[i], cellsOf(columns, i)...)
		} else {
			rows[i] = append(rows[i], metrics(j.Metrics))
		}
	}
	return layOut(header, rows, r.paint)
}

// row returns the cells of a job without its metrics. Time and use of a cached
// job are those of another run and left out.
func (r reporter) row(j runner.JobSummary) []string {
	m := markOf(j.Status, j.Cached)
	status := r.paint.in(m.color, m.String())
	if r.selected(j.Job) {
		status += ", " + r.paint.in(bold, "selected")
	}
	cells := []string{j.Job, status, "", "", ""}
	if j.Cached || j.Status == "skipped" {
		return cells
	}
	if j.Wall > 0 || j.Status != "cancelled" {
		cells[2] = Duration(j.Wall)
	}
	if j.CPU > 0 {
		cells[3] = Duration(j.CPU)
	}
	if j.Peak > 0 {
		cells[4] = Bytes(j.Peak)
	}
	return cells
}

// selected reports whether job is the leg of a matrix that `select` chose.
func (r reporter) selected(job string) bool {
	for _, leg := range r.sum.Selected {
		if leg == job {
			return true
		}
	}
	return false
}

// counts are the jobs of a run by what became of them.
type counts struct{ ran, cached, failed, cancelled, skipped int }

func countJobs(jobs []runner.JobSummary) (c counts) {
	for _, j := range jobs {
		switch {
		case j.Cached:
			c.cached++
		case j.Status == "success":
			c.ran++
		case j.Status == "failure":
			c.failed++
		case j.Status == "cancelled":
			c.cancelled++
		case j.Status == "skipped":
			c.skipped++
		}
	}
	return c
}

// totals returns "churn: 5 jobs, 3 cached, 2 ran in 12.3 s (saved 41 s)" and
// where the record is.
func (r reporter) totals() []string {
	lines := []string{r.paint.in(bold, oneLine(r.sum.Pipeline, false)+": "+r.outcome())}
	if r.sum.Record != "" {
		lines = append(lines, "record "+oneLine(r.sum.Record, false))
	}
	return lines
}

func (r reporter) outcome() string {
	parts := []string{plural(len(r.sum.Jobs), "job")}
	c := countJobs(r.sum.Jobs)
	if c.cached > 0 && c.cached == len(r.sum.Jobs) {
		parts = append(parts, "all cached")
	} else {
		parts = append(parts, c.words()...)
	}
	if r.warnings > 0 {
		parts = append(parts, plural(r.warnings, "warning"))
	}
	line := strings.Join(parts, ", ") + " in " + Duration(r.sum.Wall)
	if r.sum.Saved > 0 {
		line += " (saved " + Duration(r.sum.Saved) + ")"
	}
	if c.failed+c.cancelled == 0 && r.sum.Status != "success" && r.sum.Status != "" {
		line += ": " + Clean(r.sum.Status, false)
	}
	return line
}

func (c counts) words() (parts []string) {
	for _, p := range []struct {
		n    int
		word string
	}{{c.cached, "cached"}, {c.ran, "ran"}, {c.failed, "failed"}, {c.cancelled, "cancelled"}, {c.skipped, "skipped"}} {
		if p.n > 0 {
			parts = append(parts, Count(p.n)+" "+p.word)
		}
	}
	return parts
}
