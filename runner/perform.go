package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/spec/expression"
)

// perform takes a Run node from its decision to its outcome. It is nil if ctx
// ended while the node waited and again says that it is to be decided about anew.
func (x *execution) perform(ctx context.Context, n *plan.Node, cancelled bool, again func() bool) *outcome {
	queued := x.now().UTC()
	d := x.decide(ctx, n, false, cancelled)
	x.noteUse(n, d)
	if o := x.unexecuted(ctx, n, &d); o != nil {
		return o
	}
	for {
		o, moved, err := x.work(ctx, n, &d, queued, cancelled)
		switch {
		case err != nil && ctx.Err() != nil && again():
			return nil
		case err != nil:
			return x.end(n, x.failed(ctx, n, err), x.newJob(n, d))
		case !moved:
			return o
		}
	}
}

// work executes a node, unless another run has just done so. Who waits for
// another run holds no room on the machine: that run may wait for room. moved
// is whether the node became another one while it waited for room; the error is
// that it waited in vain.
func (x *execution) work(ctx context.Context, n *plan.Node, d *decision, queued time.Time, cancelled bool) (o *outcome, moved bool, err error) {
	release, hit, err := x.awaitSame(ctx, n, *d)
	if err != nil {
		return nil, false, err
	}
	defer release()
	if hit != nil {
		cached := *d
		cached.fate, cached.hit = IsCached, hit
		if o, err := x.reuse(ctx, n, cached); err == nil {
			return o, false, nil
		}
	}
	if err := x.fetch(ctx, n, d.inputs.remote); err != nil {
		return nil, false, err
	}
	if err := x.bring(ctx, slices.Concat(d.inputs.blobs, d.inputs.past)); err != nil {
		return nil, false, err
	}
	g, waited, err := x.claim(ctx, n, d.image, false)
	switch {
	case err != nil:
		return nil, false, err
	case g.held != nil:
		return x.skip(n, g.held.status, g.held.why), false, nil
	}
	if waited { // what it reads may have changed meanwhile
		before := d.print
		*d = x.decide(ctx, n, false, cancelled)
		x.noteUse(n, *d)
		if o := x.unexecuted(ctx, n, d); o != nil || d.print != before {
			return o, o == nil, nil
		}
	}
	job := x.newJob(n, *d)
	job.Queued = queued
	return x.execute(ctx, n, *d, job, g), false, nil
}

// unexecuted is the outcome of a node that a decision lets end without being
// executed. It is nil for one that has to be, which the decision then says.
func (x *execution) unexecuted(ctx context.Context, n *plan.Node, d *decision) *outcome {
	switch d.fate {
	case IsSkip:
		return x.skip(n, agent.Skipped, d.why[0])
	case CannotBe:
		if ctx.Err() != nil {
			return x.skip(n, agent.Canceled, whyStopped(ctx))
		}
		o := &outcome{status: agent.Failure, reason: d.reason, err: d.err, fix: d.fix, place: d.place}
		return x.end(n, o, x.newJob(n, *d))
	case IsCached:
		o, err := x.reuse(ctx, n, *d)
		if err == nil {
			return o
		}
		if !errors.Is(err, store.ErrNotFound) {
			return x.end(n, failure(n, err), x.newJob(n, *d))
		}
		d.fate, d.hit, d.why = WillRun, nil, []string{"its kept output is gone: " + err.Error()}
	}
	return nil
}

// noteUse remembers what the decision rested on.
func (x *execution) noteUse(n *plan.Node, d decision) {
	x.used.addInputs(x.Plan.Index(n.ID), d.inputs)
	x.noteData(n, d.inputs)
}

// newJob is what the record says of a node before it runs.
func (x *execution) newJob(n *plan.Node, d decision) *record.Job {
	j := &record.Job{
		ID: n.ID, Job: n.Job, Matrix: legMap(n), Fingerprint: d.print, FingerprintLines: d.lines, Why: d.why,
		Inputs: append(named(artifacts(d.inputs.files()), n), x.remoteArtifacts(d.inputs.remote)...), Image: recordImage(d.image),
	}
	if d.print.IsZero() {
		j.FingerprintLines = nil
	}
	return j
}

// skip is the outcome of a node that does not run.
func (x *execution) skip(n *plan.Node, s agent.Status, why string) *outcome {
	o := &outcome{status: s, err: why}
	if s == agent.Canceled {
		o.reason = agent.ReasonCanceled
	}
	return x.end(n, o, &record.Job{ID: n.ID, Job: n.Job, Matrix: legMap(n), Why: []string{why}})
}

// reuse puts the outputs of a kept result in place.
func (x *execution) reuse(ctx context.Context, n *plan.Node, d decision) (*outcome, error) {
	if err := x.pin.Keep(ctx, d.print); err != nil {
		return nil, err
	}
	if d.hit.afar != nil {
		if err := x.take(ctx, n, d.print, d.hit); err != nil {
			return nil, err
		}
		hit, why := x.checked(ctx, n, d.print, d.hit)
		if hit == nil {
			return nil, fmt.Errorf("%s: %w", strings.Join(why, "; "), store.ErrNotFound)
		}
		d.hit = hit
	}
	if n.Publish {
		if err := x.publish(ctx, n, entries(d.hit.Outputs)); err != nil {
			return nil, err
		}
	}
	if last, err := x.Store.Last(x.lastKey(n)); err != nil || last != d.print {
		if err := x.Store.SetLast(ctx, x.lastKey(n), d.print); err != nil {
			return nil, err
		}
	}
	job := x.newJob(n, d)
	job.Cached, job.CachedFrom, job.Image = true, d.hit.Run, d.hit.Image
	job.Why, job.Verified = nil, d.hit.verified
	if job.Verified != "" {
		x.watch.send(Event{Kind: Notice, Level: "notice", Job: n.ID, Text: "verified: " + job.Verified})
	}
	x.fill(job, d.hit)
	return x.end(n, &outcome{status: agent.Success, cached: true, product: d.hit.product()}, job), nil
}

// fill copies a result into a job's record.
func (x *execution) fill(job *record.Job, r *Result) {
	job.Outputs, job.Values, job.Metrics, job.Summary = r.Outputs, r.Values, r.Metrics, r.Summary
	job.NotNumbers, job.Report, job.Kept, job.Until = r.NotNumbers, r.Report, r.Kept, r.Until
}

func isFolder(output string) bool { return output[len(output)-1] == '/' || plan.Glob(output) }

// failure is the outcome of a node on which the runner itself failed.
func failure(n *plan.Node, err error) *outcome {
	o := &outcome{status: agent.Failure, reason: agent.ReasonConfig, err: err.Error(), place: true}
	var unsafe *store.UnsafeError
	var exec *ExecError
	var job *jobError
	switch {
	case errors.As(err, &job):
		o.fix, o.place = job.fix, false
	case errors.As(err, &exec):
		o.reason, o.fix = exec.Reason, exec.Fix
	case errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT):
		o.reason, o.fix = agent.ReasonDiskFull, `free some space: "mlops cache gc --max-size 5GiB"`
	case errors.As(err, &unsafe):
		o.fix, o.place = cmp.Or(unsafe.Fix, fmt.Sprintf("move %s out of the way of the outputs of %s", unsafe.Path, n.ID)), false
	}
	return o
}

// end records how a node ended and tells those who watch.
func (x *execution) end(n *plan.Node, o *outcome, job *record.Job) *outcome {
	if o.status == agent.Failure {
		x.soften(n, o)
	}
	job.Status, job.Reason, job.Exit = record.Status(o.status), string(o.reason), o.exit
	if o.status == agent.Failure {
		job.Error = o.err
	}
	x.conceal(o, job)
	if err := x.writer.JobEnded(*job); err != nil {
		f := failure(n, err)
		o.status, o.reason, o.err, o.fix, o.place = f.status, f.reason, f.err, f.fix, true
		job.Status, job.Reason, job.Error = record.Failure, string(o.reason), o.err
		x.lost.add(*job)
	}
	o.uncached, o.ended, o.cost = job.Uncached != "", true, cost{job.Wall, job.CPU, job.PeakMemory}
	x.watch.send(Event{
		Kind: JobEnded, Job: n.ID, Status: string(o.status), Reason: string(o.reason), Exit: o.exit, Wall: job.Wall, Cached: o.cached,
		Metrics: metricValues(job.Metrics), Error: o.err, Fix: o.fix, Why: job.Why,
	})
	return o
}

// soften lets a failure not count where the job says continue-on-error. An
// expression is evaluated only now, as nobody asks before a job fails.
func (x *execution) soften(n *plan.Node, o *outcome) {
	switch n.ContinueOnError {
	case "", "false":
		return
	case "true":
		o.soft = true
		return
	}
	scope := x.trueScope(n, x.needs(n))
	_, err := environment(n, scope) // it may read env
	if err == nil {
		o.soft, err = truth(n.ContinueOnError, scope)
	}
	if err != nil {
		o.err += fmt.Sprintf("; and its continue-on-error has no value: %v", err)
	}
}

func truth(text string, s *expression.Scope) (bool, error) {
	e, err := expression.Parse(text)
	if err != nil {
		return false, err
	}
	v, err := e.Eval(s)
	return err == nil && expression.Truthy(v), err
}

// A jobError is what is wrong with a job's result: the job has failed, not the
// place it ran in.
type jobError struct {
	fix string
	err error
}

func (e *jobError) Error() string { return e.err.Error() }
func (e *jobError) Unwrap() error { return e.err }
