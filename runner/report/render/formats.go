package render

import (
	"io"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
)

// A Func writes a report in one format. It returns the writer's error, and
// [ErrBudget] where the options ask for less than is needed.
type Func func(w io.Writer, r *report.Report, o Options) error

// A Format is a way to write a report.
type Format struct {
	Name   string
	About  string // a line for help
	File   string // name of a file in this format
	Render Func
}

// Formats lists all formats.
func Formats() []Format {
	return []Format{
		{"terminal", "aligned columns, for people", "report.txt", Terminal},
		{"markdown", "for GitHub, Gitea and GitLab", "report.md", Markdown},
		{"plain", "Markdown without HTML, for Bitbucket", "report.plain.md", Plain},
		{"html", "one page with plots, for browsers", "report.html", HTML},
		{"json", "the whole report, for programs", "report.json", JSON},
		{"junit", "gates and jobs as test cases, for CI systems", "report.junit.xml", JUnit},
		{"openmetrics", "the metrics of the run, for GitLab and Prometheus", "metrics.txt", OpenMetrics},
	}
}

// Lookup returns the format of that name.
func Lookup(name string) (Format, bool) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

// JSON writes the report itself, as [record.Canonical] does.
func JSON(w io.Writer, r *report.Report, _ Options) error {
	text, err := record.Canonical(r)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}
