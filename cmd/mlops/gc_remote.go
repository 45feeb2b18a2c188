package main

import (
	"context"
	"fmt"
	"time"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/share"
)

// gcRemote removes from the shared store what nothing refers to, and with an age also
// older results and records.
func (a *app) gcRemote(ctx context.Context, o gcOptions, age time.Duration) error {
	if o.all {
		return usagef("--remote and --all: what killed runs left is on machines, not in the shared store")
	}
	s, err := a.openShare(shareOptions{dry: o.dry}, true)
	if err != nil {
		return err
	}
	var g share.GCOptions
	if age > 0 {
		g.Before = time.Now().Add(-age)
	}
	ctx, stop := a.stoppable(ctx)
	defer stop()
	rep, err := s.GC(ctx, g)
	if err != nil {
		return curedFar(err)
	}
	if o.asJSON {
		return a.printJSON(rep)
	}
	if rep.DryRun {
		for _, r := range rep.Stay {
			fmt.Fprintf(a.stdout, "keeps record %s: named by %s\n", r.Run, foreign(r.Why))
		}
		if rep.Young > 0 {
			fmt.Fprintf(a.stdout, "keeps %s that nothing refers to: not a day old, somebody may be about to push what does\n", counted(rep.Young, "file"))
		}
	}
	if rep.YoungHalves > 0 {
		fmt.Fprintf(a.stdout, "keeps %s that was not finished: not a day old, somebody may go on with it\n", counted(rep.YoungHalves, "upload"))
	}
	verb := "removed"
	if rep.DryRun {
		verb = "would remove"
	}
	if rep.Halves > 0 {
		fmt.Fprintf(a.stdout, "%s %s that nobody finished\n", verb, counted(rep.Halves, "upload"))
	}
	_, err = fmt.Fprintf(a.stdout, "%s %s, %s and %s (%s) from %s; %s remain\n", verb, counted(rep.Results, "result"), counted(rep.Runs, "record"),
		counted(rep.Blobs, "file"), view.Bytes(rep.Freed), s.Remote.Address(), view.Bytes(rep.Left))
	return err
}
