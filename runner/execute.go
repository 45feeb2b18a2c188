package runner

import (
	"context"
	"errors"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
)

// execute runs a node, again if its retry rules say so, and keeps what it made.
func (x *execution) execute(ctx context.Context, n *plan.Node, d decision, job *record.Job, g grant) *outcome {
	job.Started = x.now().UTC()
	x.watch.send(Event{Kind: JobStarted, Job: n.ID, Why: d.why})
	if err := errors.Join(x.definitions.add(d.definition), x.writer.JobStarted(*job)); err != nil {
		return x.end(n, failure(n, err), job)
	}
	x.reapBeside(ctx)
	tries := newTries(n)
	var done []*attempt
	var places []string
	defer func() { x.discard(places) }()
	for {
		a, err := x.attempt(ctx, n, d, g, tries.number)
		if a != nil {
			places = append(places, a.place)
		}
		if err != nil {
			return x.breakOff(n, job, done, x.failed(ctx, n, err))
		}
		done = append(done, a)
		job.Attempts = append(job.Attempts, x.describe(n, a))
		rule, times := tries.again(a)
		if rule == nil || ctx.Err() != nil {
			return x.conclude(ctx, n, d, job, done)
		}
		if err := x.writer.JobStarted(*job); err != nil { // what is known so far, in case that we are killed
			return x.breakOff(n, job, done, failure(n, err))
		}
		wait := backoff(rule.Delay, times, x.jitter())
		x.watch.send(Event{Kind: Notice, Level: "warning", Job: n.ID, Text: a.describeFailure() + "; trying again" + pause(wait)})
		if !sleep(ctx, wait) {
			return x.breakOff(n, job, done, x.failed(ctx, n, ctx.Err()))
		}
		if rule.Resources == nil {
			continue
		}
		more := raised(n, rule.Resources)
		if g, _, err = x.claim(ctx, more, d.image, true); err != nil && ctx.Err() == nil {
			x.watch.send(Event{Kind: Notice, Level: "warning", Job: n.ID, Text: "not tried again: " + err.Error()})
			return x.conclude(ctx, n, d, job, done)
		} else if err != nil {
			return x.breakOff(n, job, done, x.failed(ctx, n, err))
		}
		n = more
	}
}

// breakOff ends a node between two attempts; what those left that were made is
// kept.
func (x *execution) breakOff(n *plan.Node, job *record.Job, done []*attempt, o *outcome) *outcome {
	if len(done) > 0 {
		x.measure(n, job, done[len(done)-1])
		if err := x.keepLogs(n, job, done); err != nil {
			o = failure(n, err)
		}
	}
	return x.end(n, o, job)
}

// failed is the outcome of a node whose attempt could not be made.
func (x *execution) failed(ctx context.Context, n *plan.Node, err error) *outcome {
	if ctx.Err() != nil {
		return &outcome{status: agent.Canceled, reason: agent.ReasonCanceled, err: whyStopped(ctx)}
	}
	return failure(n, err)
}

func (x *execution) discard(dirs []string) {
	for _, dir := range dirs {
		if err := x.places.giveBack(dir); err != nil {
			x.log().Warn("remove workspace", "error", err)
		}
	}
}

// An attempt is one try of a node, as it ended.
type attempt struct {
	name      string
	number    int
	place     string // folder of the next two
	workspace string
	control   string
	result    agent.Result
	err       *ExecError // the place failed
	memory    int64      // bytes that it might take; 0 for no limit
	masks     *serviceMasks
	started   time.Time
	wall      time.Duration
}

func (a *attempt) status() agent.Status {
	if a.err != nil {
		return agent.Failure
	}
	return a.result.Status
}

func (a *attempt) reason() agent.Reason {
	if a.err != nil {
		return a.err.Reason
	}
	return a.result.Reason
}

func (a *attempt) exit() int { return a.result.Exit }

// describe is an attempt in the record's form.
func (x *execution) describe(n *plan.Node, a *attempt) record.Attempt {
	out := record.Attempt{
		Number: a.number, Name: a.name, Status: record.Status(a.status()), Reason: string(a.reason()), Exit: a.exit(),
		Started: a.started, Wall: a.wall, CPU: a.result.CPU, PeakMemory: a.result.PeakMemory, GPUSeconds: a.result.GPUSeconds,
		Resources: record.Resources(n.Resources), Steps: recordSteps(n, a.result),
	}
	if a.status() != agent.Success {
		out.Error = x.secret.Text(a.describeFailure())
	}
	return out
}

// attempt makes one try. The error is of the runner; that of the place is part
// of the attempt.
func (x *execution) attempt(ctx context.Context, n *plan.Node, d decision, g grant, number int) (*attempt, error) {
	a := &attempt{number: number, name: x.taskName(n, number), memory: n.Resources.Memory, started: x.now().UTC()}
	if err := x.furnish(a); err != nil {
		return nil, err
	}
	t, err := x.supply(ctx, n, d, a, g.devices)
	if err != nil {
		x.discard([]string{a.place})
		return nil, err
	}
	tail := newTail(x.watch, n, a.control)
	printed := x.budget.prints(a.control)
	a.result, err = x.Executor.Run(ctx, t, tail.event)
	printed()
	tail.finish()
	a.wall = x.now().Sub(a.started)
	a.judgePlace(ctx, err)
	a.judgeStop(ctx)
	x.tellServices(n, a, tail)
	return a, nil
}

// judgePlace notes what the executor's error means for an attempt.
func (a *attempt) judgePlace(ctx context.Context, err error) {
	if err == nil {
		return
	}
	if ctx.Err() != nil {
		a.result.Status, a.result.Reason = agent.Canceled, agent.ReasonCanceled
		return
	}
	if !errors.As(err, &a.err) {
		a.err = &ExecError{Reason: agent.ReasonConfig, Err: err}
	}
}
