package runner

import (
	"slices"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// A result agrees with its record only if nothing of what a run takes from it differs.
func TestAgree(t *testing.T) {
	t.Parallel()
	lines := []string{"input a sha256:1", "run echo"}
	print := plan.Fingerprint(lines)
	outputs := []record.Artifact{{Path: "m", Digest: store.Sum([]byte("m")), Size: 1, Mode: 0o644}}
	metrics := []record.Metric{{Name: "auc", Value: 0.8, Better: "higher"}}
	job := func() *record.Job {
		ms := slices.Clone(metrics)
		ms[0].Job = "train" // which the record adds
		return &record.Job{ID: "train", Status: record.Success, Fingerprint: print, FingerprintLines: lines, Outputs: slices.Clone(outputs), Metrics: ms, Values: map[string]string{"n": "1"}}
	}
	result := func() *Result {
		return &Result{Job: "train", Lines: lines, Outputs: slices.Clone(outputs), Metrics: slices.Clone(metrics), Values: map[string]string{"n": "1"}}
	}
	for _, c := range []struct {
		name   string
		change func(*record.Job, *Result)
		want   string
	}{
		{"as it was made", func(*record.Job, *Result) {}, ""},
		{"a job that was itself reused", func(j *record.Job, _ *Result) { j.Cached = true }, "did not make"},
		{"a job that failed", func(j *record.Job, _ *Result) { j.Status = record.Failure }, "did not make"},
		{"another fingerprint", func(j *record.Job, _ *Result) { j.Fingerprint = store.Sum(nil) }, "fingerprint"},
		{"other lines in the record", func(j *record.Job, _ *Result) { j.FingerprintLines = lines[:1] }, "fingerprint"},
		{"other lines in the result", func(_ *record.Job, r *Result) { r.Lines = lines[1:] }, "fingerprint"},
		{"another blob", func(_ *record.Job, r *Result) { r.Outputs[0].Digest = store.Sum([]byte("x")) }, "other outputs"},
		{"another mode", func(_ *record.Job, r *Result) { r.Outputs[0].Mode = 0o755 }, "other outputs"},
		{"one output less", func(_ *record.Job, r *Result) { r.Outputs = nil }, "other outputs"},
		{"another number", func(_ *record.Job, r *Result) { r.Metrics[0].Value = 0.9 }, "other metrics"},
		{"another direction", func(_ *record.Job, r *Result) { r.Metrics[0].Better = "lower" }, "other metrics"},
		{"another value", func(_ *record.Job, r *Result) { r.Values["n"] = "2" }, "other values"},
	} {
		j, r := job(), result()
		c.change(j, r)
		switch err := agree(j, r, print); {
		case c.want == "" && err != nil, c.want != "" && err == nil, err != nil && !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if err := agree(nil, result(), print); err == nil || !strings.Contains(err.Error(), "no job train") {
		t.Errorf("no job: %v", err)
	}
}
