package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// A backstage holds the steps that run beside the others. It belongs to the
// goroutine that goes through a job's steps.
type backstage struct {
	job   *job
	wg    sync.WaitGroup
	steps []*backgroundStep
}

// A backgroundStep is one that was started.
type backgroundStep struct {
	i    int
	step *Step
	stop context.CancelCauseFunc
	done chan struct{}
}

// launch starts a step and does not wait for it.
func (b *backstage) launch(ctx context.Context, x *execution) {
	ctx, stop := context.WithCancelCause(ctx)
	s := &backgroundStep{i: x.i, step: x.step, stop: stop, done: make(chan struct{})}
	b.steps = append(b.steps, s)
	b.wg.Go(func() {
		defer close(s.done)
		x.run(ctx)
		b.job.backgroundEnded(s)
	})
}

// end lets the steps that still run end by themselves, or if the job has failed
// stops them, and returns when none runs any more.
func (b *backstage) end() {
	if st := b.job.status(); !st.success() {
		b.stop(b.steps, errNotNeeded)
	}
	stopTelling := b.tellAfter(awaitSilence)
	b.wg.Wait()
	stopTelling()
	b.stop(b.steps, nil) // frees the contexts
}

func (b *backstage) stop(steps []*backgroundStep, cause error) {
	for _, s := range steps {
		s.stop(cause)
	}
}

// awaitSilence is how long the end of background steps is awaited without a word.
const awaitSilence = 10 * time.Second

// tellAfter says for whom the job waits when it has done so for a while: a
// server never ends by itself, and somebody forgot to stop it.
func (b *backstage) tellAfter(d time.Duration) (cancel func()) {
	t := time.AfterFunc(d, func() {
		var names []string
		for _, s := range b.steps {
			select {
			case <-s.done:
			default:
				names = append(names, s.name())
			}
		}
		if len(names) > 0 {
			text := fmt.Sprintf("waiting for %s in the background", strings.Join(names, ", "))
			b.job.events.emit(Event{Kind: Waiting, Step: len(b.job.spec.Steps) - 1, Text: text + "; a step `cancel: ID` stops one"})
		}
	})
	return func() { t.Stop() }
}

func (s *backgroundStep) name() string {
	if s.step.ID != "" {
		return s.step.ID
	}
	return fmt.Sprintf("%q", s.step.Name)
}

// named are the steps of these ids; ids of steps that were skipped have none.
func (b *backstage) named(ids []string) []*backgroundStep {
	var out []*backgroundStep
	for _, s := range b.steps {
		if slices.ContainsFunc(ids, func(id string) bool { return strings.EqualFold(id, s.step.ID) }) {
			out = append(out, s)
		}
	}
	return out
}

// control runs a step that waits for background steps, or stops them.
func (b *backstage) control(ctx context.Context, x *execution) {
	x.started()
	begin := time.Now()
	if x.step.Timeout > 0 {
		timed, free := context.WithTimeoutCause(ctx, x.step.Timeout, errStepTimeout)
		defer free()
		ctx = timed
	}
	whom := b.named(append(slices.Clone(x.step.Wait), x.step.Cancel...))
	if x.step.WaitAll {
		whom = b.steps
	}
	if len(x.step.Cancel) > 0 {
		b.stop(whom, errNotNeeded)
	}
	x.set(Success, ReasonNone, "")
	for _, s := range whom {
		select {
		case <-s.done:
		case <-ctx.Done():
			x.stopped(context.Cause(ctx))
		}
		if x.res.Outcome != Success {
			break
		}
	}
	x.res.Wall = time.Since(begin)
	x.end()
}

// A backgroundError is the cause with which a step ends because one in the
// background failed.
type backgroundError struct{ name string }

func (e *backgroundError) Error() string {
	return fmt.Sprintf("stopped because step %s in the background failed", e.name)
}

// foreground returns the context of a step that others run beside: it ends when
// one of them fails. leave must be called when the step is over.
func (j *job) foreground(ctx context.Context, x *execution) (fore context.Context, leave func()) {
	if j.alone || x.step.Background {
		return ctx, func() {}
	}
	fore, stop := context.WithCancelCause(ctx)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.front, j.stopFront = x, stop
	return fore, func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.front = nil
		stop(nil)
	}
}

// backgroundEnded stops the step at the front if one in the background was the
// first to fail, unless its condition holds after a failure as well.
func (j *job) backgroundEnded(s *backgroundStep) {
	j.mu.Lock()
	front, stop, first := j.front, j.stopFront, j.failed == s.i
	j.mu.Unlock()
	if front == nil || !first {
		return
	}
	if ok, err := condition(front.step.If, j.status(), front.scope); ok && err == nil {
		return
	}
	stop(&backgroundError{s.name()})
}

// stopped notes that a step was ended from outside.
func (x *execution) stopped(cause error) {
	var failed *backgroundError
	switch {
	case errors.Is(cause, errStepTimeout):
		x.set(Failure, ReasonTimeout, fmt.Sprintf("timed out after %v", x.step.Timeout))
	case errors.Is(cause, errJobTimeout):
		x.set(Failure, ReasonTimeout, "the job timed out")
	case errors.Is(cause, errNotNeeded):
		x.set(Canceled, ReasonNone, "")
	case errors.As(cause, &failed):
		x.set(Canceled, ReasonNone, failed.Error())
	default:
		x.set(Canceled, ReasonCanceled, "")
	}
}
