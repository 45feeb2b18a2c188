package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/actions/datacheck"
	"github.com/mlops-runner/mlops/actions/drift"
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/store"
)

type dataDiffOptions struct {
	json, all bool
}

// A dataDifference is how one table differs from another.
type dataDifference struct {
	Schema []drift.SchemaChange `json:"schema"`
	Drift  *drift.Result        `json:"drift"`
}

func newDataDiff(a *app) *cobra.Command {
	var o dataDiffOptions
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "Tell how table B differs from A: its columns, and how far their values moved",
		Long: `Tell how table B differs from A. Each is a file, glob or folder, a dataset of
mlops.yaml or a kept version of one as NAME@VERSION (see "mlops data restore"), or
RUN:JOB, what a data check found in a recorded run: an id or the beginning of one,
or LATEST.`,
		Example: "  mlops data diff data/january.csv data/february.csv\n  mlops data diff LATEST:check customers\n  mlops data diff customers@1 customers@latest",
		Args:    cobra.ExactArgs(2),
		RunE:    func(c *cobra.Command, args []string) error { return a.dataDiff(c.Context(), o, args[0], args[1]) },
	}
	c.Flags().BoolVar(&o.json, "json", false, "print JSON")
	c.Flags().BoolVar(&o.all, "all", false, "also list columns that did not move")
	return c
}

func (a *app) dataDiff(ctx context.Context, o dataDiffOptions, first, second string) error {
	base, err := a.profileNamed(ctx, first)
	if err != nil {
		return err
	}
	now, err := a.profileNamed(ctx, second)
	if err != nil {
		return err
	}
	var d dataDifference
	if d.Schema, err = drift.Schema(base, now); err == nil {
		d.Drift, err = drift.Compare(base, now, drift.Options{})
	}
	if err != nil {
		return err
	}
	if o.json {
		return a.printJSON(d)
	}
	return a.writeDifference(d, base, now, o.all)
}

func (a *app) writeDifference(d dataDifference, base, now *profile.Profile, all bool) error {
	fmt.Fprintf(a.stdout, "%d → %d rows, %d → %d columns\n", base.Rows, now.Rows, len(base.Columns), len(now.Columns))
	for _, c := range d.Schema {
		fmt.Fprintf(a.stdout, "%s: %s\n", c.What, foreign(c.Text))
	}
	rows, same := [][]string{}, 0
	for _, c := range d.Drift.Columns {
		if c.Verdict != drift.Moved && !all {
			same++
			continue
		}
		was, is := datacheck.Pair(base, now, c.Name)
		rows = append(rows, []string{foreign(c.Name), string(c.Verdict), strconv.FormatFloat(100*c.Effect, 'f', 1, 64) + "%", was, is, foreign(c.Why)})
	}
	if len(rows) > 0 {
		if err := view.Table(a.stdout, []string{"column", "verdict", "moved", "was", "is", "why"}, rows, a.color()); err != nil {
			return err
		}
	}
	if same > 0 {
		fmt.Fprintf(a.stdout, "%d columns did not move, or it cannot be told (--all lists them)\n", same)
	}
	return nil
}

// profileNamed is the profile of a table, or the one that a job kept in a run.
func (a *app) profileNamed(ctx context.Context, name string) (*profile.Profile, error) {
	run, job, ok := strings.Cut(name, ":")
	if _, err := os.Stat(name); err == nil || !ok || strings.Contains(job, "/") {
		return a.profileOf(ctx, name, true)
	}
	r, err := a.loadRun(run)
	if err != nil {
		return nil, err
	}
	p, err := a.findProject("")
	if err != nil {
		return nil, err
	}
	s, err := store.OpenWith(p.sharedStore(), store.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	text, err := keptFile(r, s, job, datacheck.ProfileFile)
	if err != nil {
		return nil, err
	}
	if text == nil {
		var jobs []string
		for _, j := range r.Jobs {
			for _, k := range j.Kept {
				if k.Path == datacheck.ProfileFile {
					jobs = append(jobs, j.ID)
				}
			}
		}
		if jobs == nil {
			return nil, fmt.Errorf("no job of run %s kept a profile", r.ID)
		}
		return nil, fixError{fmt.Errorf("no job %s of run %s kept a profile", job, r.ID), "jobs that did: " + strings.Join(jobs, ", ")}
	}
	return profile.Decode(text)
}
