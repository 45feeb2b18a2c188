package main

import (
	"fmt"
	"time"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/repro"
)

// What a reproduction comes to.
const (
	reproIdentical = "bit-identical"
	reproWithin    = "within tolerance"
	reproDifferent = "different"
)

// A reproAnswer is what repeating a job showed, as --json prints it.
type reproAnswer struct {
	Pipeline string        `json:"pipeline"`
	Job      string        `json:"job"`
	Runs     int           `json:"runs"`
	Recorded string        `json:"recorded,omitempty"` // run that it was also held against
	Verdict  string        `json:"verdict"`
	Outputs  []reproOutput `json:"outputs,omitempty"`
	Metrics  []noiseMetric `json:"metrics,omitempty"`
	Causes   []reproCause  `json:"causes,omitempty"`
	Tried    []reproTry    `json:"tried,omitempty"`
}

// A reproOutput is one file in all runs.
type reproOutput struct {
	Path    string `json:"path"`
	Verdict string `json:"verdict"`
	// Why says what differs where the bytes were not looked into.
	Why string `json:"why,omitempty"`
	*repro.Difference
}

// A reproCause is a likely reason of differences, what speaks for it and what helps.
type reproCause struct {
	Cause    string `json:"cause"`
	Evidence string `json:"evidence"`
	Fix      string `json:"fix,omitempty"`
}

// A reproTry is a setting with which the job was run again.
type reproTry struct {
	Setting string   `json:"setting"`
	Cured   []string `json:"cured,omitempty"` // outputs that no longer differ
	// Elsewhere says that the job ran once as on another machine, and Changed what
	// came out otherwise there.
	Elsewhere bool     `json:"elsewhere,omitempty"`
	Changed   []string `json:"changed,omitempty"`
	Error     string   `json:"error,omitempty"`
}

// answer runs the job and compares.
func (r *reproduction) answer(recorded *recordedAs) (*reproAnswer, error) {
	a := &reproAnswer{Pipeline: r.session.Plan.Pipeline, Job: r.node.ID, Runs: r.options.runs}
	began := time.Now()
	var jobs []*record.Job
	for range r.options.runs {
		j, err := r.once()
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, j)
	}
	a.Metrics = noiseOf(jobs)
	if recorded != nil {
		a.Recorded = recorded.run
		jobs = append(jobs, recorded.job)
		a.otherInputs(jobs[0], recorded)
	}
	a.Outputs = r.outputs(jobs, repro.Span{From: began, To: time.Now()})
	a.Verdict = r.verdict(a, noiseOf(jobs))
	if a.Verdict == reproDifferent && !r.options.plain {
		if err := r.tries(a); err != nil {
			return nil, err
		}
	}
	if r.options.elsewhere {
		if err := r.elsewhere(a, jobs[0]); err != nil {
			return nil, err
		}
	}
	a.causes(r.node)
	return a, nil
}

// otherInputs says so if the recorded job did not have what the job has now: then
// what differs may be right.
func (a *reproAnswer) otherInputs(j *record.Job, recorded *recordedAs) {
	if j.Fingerprint == recorded.job.Fingerprint {
		return
	}
	changed := plan.Diff(recorded.job.FingerprintLines, j.FingerprintLines)
	text := "the recorded run had others"
	if len(changed) > 0 {
		text = fmt.Sprintf("the recorded run had others: %v", changed[0])
	}
	a.Causes = append(a.Causes, reproCause{"other inputs", text, "check out the commit of the run, with the same parameters"})
}

// verdict is the worst of all outputs and metrics.
func (r *reproduction) verdict(a *reproAnswer, metrics []noiseMetric) string {
	all := reproIdentical
	worse := func(v string) {
		if v == reproDifferent || v == reproWithin && all == reproIdentical {
			all = v
		}
	}
	for _, o := range a.Outputs {
		worse(o.Verdict)
	}
	for _, m := range metrics {
		switch spread := float64(m.Spread); {
		case spread == 0:
		case spread <= r.options.tolerance:
			worse(reproWithin)
		default:
			worse(reproDifferent)
		}
	}
	return all
}
