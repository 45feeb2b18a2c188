package runner

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec"
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
	var places, logs []string
	defer func() { x.discard(places) }()
	for {
		a, err := x.attempt(ctx, n, d, g, tries.number)
		if err != nil {
			return x.end(n, x.failed(ctx, n, err), job)
		}
		job.Attempts = append(job.Attempts, a.describe())
		places, logs = append(places, a.place), append(logs, a.control)
		rule := tries.again(a)
		if rule == nil || ctx.Err() != nil {
			return x.conclude(ctx, n, d, job, a, logs)
		}
		x.watch.send(Event{Kind: Notice, Level: "warning", Job: n.ID, Text: a.describeFailure() + "; trying again"})
		if !sleep(ctx, rule.Delay) {
			return x.end(n, &outcome{status: agent.Canceled, reason: agent.ReasonCanceled, err: "the run was cancelled"}, job)
		}
		if rule.Resources != nil {
			raised := *n
			raised.Resources = *rule.Resources
			n = &raised
			if g, _, err = x.claim(ctx, n, d.image, true); err != nil {
				return x.end(n, x.failed(ctx, n, err), job)
			}
		}
	}
}

// failed is the outcome of a node whose attempt could not be made.
func (x *execution) failed(ctx context.Context, n *plan.Node, err error) *outcome {
	if ctx.Err() != nil {
		return &outcome{status: agent.Canceled, reason: agent.ReasonCanceled, err: "the run was cancelled"}
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

func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// tries counts attempts by rule.
type tries struct {
	node   *plan.Node
	number int
	used   []int // by rule
}

func newTries(n *plan.Node) *tries {
	return &tries{node: n, number: 1, used: make([]int, len(n.Retry))}
}

// again returns the rule by which a failed attempt is repeated, or nil.
func (t *tries) again(a *attempt) *spec.Retry {
	if a.status() != agent.Failure {
		return nil
	}
	for i := range t.node.Retry {
		r := &t.node.Retry[i]
		if t.used[i] < r.Limit && applies(r, a) {
			t.used[i]++
			t.number++
			return r
		}
	}
	return nil
}

// applies reports whether a rule is about this sort of failure. A rule that
// names neither reasons nor exit statuses is about all.
func applies(r *spec.Retry, a *attempt) bool {
	if len(r.On) == 0 && len(r.Exit) == 0 {
		return true
	}
	if slices.Contains(r.Exit, a.exit()) && a.reason() == agent.ReasonExit {
		return true
	}
	return slices.ContainsFunc(r.On, func(s spec.Str) bool { return s.Value == string(a.reason()) || s.Value == "any" })
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

func (a *attempt) describe() record.Attempt {
	out := record.Attempt{
		Number: a.number, Name: a.name, Status: record.Status(a.status()), Reason: string(a.reason()), Exit: a.exit(),
		Started: a.started, Wall: a.wall,
	}
	if a.status() != agent.Success {
		out.Error = a.describeFailure()
	}
	return out
}

// attempt makes one try. The error is of the runner; that of the place is part
// of the attempt.
func (x *execution) attempt(ctx context.Context, n *plan.Node, d decision, g grant, number int) (*attempt, error) {
	a := &attempt{number: number, name: x.taskName(n, number), started: x.now().UTC()}
	if err := x.furnish(a); err != nil {
		return nil, err
	}
	mounts, err := x.supply(ctx, n, d, a)
	if err != nil {
		x.discard([]string{a.place})
		return nil, err
	}
	t := x.task(n, d, a, mounts, g.devices)
	tail := newTail(x.watch, n, a.control)
	a.result, err = x.Executor.Run(ctx, t, tail.event)
	tail.finish()
	a.wall = x.now().Sub(a.started)
	if concealErr := x.conceal(a, tail); concealErr != nil {
		return nil, concealErr
	}
	a.judgePlace(ctx, err)
	return a, x.tellServices(n, a, tail)
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
