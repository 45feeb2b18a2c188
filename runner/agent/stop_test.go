package agent

import (
	"context"
	"errors"
	"testing"
	"time"
)

const (
	// polite says goodbye when it is asked to stop. What its shell says of the
	// sleep that the same signal ends is not wanted.
	polite = `exec 2>/dev/null; trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done`
	deaf   = `exec 2>/dev/null; trap 'echo no' TERM; echo ready; while :; do sleep 0.05 || :; done`
)

// later are steps that come after one that was stopped.
func later() []Step {
	return []Step{
		sh("echo plain"),
		{Name: "f", Shell: "sh", If: "failure()", Run: "echo failure"},
		{Name: "c", Shell: "sh", If: "cancelled()", Run: "echo cancelled"},
		{Name: "a", Shell: "sh", If: "always()", Run: "echo always"},
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b := newBench(t, append([]Step{sh(polite)}, later()...)...).when("ready", cancel)
	r := b.run(ctx)
	b.ended(r, Canceled, ReasonCanceled)
	b.wantLog("ready\nbye\ncancelled\nalways\n")
	if r.Failed != 0 || r.Steps[0].Outcome != Canceled || r.Exit != 3 {
		t.Errorf("%+v", r)
	}
}

func TestGrace(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b := newBench(t, sh(deaf)).when("ready", cancel)
	b.Grace = 300 * time.Millisecond
	r := b.run(ctx)
	b.ended(r, Canceled, ReasonCanceled)
	b.wantLog("ready\nno\n")
	if r.Steps[0].Signal != "SIGKILL" || r.Exit != 137 || r.Steps[0].Wall < b.Grace {
		t.Errorf("%+v", r.Steps[0])
	}
}

// TestGraceOfAGroup shows that a shell's death does not end its program's time.
func TestGraceOfAGroup(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b := newBench(t,
		sh(`mkfifo up; sh -c 'trap "sleep 0.5; echo saved >checkpoint; exit 0" TERM; echo >up; while :; do sleep 0.05; done' >out 2>&1 & read x <up; echo ready; wait`),
		Step{Name: "look", Shell: "sh", If: "always()", Run: "cat checkpoint"},
	).when("ready", cancel)
	b.ended(b.run(ctx), Canceled, ReasonCanceled)
	b.wantLog("ready\nsaved\n")
}

func TestKill(t *testing.T) {
	t.Parallel()
	b := newBench(t, append([]Step{sh(deaf)}, later()...)...)
	b.Grace = time.Hour
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	b.when("ready", func() { cancel(ErrKill) })
	b.ended(b.run(ctx), Canceled, ReasonCanceled)
	b.wantLog("ready\n")
}

func TestKillAfterCancel(t *testing.T) {
	t.Parallel()
	b := newBench(t, append([]Step{sh(deaf)}, later()...)...)
	b.Grace = time.Hour
	kill, now := context.WithCancel(context.Background())
	ctx, cancel := context.WithCancel(WithKill(context.Background(), kill))
	defer cancel()
	defer now()
	b.when("ready", cancel).when("no\n", now)
	b.ended(b.run(ctx), Canceled, ReasonCanceled)
	b.wantLog("ready\nno\n")
}

func TestCancelledBefore(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b := newBench(t, later()...)
	b.ended(b.run(ctx), Canceled, ReasonCanceled)
	b.wantLog("cancelled\nalways\n")
	killed, cause := context.WithCancelCause(context.Background())
	cause(ErrKill)
	b.ended(b.run(killed), Canceled, ReasonCanceled)
	b.wantLog("")
}

func TestStepTimeout(t *testing.T) {
	t.Parallel()
	slow := sh(polite)
	slow.Timeout = 1500 * time.Millisecond
	b := newBench(t, append([]Step{slow}, later()...)...)
	r := b.want(Failure, ReasonTimeout)
	b.wantLog("ready\nbye\nfailure\nalways\n")
	if r.Steps[0].Outcome != Failure || r.Error != `step "step": timed out after 1.5s` {
		t.Errorf("%s: %q", r.Steps[0].Outcome, r.Error)
	}
	slow.ContinueOnError = "true"
	b = newBench(t, slow, sh("echo next"))
	b.want(Success, ReasonNone)
	b.wantLog("ready\nbye\nnext\n")
}

func TestJobTimeout(t *testing.T) {
	t.Parallel()
	b := newBench(t, append([]Step{sh(polite)}, later()...)...)
	b.Timeout = 1700 * time.Millisecond
	r := b.want(Failure, ReasonTimeout)
	b.wantLog("ready\nbye\nfailure\nalways\n")
	if r.Failed != 0 || r.Error != "timed out after 1.7s" {
		t.Errorf("failed %d, %q", r.Failed, r.Error)
	}
}

func TestHardStop(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(context.Background())
	hard, free := hardStop(ctx)
	defer free()
	cancel(errors.New("please"))
	if hard.Err() != nil || wantsKill(ctx) {
		t.Error("a polite end is a kill")
	}
	kill, now := context.WithCancel(context.Background())
	ctx = WithKill(ctx, kill)
	hard, free = hardStop(ctx)
	defer free()
	now()
	<-hard.Done()
	if !wantsKill(ctx) || Kill(ctx) != kill || Kill(context.Background()) != nil {
		t.Error("the kill is not seen")
	}
}
