package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner/mlflow"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/worktree"
)

func newTracking(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "tracking",
		Short: "Take what training code logs through MLflow",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newTrackingServe(a))
	return c
}

type trackingServeOptions struct {
	serving
	lostAfter time.Duration
}

func newTrackingServe(a *app) *cobra.Command {
	var o trackingServeOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "Be a tracking server for MLflow's clients",
		Long: `Answer MLflow's clients: what training code logs becomes runs, which "mlops runs", "show"
and "diff" show, and what it registers becomes models. The code stays as it is; point it
here by MLFLOW_TRACKING_URI or mlflow.set_tracking_uri. A run is recorded when it ends. One
that nothing is logged to for a day is ended as KILLED, since its client may be dead; it goes
on if that is not so.
A tokens file has a line "read TOKEN" or "write TOKEN" each; clients send one as
MLFLOW_TRACKING_TOKEN. Without tokens the address has to be one of this machine.`,
		Example: "  mlops tracking serve\n  MLFLOW_TRACKING_URI=http://127.0.0.1:5001 python train.py",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.trackingServe(c.Context(), o) },
	}
	o.flags(c.Flags(), "127.0.0.1:5001")
	c.Flags().DurationVar(&o.lostAfter, "lost-after", 24*time.Hour, "end runs that nothing was logged to for `so long`; 0 for never")
	return c
}

func (a *app) trackingServe(ctx context.Context, o trackingServeOptions) error {
	if o.lostAfter < 0 {
		return usagef("--lost-after %s: write a time such as 24h, or 0 for never", o.lostAfter)
	}
	p, err := a.findProject("")
	if err != nil {
		return err
	}
	d, err := store.Open(p.store())
	if err != nil {
		return err
	}
	who, l, err := a.listen(o.serving)
	if err != nil {
		return err
	}
	defer l.Close()
	s, err := mlflow.Open(ctx, d, mlflow.Options{Source: a.sourceOf(p), Environment: environment(), Lost: o.lostAfter, Sealed: a.saySealed})
	if errors.Is(err, mlflow.ErrServed) {
		return fixError{err, "use that one, or stop it first"}
	}
	if err != nil {
		return err
	}
	greeting := fmt.Sprintf("tracking server of %s on %s://%s", d.Root(), o.scheme(), l.Addr())
	return errors.Join(a.serveUntil(ctx, l, mlflow.Guard(who, s.Handler()), greeting), s.Close())
}

// sourceOf tells the commit of the project's files whenever it is asked.
func (a *app) sourceOf(p *project) func(context.Context) record.Source {
	return func(ctx context.Context) record.Source {
		tree, err := worktree.Open(p.root, worktree.Options{Index: p.indexPath(), Counters: a.counters, Skip: p.storeInside()})
		if err != nil {
			return record.Source{}
		}
		return tree.Source(ctx)
	}
}

// environment is where this process runs.
func environment() record.Environment {
	return record.Environment{Mlops: version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CI: ciFacts(), Host: hostFacts()}
}

// saySealed tells of a run that ended.
func (a *app) saySealed(r mlflow.Run, id string, err error) {
	if err != nil {
		fmt.Fprintf(a.stderr, "mlops: run %s (%s) has ended and could not be recorded: %v\n", foreign(r.ID), foreign(r.Name), err)
		return
	}
	how := ""
	if why := r.Lost(); why != "" {
		how = " as lost: " + foreign(why)
	}
	fmt.Fprintf(a.stdout, "%s %s: recorded as %s%s\n", foreign(r.Experiment.Name), foreign(r.Name), id, how)
}
