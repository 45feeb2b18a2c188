package docker

import (
	"context"
	"errors"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// wait returns a container's exit status. When the connection breaks, or the
// engine restarts, it asks again until the engine has been away for longer
// than Options.Patience.
func (j *job) wait(ctx context.Context) (int64, error) {
	for {
		code, err := j.waitOnce(ctx)
		if err == nil || ctx.Err() != nil {
			return code, err
		}
		j.lost = true
		state, err := j.reconnect(ctx, err)
		if err != nil {
			return 0, err
		}
		if !state.Running {
			return int64(state.ExitCode), nil
		}
	}
}

func (j *job) waitOnce(ctx context.Context) (int64, error) {
	ended, failed := j.e.cli.ContainerWait(ctx, j.box.id, container.WaitConditionNotRunning)
	select {
	case r := <-ended:
		if r.Error != nil {
			return 0, errors.New(r.Error.Message)
		}
		return r.StatusCode, nil
	case err := <-failed:
		return 0, err
	}
}

// reconnect inspects the container until the engine answers.
func (j *job) reconnect(ctx context.Context, cause error) (*container.State, error) {
	deadline := time.Now().Add(j.e.opts.Patience)
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		if err := pause(ctx, min(wait, max(0, time.Until(deadline)))); err != nil {
			return nil, err
		}
		ictx, cancel := context.WithTimeout(ctx, max(time.Second, time.Until(deadline)))
		c, err := j.e.cli.ContainerInspect(ictx, j.box.id)
		cancel()
		switch {
		case err == nil && c.State != nil:
			return c.State, nil
		case errdefs.IsNotFound(err):
			return nil, lost("run it again; the engine's log says who removed it", "docker: container %s has disappeared: %w", j.box.name, cause)
		case time.Now().After(deadline):
			return nil, lost(startFix, "docker: %s did not come back within %s; container %s may still run, and is removed by the next attempt or run: %w",
				j.e.addr, j.e.opts.Patience, j.box.name, cause)
		}
	}
}

// await returns when an engine that went away answers again. It fails with
// cause after Options.Patience.
func (e *Executor) await(ctx context.Context, cause error) error {
	deadline := time.Now().Add(e.opts.Patience)
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		if err := pause(ctx, min(wait, max(0, time.Until(deadline)))); err != nil {
			return err
		}
		pctx, cancel := context.WithTimeout(ctx, max(time.Second, time.Until(deadline)))
		_, err := e.cli.Ping(pctx)
		cancel()
		switch {
		case err == nil:
			return nil
		case time.Now().After(deadline):
			return lost(startFix, "docker: %s did not come back within %s: %w", e.addr, e.opts.Patience, cause)
		}
	}
}
