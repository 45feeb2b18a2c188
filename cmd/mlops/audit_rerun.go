package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/checkout"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/repro"
)

// An auditRerun is what running a recorded job again came to.
type auditRerun struct {
	Job     string        `json:"job"`
	Commit  string        `json:"commit"`
	Verdict string        `json:"verdict"` // bit-identical, within tolerance, different, not done
	Outputs []reproOutput `json:"outputs,omitempty"`
	Metrics []noiseMetric `json:"metrics,omitempty"`
	// Why says what hindered it, if it could not be run.
	Why string `json:"why,omitempty"`
	// Changed says how what the job was made from differs from the recorded run.
	Changed []string `json:"changed,omitempty"`
}

// Status is that of a link.
func (r *auditRerun) Status() string {
	if r.Verdict == reproDifferent || r.Verdict == rerunNotDone {
		return linkFailed
	}
	return linkOK
}

// Text says it in words.
func (r *auditRerun) Text() string {
	if r.Verdict == rerunNotDone {
		return r.Verdict + ": " + r.Why
	}
	text := fmt.Sprintf("job %s from commit %s: %s", r.Job, r.Commit[:min(12, len(r.Commit))], r.Verdict)
	for _, o := range r.Outputs {
		if o.Verdict != reproIdentical {
			text += "; " + o.Path + " " + o.text()
		}
	}
	if len(r.Changed) > 0 {
		text += "; it was made from others than the recorded run: " + strings.Join(r.Changed, ", ")
	}
	return text
}

// rerunNotDone is the verdict on a job that could not be run again.
const rerunNotDone = "not done"

// again is rerun with an answer in any case: why nothing ran stands in it too, and what
// mlops itself could not do is the error.
func (w *audit) again(ctx context.Context, o auditOptions) (*auditRerun, error) {
	if w.job == nil {
		return &auditRerun{Verdict: rerunNotDone, Why: "the job that made the model is not known"}, nil
	}
	out, err := w.rerun(ctx, o)
	if err != nil {
		out = &auditRerun{Job: w.job.ID, Commit: w.made.Source.Commit, Verdict: rerunNotDone, Why: foreign(err.Error())}
	}
	var unsuccessful unsuccessfulError
	if errors.As(err, &unsuccessful) { // an answer, and no trouble of ours
		return out, nil
	}
	return out, err
}

// rerun runs the job that made the version from the recorded commit, in a scratch
// store above the project's, and compares.
func (w *audit) rerun(ctx context.Context, o auditOptions) (out *auditRerun, err error) {
	if w.made.Source.Commit == "" {
		return nil, fixError{fmt.Errorf("run %s was in no git repository, so its code is not known", w.made.ID), ""}
	}
	if absent := w.absent(ctx, w.made.Source.Commit); absent != "" {
		return nil, fixError{fmt.Errorf("commit %s: %s", w.made.Source.Commit, absent), ""}
	}
	o.executor = w.executor(o)
	scratch, err := w.store.Scratch()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.store.RemoveScratch(scratch)) }()
	hard, soft, stop := interruptible(ctx, w.app.leave)
	defer stop()
	p, err := w.bring(soft, scratch)
	if err != nil {
		return nil, err
	}
	ro := reproOptions{runOptions: o.runOptions, tolerance: o.tolerance, runs: 2}
	for _, d := range w.made.Departs { // what was set by hand is set again
		if name, ok := strings.CutPrefix(d, "param "); ok {
			ro.params = append(ro.params, fmt.Sprintf("%s=%v", name, w.made.Params[name]))
		}
	}
	r, err := w.app.openReproduction(soft, p, ro, w.job.ID)
	if err != nil {
		return nil, err
	}
	r.hard, r.soft = hard, soft
	r.session.Pins = w.recordedImages(r.session)
	defer func() { err = errors.Join(err, r.session.close()) }()
	began := time.Now()
	again, err := r.once()
	if err != nil {
		return nil, err
	}
	return r.hold(w.job, again, repro.Span{From: began, To: time.Now()}, w.made.Source.Commit), nil
}

// executor is where the job runs again: as it ran, since elsewhere all of it would
// be made by other programs; a flag says otherwise.
func (w *audit) executor(o auditOptions) string {
	if o.executorSet {
		return o.executor
	}
	if ran := w.made.Environment.Executor; ran == "docker" || ran == "host" {
		return ran
	}
	return envOr("MLOPS_EXECUTOR", "docker")
}

// recordedImages are the pins of a session, and the images that the recorded run had
// where its commit pins none: a tag may mean another one by now.
func (w *audit) recordedImages(s *session) map[string]runner.Pin {
	pins := map[string]runner.Pin{}
	for _, n := range s.Plan.Nodes {
		j := w.made.Job(n.ID)
		if j == nil || j.Image.ID == "" || n.Image == "" || n.Build != nil {
			continue
		}
		pin := runner.Pin{ID: j.Image.ID}
		if len(j.Image.Digests) > 0 {
			if _, digest, ok := strings.Cut(j.Image.Digests[0], "@"); ok {
				pin = runner.Pin{Digest: digest}
			}
		}
		pins[runner.PinKey(n.Image, n.Platform)] = pin
	}
	maps.Copy(pins, s.Pins)
	return pins
}

// hold compares what a job made again with what is recorded of it.
func (r *reproduction) hold(recorded, again *record.Job, when repro.Span, commit string) *auditRerun {
	jobs := []*record.Job{recorded, again}
	a := &reproAnswer{Outputs: r.outputs(jobs, when)}
	metrics := noiseOf(jobs)
	out := &auditRerun{Job: recorded.ID, Commit: commit, Outputs: a.Outputs, Metrics: metrics, Verdict: r.verdict(a, metrics)}
	if recorded.Fingerprint != again.Fingerprint {
		for _, c := range plan.Diff(recorded.FingerprintLines, again.FingerprintLines) {
			out.Changed = append(out.Changed, fmt.Sprint(c))
		}
	}
	return out
}

// bring checks the recorded commit out below a folder.
func (w *audit) bring(ctx context.Context, below string) (*project, error) {
	here, err := w.app.findProject("")
	if err != nil {
		return nil, err
	}
	repo, err := checkout.OpenOwn(ctx, here.root)
	if err != nil {
		return nil, cured(err)
	}
	defer repo.Close()
	src := w.made.Source
	// A pipeline without a name is called like its folder.
	where := filepath.Join(below, "code", filepath.Base(repo.Top()))
	if _, err := checkout.Checkout(ctx, repo.Top(), src.Commit, where, checkout.Options{Submodules: true}); err != nil {
		return nil, cured(fmt.Errorf("commit %s: %w", src.Commit, err))
	}
	p, err := w.app.findProject(filepath.Join(where, filepath.FromSlash(src.Directory), filepath.Base(w.made.File)))
	if err != nil {
		return nil, err
	}
	if p.home, err = filepath.Abs(w.store.Root()); err != nil {
		return nil, err
	}
	p.overlay, p.lookup = filepath.Join(below, "store"), func(string) (string, bool) { return "", false }
	return p, nil
}
