package docker

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// odd runs the stand-in agent with one instruction.
func odd(t *testing.T, e *Executor, ctx context.Context, change func(*runner.Task), script string) (agent.Result, []agent.Event, error) {
	t.Helper()
	tk := task(t, busybox(t, e), compile(t, "./testdata/oddagent"), script)
	tk.Spec.Grace = time.Second
	if change != nil {
		change(&tk)
	}
	var events []agent.Event
	r, err := e.Run(ctx, tk, func(ev agent.Event) { events = append(events, ev) })
	// This agent may go on after it has said that it ended.
	if err := e.awaitRemoval(context.WithoutCancel(ctx), tk.Name); err != nil {
		t.Error(err)
	}
	return r, events, err
}

func TestNoSuccessWithoutTheAgentsResult(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	tests := []struct {
		name, script string
		status       agent.Status
		reason       agent.Reason // of the result
		failure      agent.Reason // of the error
	}{
		{"a result", "ok", agent.Success, "", ""},
		{"exit 0 proves nothing", "exit 0", "", "", agent.ReasonConfig},
		{"exit 2", "exit 2", "", "", agent.ReasonConfig},
		{"killed by somebody", "exit 143", agent.Failure, agent.ReasonSignal, ""},
		{"a pipe is no result", "pipe", "", "", agent.ReasonConfig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, _, err := odd(t, e, t.Context(), nil, tt.script)
			var failure agent.Reason
			if x := execError(err); x != nil {
				failure = x.Reason
			} else if err != nil {
				t.Fatal(err)
			}
			if r.Status != tt.status || r.Reason != tt.reason || failure != tt.failure {
				t.Errorf("got status %q reason %q error %v", r.Status, r.Reason, err)
			}
			if tt.script == "exit 2" && !strings.Contains(err.Error(), "last words") {
				t.Errorf("error does not hold what the agent said: %v", err)
			}
		})
	}
}

func TestOutOfMemoryOfTheAgentItself(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	eat := func() agent.Result {
		r, _, err := odd(t, e, t.Context(), func(tk *runner.Task) { tk.Resources.Memory = 32 << 20 }, "eat")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := eat()
	// containerd asks the cgroup why it was woken, and says nothing where a
	// busy machine has removed the cgroup by then.
	for again := 0; r.Reason == agent.ReasonSignal && again < 4; again++ {
		t.Log("the engine did not tell of the lack of memory")
		r = eat()
	}
	if r.Status != agent.Failure || r.Reason != agent.ReasonOOM || r.Exit != 137 || r.Failed != 0 {
		t.Errorf("got %+v", r)
	}
	if len(r.Steps) != 1 || r.Steps[0].Reason != agent.ReasonOOM {
		t.Errorf("the step is not blamed: %+v", r.Steps)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	busybox(t, e)
	tests := []struct {
		name, script string
		grace        time.Duration
		cause        error
		atLeast      time.Duration
		before       time.Duration // far from what would pass if nobody stopped it
	}{
		{"the agent ends by itself", "wait 1h", time.Minute, nil, 0, time.Minute},
		{"a deaf agent is killed after the grace period", "deaf", 100 * time.Millisecond, nil, killMargin, time.Hour},
		{"kill at once", "deaf", time.Minute, runner.ErrKill, 0, time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			tk := task(t, busybox(t, e), compile(t, "./testdata/oddagent"), tt.script)
			tk.Spec.Grace = tt.grace
			var at time.Time
			r, err := e.Run(ctx, tk, func(ev agent.Event) {
				if ev.Kind == agent.StepStarted {
					at = time.Now()
					cancel(tt.cause)
				}
			})
			took := time.Since(at)
			if err != nil || r.Status != agent.Canceled {
				t.Errorf("got %+v, %v", r, err)
			}
			if took < tt.atLeast || took >= tt.before {
				t.Errorf("took %s, want %s to %s", took, tt.atLeast, tt.before)
			}
		})
	}
}

func TestPatience(t *testing.T) {
	cleanup := []agent.Step{{Run: "train"}, {Run: "upload", If: "always()"}}
	for _, tt := range []struct {
		name string
		spec agent.Spec
		want time.Duration
	}{
		{"the default", agent.Spec{}, runner.DefaultGrace + killMargin},
		{"its own grace", agent.Spec{Grace: time.Minute, Steps: cleanup[:1]}, time.Minute + killMargin},
		{"steps that clean up", agent.Spec{Grace: time.Minute, Steps: cleanup}, 2*time.Minute + agent.CleanupTime + killMargin},
	} {
		if got := patience(tt.spec); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestCanceledBeforeTheStart(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, _, err := odd(t, e, ctx, nil, "ok")
	if err != nil || r.Status != agent.Canceled {
		t.Errorf("got %+v, %v", r, err)
	}
	if left := containers(t, e); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	for _, script := range []string{"ok", "exit 9"} {
		odd(t, e, t.Context(), nil, script)
	}
	_, _, err := odd(t, e, t.Context(), func(tk *runner.Task) {
		tk.Mounts = []runner.Mount{{Source: tk.Control + "/none", Target: "x"}}
	}, "ok")
	var x *runner.ExecError
	if !errors.As(err, &x) || x.Reason != agent.ReasonConfig {
		t.Errorf("a missing mount gives %v", err)
	}
	e.removals.Wait()
	if left := containers(t, e); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
