package view

import (
	"strings"

	"github.com/mlops-runner/mlops/runner"
)

// A metricColumn is one metric of all jobs, its values below each other with
// their decimal points aligned.
type metricColumn struct {
	name, unit, better string
	values             []string // by job; "" where it has none
}

// title is the column's header: the name, an arrow that says which way is
// better, and the unit.
func (c metricColumn) title() string {
	title := c.name
	switch c.better {
	case "higher":
		title += " ↑"
	case "lower":
		title += " ↓"
	}
	if c.unit != "" {
		title += " (" + c.unit + ")"
	}
	return title
}

// metricColumns returns a column for each metric, in the order in which the
// jobs reported them first.
func metricColumns(jobs []runner.JobSummary) []metricColumn {
	var columns []metricColumn
	index := map[string]int{}
	for i, j := range jobs {
		for _, m := range j.Metrics {
			n, ok := index[m.Name]
			if !ok {
				n = len(columns)
				index[m.Name] = n
				columns = append(columns, metricColumn{m.Name, m.Unit, m.Better, make([]string, len(jobs))})
			}
			columns[n].values[i] = Number(m.Value)
		}
	}
	for _, c := range columns {
		alignPoints(c.values)
	}
	return columns
}

const (
	maxMetricJobs = 8  // columns of the table of metrics
	maxMetricRows = 40 // and its rows
)

// metricsBelow reports whether the metrics get a table of their own: there are too
// many for columns beside the jobs, and few enough jobs for columns of it.
func metricsBelow(jobs []runner.JobSummary, columns []metricColumn) bool {
	n := 0
	for _, j := range jobs {
		if len(j.Metrics) > 0 {
			n++
		}
	}
	return len(columns) > maxMetrics && n <= maxMetricJobs
}

// metricTable returns a table with a row for each metric and a column for each
// job that has any, or nil if those are too many.
func (r reporter) metricTable(jobs []runner.JobSummary, columns []metricColumn) []string {
	header := []string{"metric"}
	var shown []int
	for i, j := range jobs {
		if len(j.Metrics) > 0 {
			header, shown = append(header, j.Job), append(shown, i)
		}
	}
	if len(shown) == 0 || len(shown) > maxMetricJobs {
		return nil
	}
	var rows [][]string
	for _, c := range columns[:min(len(columns), maxMetricRows)] {
		row := []string{c.title()}
		for _, i := range shown {
			row = append(row, strings.TrimRight(c.values[i], " "))
		}
		rows = append(rows, row)
	}
	lines := layOut(header, rows, r.paint)
	if more := len(columns) - maxMetricRows; more > 0 {
		lines = append(lines, r.paint.in(dim, "… and "+plural(more, "more metric")))
	}
	return lines
}

// cellsOf returns the i-th value of each column.
func cellsOf(columns []metricColumn, i int) []string {
	cells := make([]string, len(columns))
	for n, c := range columns {
		cells[n] = c.values[i]
	}
	return cells
}

// alignPoints appends spaces so that numbers aligned to the right have their
// decimal points below each other.
func alignPoints(values []string) {
	longest := 0
	for _, v := range values {
		longest = max(longest, fraction(v))
	}
	for i, v := range values {
		if v != "" {
			values[i] += strings.Repeat(" ", longest-fraction(v))
		}
	}
}

// fraction returns the length of s from its decimal point on.
func fraction(s string) int {
	if i := strings.IndexByte(s, '.'); i >= 0 {
		return len(s) - i
	}
	return 0
}
