package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
)

// onlyCached lets a run go on in which every job is cached. Of any other it says
// which jobs would run, and what they took last, and ends the command with 1.
// Jobs that run each time, and can be cached by nobody, are left out.
func (a *app) onlyCached(ctx context.Context, s *session, o runOptions) error {
	if o.force {
		return usagef("--cached-only and --force: one says that nothing runs, the other that all does")
	}
	fs, err := s.Forecast(ctx)
	if err != nil {
		return err
	}
	if err := s.lookForSpares(ctx); err != nil {
		return err
	}
	costs := &costs{root: s.Store.Root(), pipeline: s.Plan.Pipeline}
	var wall time.Duration
	n := 0
	for _, f := range fs {
		switch {
		case f.Fate == runner.CannotBe:
			fmt.Fprintf(a.stdout, "%s: cannot run: %s\n", f.Job, note(f, false))
		case f.Fate != runner.WillRun && f.Fate != runner.MayRun:
			continue
		case f.Each:
			s.withhold(f.Job, "--cached-only runs nothing, and this job runs each time")
			continue
		default:
			f = costs.complete(f)
			wall += f.Wall
			fmt.Fprintf(a.stdout, "%s: would run: %s%s\n", f.Job, note(f, false), costText(f))
		}
		n++
	}
	if n == 0 {
		return nil
	}
	text := fmt.Sprintf("%s not cached; nothing was run", counted(n, "job"))
	if wall > 0 {
		text += fmt.Sprintf(`; "mlops run" takes about %s of job time`, view.Duration(wall))
	}
	a.say("%s", text)
	return failedError{exitFailed}
}

// lookForSpares notes which legs of seeds that stand by are cached: those may be
// used while a gate can't tell.
func (s *session) lookForSpares(ctx context.Context) error {
	if !slices.ContainsFunc(s.Plan.Nodes, func(n *plan.Node) bool { return n.Spare }) {
		return nil
	}
	with := *s.Runner
	with.Options.Selected = make([]bool, len(s.Plan.Nodes))
	for i, n := range s.Plan.Nodes {
		with.Options.Selected[i] = s.Options.Selected == nil || s.Options.Selected[i] || n.Spare
	}
	fs, err := with.Forecast(ctx)
	s.spares = map[string]bool{}
	for _, f := range fs {
		s.spares[f.Job] = f.Fate == runner.IsCached
	}
	return err
}

// haveCached reports whether legs of seeds need not run.
func (s *session) haveCached(legs []string) bool {
	return !slices.ContainsFunc(legs, func(id string) bool { return !s.spares[id] })
}

func (s *session) withhold(job, why string) {
	if s.Options.Withheld == nil {
		s.Options.Withheld = map[string]string{}
	}
	s.Options.Withheld[job] = why
}

func costText(f runner.Forecast) string {
	switch {
	case f.Wall == 0:
		return "; it never ran here, so nobody knows how long it takes"
	case f.GPUSeconds > 0:
		return fmt.Sprintf("; it took %s last, and %s of GPUs", view.Duration(f.Wall), view.Duration(time.Duration(f.GPUSeconds*float64(time.Second))))
	}
	return fmt.Sprintf("; it took %s last", view.Duration(f.Wall))
}

// costs are what jobs took in earlier runs, by the records: also of jobs whose
// results are not kept.
type costs struct {
	root, pipeline string
	jobs           map[string]*record.Job // the latest that was executed; nil before anybody asked
}

// manyRuns is in how many records a job is looked for.
const manyRuns = 50

// complete adds what is known of a job to a forecast that knows nothing.
func (c *costs) complete(f runner.Forecast) runner.Forecast {
	if f.Wall > 0 {
		return f
	}
	if c.jobs == nil {
		c.read()
	}
	if j := c.jobs[f.Job]; j != nil {
		f.Wall, f.GPUSeconds = j.Wall, j.GPUSeconds
	}
	return f
}

func (c *costs) read() {
	c.jobs = map[string]*record.Job{}
	n := 0
	for e, err := range record.List(c.root) {
		if n++; err != nil || n > manyRuns {
			return
		}
		run, err := e.Load()
		if err != nil || run.Pipeline != c.pipeline {
			continue
		}
		for i := range run.Jobs {
			if j := &run.Jobs[i]; !j.Cached && j.Wall > 0 && j.Status != record.Skipped && c.jobs[j.ID] == nil {
				c.jobs[j.ID] = j
			}
		}
	}
}
