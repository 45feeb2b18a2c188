package runner

import (
	"context"
	"errors"

	"github.com/mlops-runner/mlops/runner/agent"
)

// A stopError is the cause with which a job's context ends for a reason of the
// job's own, while its run goes on.
type stopError struct{ why string }

func (e *stopError) Error() string { return e.why }

// whyStopped says for people why a context has ended.
func whyStopped(ctx context.Context) string {
	var own *stopError
	if errors.As(context.Cause(ctx), &own) {
		return own.why
	}
	return "the run was cancelled"
}

// judgeStop notes why an attempt was cancelled, unless its run was: the way in
// which the step ended that was stopped says nothing about that.
func (a *attempt) judgeStop(ctx context.Context) {
	var own *stopError
	if a.status() == agent.Canceled && errors.As(context.Cause(ctx), &own) {
		a.result.Error = own.why
	}
}
