package record

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mlops-runner/mlops/runner/store"
)

const (
	sampleID = "019a9c4e-7a00-7abc-8def-0123456789ab" // 2025-11-19
	olderID  = "01980000-0000-7000-8000-000000000001"
)

func at(second int) time.Time { return time.Date(2025, 11, 19, 8, 30, second, 123456789, time.UTC) }

func sum(text string) store.Digest { return store.Sum([]byte(text)) }

func ptr[T any](v T) *T { return &v }

// sampleRun fills in every field, so that goldens, schemas and round trips see all of them.
func sampleRun() Run {
	return Run{
		ID: sampleID, Pipeline: "churn", File: "mlops.yaml", FileDigest: sum("mlops.yaml"),
		Trigger: Trigger{Event: "pull_request", Actor: "ada", Number: 7, Schedule: "0 3 * * 1", Dataset: "customers", URL: "https://example.org/pull/7"},
		Started: at(0), Ended: at(42), Status: Failure, Reason: "gate", Error: "gate auc >= 0.8 failed", Exit: 1,
		Baseline: olderID, Labels: Labels{"team": "growth", "ticket": "<A&B>"}, Departs: []string{"only train", "param train.lr"},
		Source: Source{
			Repository: "https://example.org/churn.git", Commit: "1111111111111111111111111111111111111111",
			Tree: "2222222222222222222222222222222222222222", Ref: "refs/heads/lr", Branch: "lr",
			Base: "3333333333333333333333333333333333333333", Dirty: true, PatchDigest: sum("patch"),
			Author: "Ada Lovelace", Subject: "raise \"lr\"\tto 0.2 – naïve", Committed: at(-3600), Shallow: true,
			Untracked: 2, Directory: "ml", Submodules: Labels{"lib": "4444444444444444444444444444444444444444"},
		},
		Environment: Environment{
			Mlops: "1.2.3", OS: "linux", Arch: "amd64",
			Host: Host{Name: "box", CPUs: 8, CPU: "EPYC", Memory: 64 << 30, GPUs: []string{"A100", "A100"},
				Driver: "550.1", Kernel: "6.12", Locale: "C.UTF-8", TimeZone: "UTC"},
			Executor: "docker", Engine: Engine{Name: "Docker Engine", Version: "28.5.2", API: "1.51"},
			CI: &CI{Name: "github", Workflow: "ci", RunID: "99", Attempt: 2, Job: "mlops", URL: "https://example.org/runs/99"}, Cost: 1.25,
		},
		Params: Values{"train.lr": 0.2, "train.name": "xgb", "train.deep": true, "train.seed": nil, "big": 1e21, "small": 1e-7, "third": 1.0 / 3},
		Jobs:   []Job{checkJob(), trainJob(), skippedJob()},
	}
}

func checkJob() Job {
	return Job{
		ID: "check", Job: "check", Status: Success, Cached: true, CachedFrom: olderID, Verified: "made on box by ada in run " + olderID,
		Fingerprint: sum("check"), FingerprintLines: []string{"uses data-check 1", "input data/customers.csv " + sum("data").String()},
		Inputs: []Artifact{{Name: "customers", Path: "data/customers.csv", Digest: sum("data"), Size: 4, Mode: 0o644, Source: "s3://bucket/customers.csv"}},
		Wall:   3 * time.Millisecond, LogDigest: sum("old log"), LogSize: 7,
	}
}

func trainJob() Job {
	return Job{
		ID: "train@depth=4", Name: "Train (4)", Job: "train", Matrix: Values{"depth": 4.0, "opt": []any{"adam", nil, map[string]any{"b": 0.9}}},
		Status: Failure, Reason: "exit", Exit: 3, Error: "step fit: exit status 3", Uncached: "input src/train.py moved",
		Fingerprint: sum("train"), FingerprintLines: []string{"run python src/train.py", "params train.lr 0.2"},
		Why:     []string{"params train.lr 0.1 → 0.2 (params.yaml:3)"},
		Image:   Image{Name: "python:3.12-slim", ID: "sha256:abc", Digests: []string{"python@sha256:def"}, Platform: "linux/amd64"},
		Inputs:  []Artifact{{Path: "src/train.py", Digest: sum("py"), Size: 2, Mode: 0o755}, {Name: "customers", Path: "data/customers.csv", Digest: sum("data"), Size: 4, Mode: 0o644}},
		Outputs: []Artifact{{Path: "model/", Digest: sum("tree"), Size: 1 << 40, Files: 3}, {Path: "latest", Digest: sum("link"), Size: 5, Link: "model"}},
		Values:  map[string]string{"model": "model/a.bin"}, Summary: "## Trained\n",
		Metrics: []Metric{
			{Name: "loss", Value: 0.3, Step: ptr(2.0), History: []Point{{1, math.Inf(1)}, {1.5, math.NaN()}, {2, 0.3}}, Points: 5, File: "metrics.json", Job: "train@depth=4"},
			{Name: "auc", Value: 0.91, Unit: "1", Better: "higher", Slice: map[string]string{"region": "EU", "plan": "pro"}, Job: "train@depth=4"},
			{Name: "nan", Value: math.NaN(), Job: "train@depth=4"}, {Name: "-inf", Value: math.Inf(-1), Step: ptr(math.Inf(1)), Job: "train@depth=4"},
		},
		Steps: []Step{{ID: "fit", Name: "Fit", Uses: "evaluate", Outcome: Failure, Conclusion: Failure, Reason: "exit", Exit: 3, Signal: "SIGKILL",
			Started: at(2), Wall: 30 * time.Second, CPU: 55 * time.Second, PeakMemory: 2 << 30, OOMKills: 1,
			Outputs: map[string]string{"model": "model/a.bin"}, LogFrom: 1, LogTo: 9, Error: "no such file"}},
		Attempts: []Attempt{{Number: 1, Name: "mlops-train-1", Status: Failure, Reason: "oom", Exit: 137, Error: "killed", Started: at(1), Wall: time.Second, LogFrom: 0, LogTo: 4},
			{Number: 2, Name: "mlops-train-2", Status: Failure, Reason: "exit", Exit: 3, Started: at(2), Wall: 30 * time.Second, LogFrom: 4, LogTo: 9}},
		Queued: at(0), Started: at(1), Wall: 31 * time.Second, CPU: 56 * time.Second, PeakMemory: 2 << 30, GPUSeconds: 12.5,
	}
}

func skippedJob() Job { return Job{ID: "promote", Job: "promote", Status: Skipped, Reason: "if"} }

// write records a run as the runner would, with a log for each job that ran.
func write(t testing.TB, root string, run Run) store.Digest {
	t.Helper()
	w, err := Create(root, run)
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range run.Jobs {
		if !j.Cached && j.Status != Skipped {
			writeJob(t, w, j)
			continue
		}
		if err := w.JobEnded(j); err != nil {
			t.Fatal(err)
		}
	}
	d, err := w.Seal(run)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func writeJob(t testing.TB, w *Writer, j Job) {
	t.Helper()
	if err := w.JobStarted(j); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, fmt.Appendf(nil, "log of %s\n", j.ID), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := w.TakeLog(j.ID, LogFiles{Log: log}); err != nil {
		t.Fatal(err)
	}
	if err := w.JobEnded(j); err != nil {
		t.Fatal(err)
	}
}

// same compares what was written with what was read, without what reading adds.
func same(want, got Run) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateNaNs(),
		cmpopts.IgnoreFields(Run{}, "Version", "Dir", "Sealed", "Digest", "Summary", "Process"),
		cmpopts.IgnoreFields(Job{}, "LogDigest", "LogSize"))
}
