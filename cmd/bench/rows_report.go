package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/runner/report/render"
	"github.com/mlops-runner/mlops/spec"
)

// reportLimit is how long a report of 1,000 metrics may take, in seconds.
const reportLimit = 0.020

// reportRows measure comparing two runs of 1,000 metrics and rendering that, in
// each form that people and forges read.
func reportRows() []row {
	rows := []row{reportRow("compare", "compare two runs of 1,000 metrics", "")}
	for _, name := range []string{"comment", "terminal", "html", "json", "openmetrics"} {
		rows = append(rows, reportRow(name, "compare two runs of 1,000 metrics and render them as "+name, name))
	}
	return rows
}

func reportRow(name, about, format string) row {
	return row{"report/" + name, about, seconds, func(*bench) (contest, error) {
		k := inside("report.Compare", ours, "report", format)
		if format != "" {
			k.name += ", render." + format
		}
		return contest{contestants: []contestant{k}, targets: []target{{limit: reportLimit}}}, nil
	}}
}

// compareReports compares two runs and renders them; "" renders nothing. What
// counts is the second time, when the program's own pages are in memory.
func compareReports(args []string) (time.Duration, error) {
	name, o := args[0], render.Options{}
	if name == "comment" {
		name, o.Budget = "markdown", render.GitHubComment
	}
	f, ok := render.Lookup(name)
	if !ok && name != "" {
		return 0, fmt.Errorf("no format %q", name)
	}
	head, base := measuredRun(1), measuredRun(2)
	gates := []spec.Str{{Value: "group1.metric1 >= baseline.group1.metric1 - 10"}, {Value: "better(group2.metric2) || true"}}
	once := func() error {
		r := report.Compare(head, base, report.CompareOptions{Gates: gates})
		if f.Render == nil {
			return nil
		}
		return f.Render(io.Discard, r, o)
	}
	debug.SetGCPercent(400) // as mlops diff does, whose work this is
	if err := once(); err != nil {
		return 0, err
	}
	return timed(once)
}

// measuredRun is a run of ten jobs with 100 metrics each, a tenth of which have
// curves and a third of which belong to a slice.
func measuredRun(seed uint64) *record.Run {
	r := rand.New(rand.NewPCG(seed, 0))
	run := &record.Run{ID: fmt.Sprint("run", seed), Status: record.Success, Pipeline: "churn"}
	for j := range 10 {
		job := record.Job{ID: fmt.Sprintf("job%d", j), Job: fmt.Sprintf("job%d", j), Status: record.Success}
		for i := range 100 {
			m := record.Metric{Name: fmt.Sprintf("group%d.metric%d", j, i), Value: r.NormFloat64(), Better: "higher"}
			if i%3 == 0 {
				m.Slice = map[string]string{"region": "EU"}
			}
			if i%10 == 0 {
				for k := range 500 {
					m.History = append(m.History, record.Point{Step: float64(k), Value: r.Float64()})
				}
			}
			job.Metrics = append(job.Metrics, m)
		}
		run.Jobs = append(run.Jobs, job)
	}
	return run
}
