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
	told    bool // a report that follows has the gates and the metrics
}

func newReporter(s *state, sum *runner.Summary, o Options) reporter {
	return reporter{s, sum, paint(o.OutColor), o.OutWidth(), o.Verbose, o.Reported()}
}

// write writes the table, the metrics, the failures and the totals.
func (r reporter) write(w io.Writer) error {
	var b strings.Builder
	jobs, more := r.tables()
	for _, part := range [][]string{jobs, more, r.failures(), r.troubled(), r.totals()} {
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

// tables returns a row for each job, as narrow as the width asks for, and a
// table of the metrics, if they are too many for columns beside the jobs.
func (r reporter) tables() (jobs, metrics []string) {
	list, hidden := r.listed()
	if len(list) == 0 {
		return nil, nil
	}
	jobs, metrics = r.fitting(list)
	if hidden > 0 {
		jobs = append(jobs, r.paint.in(dim, fmt.Sprintf("  … and %s", plural(hidden, "more cached job"))))
	}
	return jobs, metrics
}

// fitting returns the fullest tables that the width has room for. CPU and memory
// go first, because what people compare are the metrics.
func (r reporter) fitting(jobs []runner.JobSummary) (lines, more []string) {
	for _, s := range []shape{{use: true, metrics: beside}, {metrics: beside}, {use: true, metrics: below}, {metrics: below}, {metrics: inWords}} {
		columns := metricColumns(jobs)
		switch {
		case s.metrics == beside && len(columns) > maxMetrics:
			continue
		case s.metrics == below:
			if more = r.metricTable(jobs, columns); more == nil {
				continue
			}
		}
		if lines = r.tableOf(jobs, s); r.fits(lines) && r.fits(more) {
			return lines, more
		}
		more = nil
	}
	for i := range lines {
		lines[i] = Crop(lines[i], r.width)
	}
	return lines, nil
}

func (r reporter) fits(lines []string) bool {
	return r.width <= 0 || !slices.ContainsFunc(lines, func(l string) bool { return Width(l) > r.width })
}

// A shape says which columns a table of jobs has, and where the metrics are.
type shape struct {
	use     bool // CPU and memory
	metrics metricPlace
}

type metricPlace int

const (
	beside  metricPlace = iota // a column for each
	below                      // in a table of their own, a row for each
	inWords                    // one column for the first of them
)

// listed returns the jobs worth a row and how many cached ones have none, without
// their metrics if the report has them.
func (r reporter) listed() (jobs []runner.JobSummary, hidden int) {
	jobs, hidden = r.worthARow()
	if !r.told || !distinct(jobs) {
		return jobs, hidden
	}
	jobs = slices.Clone(jobs)
	for i := range jobs {
		jobs[i].Metrics = nil
	}
	return jobs, hidden
}

// distinct reports whether no metric is reported by two jobs: of those that are,
// a report has one value.
func distinct(jobs []runner.JobSummary) bool {
	seen := map[string]int{}
	for i, j := range jobs {
		for _, m := range j.Metrics {
			if by, ok := seen[m.Name]; ok && by != i {
				return false
			}
			seen[m.Name] = i
		}
	}
	return true
}

func (r reporter) worthARow() (jobs []runner.JobSummary, hidden int) {
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
	header := []string{"", "job", "status", "time", "CPU", "peak memory"}
	columns := metricColumns(jobs)
	switch s.metrics {
	case beside:
		for _, c := range columns {
			header = append(header, c.title())
		}
	case inWords:
		header = append(header, "metrics")
	}
	rows := make([][]string, len(jobs))
	for i, j := range jobs {
		rows[i] = r.row(j)
		if !s.use {
			rows[i][4], rows[i][5] = "", "" // empty columns are left out
		}
		switch s.metrics {
		case beside:
			rows[i] = append(rows[i], cellsOf(columns, i)...)
		case inWords:
			rows[i] = append(rows[i], metrics(j.Metrics))
		}
	}
	lines := layOut(header, rows, r.paint)
	for i := range lines {
		lines[i] = strings.Replace(lines[i], gap, " ", 1) // the sign stands close to its job
	}
	return lines
}

// row returns the cells of a job without its metrics: sign, name, status, time,
// CPU, memory. Time and use of a cached job are those of another run and left out.
func (r reporter) row(j runner.JobSummary) []string {
	m := markOf(j.Status, j.Cached)
	status := r.paint.in(m.color, statusWord(j.Status, j.Cached))
	if r.selected(j.Job) {
		status += ", " + r.paint.in(bold, "selected")
	}
	cells := []string{r.paint.in(m.color, m.sign), j.Job, status, "", "", ""}
	if j.Cached || j.Status == "skipped" {
		return cells
	}
	if j.Wall > 0 || j.Status != "cancelled" {
		cells[3] = Duration(j.Wall)
	}
	if j.CPU > 0 {
		cells[4] = Duration(j.CPU)
	}
	if j.Peak > 0 {
		cells[5] = Bytes(j.Peak)
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

// totals returns "churn: 2 ran, 3 cached in 12.3 s (saved 41 s)" and where the
// record is.
func (r reporter) totals() []string {
	line := r.outcome()
	if name := oneLine(r.sum.Pipeline, false); name != "" {
		line = name + ": " + line
	}
	lines := []string{r.paint.in(bold, line)}
	if r.sum.Record != "" {
		lines = append(lines, "record "+oneLine(r.sum.Record, false))
	}
	return lines
}

func (r reporter) outcome() string {
	c := countJobs(r.sum.Jobs)
	parts := c.words()
	if len(parts) == 0 {
		parts = []string{"no jobs"}
	}
	if n := len(r.unexplained()); n > 0 {
		parts = append(parts, plural(n, "error"))
	}
	if r.warnings > 0 {
		parts = append(parts, plural(r.warnings, "warning"))
	}
	line := strings.Join(parts, ", ") + " in " + Duration(r.sum.Wall)
	if r.sum.Saved > 0 {
		line += " (saved " + Duration(r.sum.Saved) + ")"
	}
	if c.failed+c.cancelled == 0 && len(r.unexplained()) == 0 && r.sum.Status != "success" && r.sum.Status != "" {
		line += ": " + Clean(r.sum.Status, false)
	}
	return line
}

func (c counts) words() (parts []string) {
	for _, p := range []struct {
		n    int
		word string
	}{{c.ran, "ran"}, {c.cached, "cached"}, {c.failed, "failed"}, {c.skipped, "skipped"}, {c.cancelled, "cancelled"}} {
		if p.n > 0 {
			parts = append(parts, Count(p.n)+" "+p.word)
		}
	}
	return parts
}
