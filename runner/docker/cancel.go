package docker

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

const (
	// killMargin is how much longer than the steps' grace period the agent gets.
	killMargin = 5 * time.Second
	// readyWithin is how long a stop waits for a starting agent: a process
	// number 1 that has not yet asked for signals does not receive them.
	readyWithin = 2 * time.Second
	killTimeout = 10 * time.Second
)

// stopWhen stops the container when ctx is done: SIGTERM, which the agent
// passes on to the steps, and SIGKILL if that did not end it in time. It
// returns when the container has ended.
func (j *job) stopWhen(ctx context.Context) {
	var now <-chan struct{} // a second, impatient signal
	if kill := agent.Kill(ctx); kill != nil {
		now = kill.Done()
	}
	select {
	case <-j.exited:
		return
	case <-ctx.Done():
	case <-now:
	}
	if !killed(ctx) {
		j.sleep(readyWithin, j.seen.ready, now)
		j.kill(ctx, "SIGTERM")
		j.sleep(patience(j.task.Spec), nil, now)
	}
	j.kill(ctx, "SIGKILL")
}

// patience is how long an agent that was asked to stop may take: the grace
// period of the steps that run, and if others may follow that clean up, what
// the agent grants those.
func patience(s agent.Spec) time.Duration {
	grace := cmp.Or(s.Grace, runner.DefaultGrace)
	for _, step := range s.Steps {
		if step.If != "" {
			return grace + agent.CleanupTime + grace + killMargin
		}
	}
	return grace + killMargin
}

// killed tells whether no grace period was asked for.
func killed(ctx context.Context) bool {
	kill := agent.Kill(ctx)
	return kill != nil && kill.Err() != nil || errors.Is(context.Cause(ctx), runner.ErrKill)
}

// sleep waits for a while, or until the container has ended or one of the two
// channels is closed.
func (j *job) sleep(d time.Duration, early, now <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-early:
	case <-now:
	case <-j.exited:
	}
}

// kill sends a signal to the agent unless it has ended. An error says that it
// has ended meanwhile or that the engine is away, which wait finds out too.
func (j *job) kill(ctx context.Context, signal string) {
	select {
	case <-j.exited:
		return
	default:
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killTimeout)
	defer cancel()
	_ = j.e.cli.ContainerKill(ctx, j.box.id, signal)
}
