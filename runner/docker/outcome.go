package docker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// outcome says how a job ended whose container has ended with code.
func (j *job) outcome(ctx context.Context, code int64) (agent.Result, error) {
	r, err := agent.LoadResult(j.control.root)
	if err == nil && r.Status == agent.Canceled && ctx.Err() == nil && j.lost {
		// An engine that starts ends what ran before, unless told to let it live.
		return agent.Result{}, lost(`run it again; "live-restore": true in the engine's daemon.json keeps jobs through its restarts`,
			"docker: %s restarted and stopped container %s", j.e.addr, j.box.name)
	}
	if err == nil {
		return r, nil
	}
	if j.seen.result != nil {
		return *j.seen.result, nil
	}
	if !errors.Is(err, agent.ErrNoResult) {
		return agent.Result{}, config("", "docker: container %s: read the agent's result: %w", j.box.name, err)
	}
	if ctx.Err() != nil {
		return j.canceled(), nil
	}
	return j.unproven(ctx, code)
}

// unproven judges a container that ended without the agent's result.
func (j *job) unproven(ctx context.Context, code int64) (agent.Result, error) {
	ictx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killTimeout)
	defer cancel()
	c, err := j.e.cli.ContainerInspect(ictx, j.box.id)
	switch {
	case err == nil && c.State != nil && (c.State.OOMKilled || code == sigkilled && j.toldOOM(ictx)):
		return j.failed(agent.ReasonOOM, 137, "SIGKILL", "the container ran out of memory"), nil
	case j.lost:
		return agent.Result{}, lost("run it again", "docker: container %s ended with status %d while %s was away", j.box.name, code, j.e.addr)
	case j.diskFull():
		return agent.Result{}, &runner.ExecError{Reason: agent.ReasonDiskFull, Fix: `free space on this disk: "mlops cache gc"`,
			Err: fmt.Errorf("docker: container %s ended with status %d and could not write its result%s", j.box.name, code, j.lastWords())}
	case code > 128 && code < 128+65:
		sig := syscall.Signal(code - 128)
		return j.failed(agent.ReasonSignal, int(code), unix.SignalName(sig), "the container was killed by "+unix.SignalName(sig)), nil
	}
	return agent.Result{}, config("see the job's log; if the job did not end the agent itself, report this",
		"docker: container %s ended with status %d but without the agent's result%s", j.box.name, code, j.lastWords())
}

// sigkilled is the exit status of a container that SIGKILL ended.
const sigkilled = 128 + int64(syscall.SIGKILL)

// lateOOM is how long the engine may take to tell of an end by lack of memory.
const lateOOM = time.Second

// toldOOM reports whether the engine tells, within [lateOOM], that the
// container of a job with a memory limit ran out of memory. The state does not
// prove the contrary: containerd hears of it beside the exit, and where it
// hears of the exit first, Docker 20.10 has an event of it and nothing else.
func (j *job) toldOOM(ctx context.Context) bool {
	if j.task.Resources.Memory == 0 {
		return false
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	told, failed := j.e.cli.Events(ctx, events.ListOptions{
		Since: "1",
		Until: strconv.FormatInt(time.Now().Add(lateOOM).Unix()+1, 10),
		Filters: filters.NewArgs(filters.Arg("type", string(events.ContainerEventType)),
			filters.Arg("container", j.box.id), filters.Arg("event", string(events.ActionOOM))),
	})
	select {
	case <-told:
		return true
	case <-failed: // io.EOF at the end of the time
		return false
	case <-time.After(lateOOM):
		return false
	}
}

// lastWords is what the agent printed to standard error, if anything.
func (j *job) lastWords() string {
	if s := j.stderr.String(); s != "" {
		return ": " + s
	}
	return ""
}

// diskFull tells whether the control directory's disk has no space, or the
// agent said so.
func (j *job) diskFull() bool {
	if strings.Contains(j.stderr.String(), syscall.ENOSPC.Error()) {
		return true
	}
	var st unix.Statfs_t
	err := unix.Statfs(j.task.Control, &st)
	return err == nil && st.Bavail*uint64(st.Bsize) < 1<<20
}

// failed is the result of a job whose agent could not write one.
func (j *job) failed(reason agent.Reason, exit int, signal, text string) agent.Result {
	r := j.partial()
	r.Status, r.Reason, r.Exit, r.Error, r.Failed = agent.Failure, reason, exit, text, j.seen.step
	if k := j.seen.step; k >= 0 && k < len(j.task.Spec.Steps) && k >= len(r.Steps) {
		s := j.task.Spec.Steps[k]
		r.Steps = append(r.Steps, agent.StepResult{ID: s.ID, Name: s.Name, Outcome: agent.Failure, Conclusion: agent.Failure,
			Reason: reason, Exit: exit, Signal: signal, Error: text})
	}
	return r
}

// canceled is the result of a job that was stopped before its agent could say so.
func (j *job) canceled() agent.Result {
	r := j.partial()
	r.Status, r.Reason, r.Failed = agent.Canceled, agent.ReasonCanceled, -1
	return r
}

// partial holds what is known from events alone.
func (j *job) partial() agent.Result {
	r := agent.Result{Version: agent.Version, Failed: -1, Steps: j.seen.steps}
	if len(r.Steps) > 0 {
		r.Started = r.Steps[0].Started
		r.Wall = time.Since(r.Started)
	}
	return r
}

// unplaced is the outcome of a task whose container was never started.
func (j *job) unplaced(ctx context.Context, err error) (agent.Result, error) {
	var known *runner.ExecError
	if ctx.Err() != nil && !errors.As(err, &known) {
		return j.canceled(), nil
	}
	return agent.Result{}, err
}

// abandoned is the outcome when the engine is gone: the agent's result may
// have been written before.
func (j *job) abandoned(err error) (agent.Result, error) {
	if r, rerr := agent.LoadResult(j.control.root); rerr == nil {
		return r, nil
	}
	j.e.mu.Lock()
	defer j.e.mu.Unlock()
	j.e.orphans[j.box.name] = j.box.id
	return agent.Result{}, err
}

// removeOrphans removes what was given up with a lost engine, now that a job is
// to run on it: another attempt must not run beside the first.
func (e *Executor) removeOrphans() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for name, id := range e.orphans {
		e.removeLocked(name, id)
	}
	clear(e.orphans)
}
