package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/mlops-runner/mlops/runner"
)

// interruptible returns two contexts: soft ends with the first SIGINT or
// SIGTERM and asks jobs to stop, hard ends with the second and kills them. The
// third calls leave, which must end the program. Until stop is called a reader
// who goes away (mlops run | head) does not end it.
func interruptible(ctx context.Context, leave func()) (hard, soft context.Context, stop func()) {
	hard, kill := context.WithCancelCause(ctx)
	soft, ask := context.WithCancelCause(hard)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	unread := make(chan os.Signal, 1)
	signal.Notify(unread, syscall.SIGPIPE) // not ignored, which jobs would inherit
	done := make(chan struct{})
	go func() {
		for _, act := range []func(){func() { ask(context.Canceled) }, func() { kill(runner.ErrKill) }, leave} {
			select {
			case <-done:
				return
			case <-signals:
				act()
			}
		}
	}()
	return hard, soft, func() {
		signal.Stop(signals)
		signal.Stop(unread)
		close(done)
		kill(nil)
	}
}
