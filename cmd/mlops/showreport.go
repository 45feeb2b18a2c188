package main

import (
	"fmt"
	"io"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
)

// showReport shows what a run came to beside its baseline, to people: who reads
// JSON lines or wants to hear of failures alone gets no table.
func (a *app) showReport(j *judging, f *runner.Finished, output string) error {
	if j == nil || j.report == nil || output == string(view.JSON) || output == string(view.Quiet) {
		return nil
	}
	j.report.Head.Digest, j.report.Head.Status = f.Record.Digest, f.Record.Status
	if _, err := fmt.Fprintln(a.stdout); err != nil {
		return err
	}
	return a.render(a.stdout, j.report, "terminal")
}

func formatNames() []string { return []string{"terminal", "json"} }

func (a *app) render(w io.Writer, r *report.Report, format string) error {
	if format == "json" {
		text, err := record.Canonical(r)
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	}
	var rows [][]string
	num := func(n *report.Number) string {
		if n == nil {
			return ""
		}
		return view.Number(float64(*n))
	}
	for _, m := range r.Metrics {
		rows = append(rows, []string{m.Name, num(m.Base), num(m.Head), num(m.Change), string(m.Verdict)})
	}
	if err := view.Table(w, []string{"metric", "baseline", "this run", "change", "verdict"}, rows, a.color()); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s: %s\nbaseline %s\n", r.Decision, r.Why, r.Baseline.Why)
	return err
}
