package main

import (
	"fmt"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/report"
)

// showReport shows what a run came to beside its baseline, to people: who reads
// JSON lines or wants to hear of failures alone gets no table.
func (a *app) showReport(j *judging, f *runner.Finished, output string) error {
	if j == nil || j.report == nil || output == string(view.JSON) || output == string(view.Quiet) {
		return nil
	}
	j.report.Head.Digest, j.report.Head.Status = f.Record.Digest, f.Record.Status
	fmt.Fprintln(a.stdout)
	return a.renderTerminal(j.report)
}

func (a *app) renderTerminal(r *report.Report) error {
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
	if err := view.Table(a.stdout, []string{"metric", "baseline", "this run", "change", "verdict"}, rows, a.color()); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "%s: %s\nbaseline %s\n", r.Decision, r.Why, r.Baseline.Why)
	return err
}
