package view

import (
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner"
)

// A job that waits for room is told at once, one that runs when it has been
// silent; and the watcher's bare reminder does not wipe out what is awaited.
func TestWaitingIsTold(t *testing.T) {
	t.Parallel()
	tell := teller{newState(), paint(false), false}
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		after time.Duration
		e     runner.Event
		want  string
	}{
		{0, runner.Event{Kind: runner.JobQueued, Job: "a"}, ""},
		{0, runner.Event{Kind: runner.Waiting, Job: "a", Text: "waiting for 2 cores (1 of 2 free)"}, "a: waiting for 2 cores (1 of 2 free)"},
		{time.Second, runner.Event{Kind: runner.JobStarted, Job: "a"}, "a: started"},
		{5 * time.Second, runner.Event{Kind: runner.Waiting, Job: "a", Text: "waiting for service db: 4 s"}, "a: waiting for service db: 4 s"},
		{60 * time.Second, runner.Event{Kind: runner.Waiting, Job: "a"}, "a: no output for 59 s, waiting for service db: 4 s"},
	} {
		c.e.Time = began.Add(c.after)
		tell.apply(c.e)
		if got := tell.line(c.e); got != c.want {
			t.Errorf("after %v: %q, want %q", c.after, got, c.want)
		}
	}
}
