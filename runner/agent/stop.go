package agent

import (
	"context"
	"errors"
	"time"
)

// ErrKill as a context's cause skips the grace period.
var ErrKill = errors.New("killed")

// The causes with which the agent itself ends a step's context.
var (
	errStepTimeout = errors.New("step timed out")
	errJobTimeout  = errors.New("job timed out")
	errNotNeeded   = errors.New("stopped because the job is over")
)

// CleanupTime is what steps that run after a cancellation have, all together.
// Whoever stops an agent must leave it the steps' grace period and this.
const CleanupTime = 5 * time.Minute

// defaultGrace is the time between SIGTERM and SIGKILL if the Spec has none.
const defaultGrace = 10 * time.Second

type killKey struct{}

// WithKill returns a context that ends when ctx does, and whose work is killed
// at once when kill ends. A context can be cancelled only once, so that this is
// how a second, impatient signal reaches a job that was already asked to stop.
func WithKill(ctx, kill context.Context) context.Context {
	return context.WithValue(ctx, killKey{}, kill)
}

// Kill returns the kill of [WithKill], or nil.
func Kill(ctx context.Context) context.Context {
	kill, _ := ctx.Value(killKey{}).(context.Context)
	return kill
}

// hardStop returns a context that ends when the work of ctx is to be killed.
// The caller must call free.
func hardStop(ctx context.Context) (hard context.Context, free func()) {
	hard, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	unsoft := context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), ErrKill) {
			cancel(ErrKill)
		}
	})
	unkill := func() bool { return true }
	if kill := Kill(ctx); kill != nil {
		unkill = context.AfterFunc(kill, func() { cancel(ErrKill) })
	}
	return hard, func() { unsoft(); unkill(); cancel(nil) }
}

// wantsKill reports whether ctx has been killed already, without waiting for
// the functions that hardStop registered.
func wantsKill(ctx context.Context) bool {
	kill := Kill(ctx)
	return kill != nil && kill.Err() != nil || ctx.Err() != nil && errors.Is(context.Cause(ctx), ErrKill)
}
