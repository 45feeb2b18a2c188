package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/runner/report/render"
	"github.com/mlops-runner/mlops/spec"
)

// A showing says whether the report of a run is shown after its summary.
type showing struct {
	output     string   // the view's name
	summarized bool     // also in the job summary
	judging    *judging // nil until it is known how the run is judged
}

// reported reports whether the run's report is shown, to people: who reads JSON
// lines or wants to hear of failures alone gets no table.
func (s *showing) reported() bool {
	j := s.judging
	if j == nil || j.report == nil || s.output == string(view.JSON) || s.output == string(view.Quiet) {
		return false
	}
	return j.report.Base != nil || j.compares() // else the run's own summary has all of it
}

// showReport shows what a run came to beside its baseline.
func (a *app) showReport(j *judging, f *runner.Finished) error {
	if !j.options.shown.reported() {
		return nil
	}
	j.report.Head.Digest, j.report.Head.Status = f.Record.Digest, f.Record.Status
	if _, err := fmt.Fprintln(a.stdout); err != nil {
		return err
	}
	return a.render(a.stdout, j.report, terminalFormat)
}

// terminalFormat is how reports are shown if nobody asks for another form.
const terminalFormat = "terminal"

// render writes a report in a format that knownFormat knows.
func (a *app) render(w io.Writer, r *report.Report, format string) error {
	f, ok := render.Lookup(format)
	if !ok {
		return knownFormat(format)
	}
	return f.Render(w, r, render.Options{Color: w == a.stdout && a.color(), Version: version()})
}

// formatOf is the format that a file's name asks for.
func formatOf(name string) string {
	formats := map[string]string{".md": "markdown", ".html": "html", ".json": "json", ".xml": "junit"}
	return cmp.Or(formats[filepath.Ext(name)], terminalFormat)
}

func formatNames() []string {
	var names []string
	for _, f := range render.Formats() {
		names = append(names, f.Name)
	}
	return names
}

func knownFormat(name string) error {
	if _, ok := render.Lookup(name); ok {
		return nil
	}
	if near := spec.Nearest(name, formatNames()); near != "" {
		return usagef("unknown --format %s; did you mean %s?", name, near)
	}
	return usagef("unknown --format %s; write one of %s", name, reportFormats())
}

func reportFormats() string { return strings.Join(formatNames(), ", ") }
