package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
)

type planOptions struct {
	engineOptions
	explain bool
	json    bool
}

func newPlan(a *app) *cobra.Command {
	var o planOptions
	c := &cobra.Command{
		Use:   "plan [JOB...]",
		Short: "Show what would run, and why",
		Long: `Show what "mlops run" with the same arguments would do now: which jobs are cached,
which run, which depend on outputs that do not exist yet.`,
		Example:           "  mlops plan\n  mlops plan --explain train\n  mlops plan --param train.lr=0.2 --json",
		RunE:              func(c *cobra.Command, args []string) error { return a.plan(c.Context(), o, args) },
		ValidArgsFunction: a.completeJobs,
	}
	o.register(c.Flags())
	c.Flags().BoolVar(&o.explain, "explain", false, "show for each job that runs what changed since its last result")
	c.Flags().BoolVar(&o.json, "json", false, "print JSON, with all reasons")
	a.storeFlag(c.Flags())
	return c
}

func (a *app) plan(ctx context.Context, o planOptions, names []string) error {
	p, err := a.findProject("")
	if err != nil {
		return err
	}
	s, err := a.openSession(ctx, p, o.engineOptions, names)
	if err != nil {
		return a.skipPlan(err, p.name(), o.json)
	}
	defer s.close()
	fs, err := s.Forecast(ctx)
	if err != nil {
		return err
	}
	if o.json {
		if err := a.printJSON(map[string]any{"pipeline": s.Plan.Pipeline, "jobs": fs}); err != nil {
			return err
		}
	} else {
		a.printForecast(fs, o.explain)
	}
	return verdict(fs)
}

// skipPlan shows the plan of an event that starts no run.
func (a *app) skipPlan(err error, pipeline string, asJSON bool) error {
	var skipped skippedError
	if !errors.As(err, &skipped) {
		return err
	}
	if asJSON {
		return a.printJSON(map[string]any{"pipeline": pipeline, "jobs": []runner.Forecast{}, "skipped": skipped.Verdict})
	}
	a.say("%s", foreign(skipped.Error()))
	return nil
}

// verdict is the exit code that a run would end with, as far as it is known.
func verdict(fs []runner.Forecast) error {
	exit := exitFine
	for _, f := range fs {
		switch {
		case f.Fate != runner.CannotBe:
		case f.Stuck:
			exit = exitStuck
		default:
			exit = max(exit, exitFailed)
		}
	}
	if exit == exitFine {
		return nil
	}
	return failedError{exit}
}

var fateWords = map[runner.Fate]string{
	runner.WillRun: "run", runner.IsCached: "cached", runner.MayRun: "may run", runner.IsSkip: "skip", runner.CannotBe: "error", runner.Chooses: "select",
}

func (a *app) printForecast(fs []runner.Forecast, explain bool) {
	width := 0
	for _, f := range fs {
		width = max(width, view.Width(f.Job))
	}
	counts := map[runner.Fate]int{}
	for _, f := range fs {
		counts[f.Fate]++
		fmt.Fprintf(a.stdout, "%-8s%s\n", fateWords[f.Fate], strings.TrimRight(f.Job+strings.Repeat(" ", width-view.Width(f.Job))+"  "+note(f, explain), " "))
		if explain && len(f.Why) > 1 {
			for _, w := range f.Why[1:] {
				fmt.Fprintf(a.stdout, "%s%s\n", strings.Repeat(" ", 8+width+2), w)
			}
		}
		if explain && f.Pin != "" {
			fmt.Fprintf(a.stdout, "%simage pinned: %s\n", strings.Repeat(" ", 8+width+2), f.Pin)
		}
	}
	fmt.Fprintf(a.stdout, "%d to run, %d may run, %d cached\n", counts[runner.WillRun], counts[runner.MayRun], counts[runner.IsCached])
}

// note is the remark beside a job: the first reason, and how many there are.
func note(f runner.Forecast, explain bool) string {
	switch {
	case f.Error != "" && f.Fix != "":
		return f.Error + " (" + f.Fix + ")"
	case f.Error != "":
		return f.Error
	case len(f.Why) > 1 && !explain:
		return fmt.Sprintf("%s, and %d more", f.Why[0], len(f.Why)-1)
	case len(f.Why) > 0:
		return f.Why[0]
	}
	return ""
}
