package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/actions/datacheck"
	"github.com/mlops-runner/mlops/actions/drift"
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/cmd/mlops/view"
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
or LATEST. Of a job with several data checks RUN:JOB:2 or RUN:JOB:FILE is the second,
or that of a file; two jobs without it differ check by check.`,
		Example: "  mlops data diff data/january.csv data/february.csv\n  mlops data diff LATEST:check customers\n  mlops data diff customers@1 customers@latest",
		Args:    cobra.ExactArgs(2),
		RunE:    func(c *cobra.Command, args []string) error { return a.dataDiff(c.Context(), o, args[0], args[1]) },
	}
	c.Flags().BoolVar(&o.json, "json", false, "print JSON")
	c.Flags().BoolVar(&o.all, "all", false, "also list columns that did not move")
	return c
}

func (a *app) dataDiff(ctx context.Context, o dataDiffOptions, first, second string) error {
	base, err := a.profilesNamed(ctx, first)
	if err != nil {
		return err
	}
	now, err := a.profilesNamed(ctx, second)
	if err != nil {
		return err
	}
	if len(base) == 1 && len(now) == 1 {
		d, err := differenceOf(base[0].profile, now[0].profile)
		if err != nil {
			return err
		}
		if o.json {
			return a.printJSON(d)
		}
		return a.writeDifference(d, base[0].profile, now[0].profile, o.all)
	}
	if len(base) == 1 {
		return ambiguous(second, now)
	}
	if len(now) == 1 {
		return ambiguous(first, base)
	}
	return a.diffChecks(o, base, now)
}

func differenceOf(base, now *profile.Profile) (d dataDifference, err error) {
	if d.Schema, err = drift.Schema(base, now); err == nil {
		d.Drift, err = drift.Compare(base, now, drift.Options{})
	}
	return d, err
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
