package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner/baseline"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/runner/report/history"
	"github.com/mlops-runner/mlops/runner/worktree"
	"github.com/mlops-runner/mlops/spec"
)

func newGate(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "gate",
		Short: "Help with gates",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newGateSuggest(a))
	return c
}

// suggestOptions are the flags of gate suggest.
type suggestOptions struct {
	test     string
	boundary float64
	set      bool // whether the boundary was given
	chance   float64
	branch   string
	last     int
	asJSON   bool
}

func newGateSuggest(a *app) *cobra.Command {
	var o suggestOptions
	c := &cobra.Command{
		Use:   "suggest [METRIC...]",
		Short: "Suggest gates from what metrics were in recorded runs",
		Long: `Suggest gates that block what falls out of the recorded runs of a branch on the
worse side. Without METRIC all are taken that have a direction under "metrics".
A run counts for a metric only if it measured it; reused results say nothing.

The tests are those of bencher.dev. --boundary is a probability for t_test,
z_score and log_normal, a part of the mean for percentage, so many interquartile
ranges for iqr and delta_iqr, and the limit itself for static.`,
		Example: "  mlops gate suggest\n  mlops gate suggest auc --test iqr --boundary 3\n  mlops gate suggest --branch main --json",
		RunE: func(c *cobra.Command, names []string) error {
			o.set = c.Flags().Changed("boundary")
			return a.gateSuggest(c.Context(), o, names)
		},
	}
	f := c.Flags()
	f.StringVar(&o.test, "test", string(history.TTest), testNames())
	f.Float64Var(&o.boundary, "boundary", 0, "how far out is too far (default: from --chance, or 0.1 for percentage and 2 for iqr)")
	f.Float64Var(&o.chance, "chance", 0.01, "how often all these gates together may block a run by chance")
	f.StringVar(&o.branch, "branch", "", "whose runs count (default: the current branch; all without one)")
	f.IntVarP(&o.last, "last", "n", 100, "how many runs count, the newest; 0 means all")
	f.BoolVar(&o.asJSON, "json", false, "print JSON")
	return c
}

func testNames() string {
	var names []string
	for _, t := range history.Tests() {
		names = append(names, string(t))
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

func (a *app) gateSuggest(ctx context.Context, o suggestOptions, names []string) error {
	test := history.Test(o.test)
	if !slices.Contains(history.Tests(), test) {
		return usagef("unknown test %q; write %s", o.test, testNames())
	}
	p, pl, err := a.planned(nil)
	if err != nil {
		return err
	}
	if o.branch == "" {
		if o.branch, err = currentBranch(ctx, p); err != nil {
			return err
		}
	}
	runs, err := a.pastRuns(p, pl, o)
	if err != nil {
		return err
	}
	metrics, err := chosenMetrics(report.Histories(runs, pl.Metrics), names)
	if err != nil {
		return err
	}
	boundary, err := o.limit(test, len(metrics))
	if err != nil {
		return err
	}
	return a.printSuggestions(o, metrics, test, boundary)
}

func currentBranch(ctx context.Context, p *project) (string, error) {
	tree, err := worktree.Open(p.root, worktree.Options{Index: p.indexPath(), Skip: p.storeInside()})
	if err != nil {
		return "", err
	}
	return tree.Source(ctx).Branch, tree.Close()
}

// pastRuns returns the recorded runs of a pipeline and a branch whose jobs did
// what they should on what was committed, oldest first. The index says which
// those are, so that only they are read.
func (a *app) pastRuns(p *project, pl *plan.Plan, o suggestOptions) ([]*record.Run, error) {
	root := p.store()
	keep, err := keeper(root)
	if err != nil {
		return nil, err
	}
	index, err := baseline.OpenIndex(root, keep)
	if err != nil {
		return nil, err
	}
	var runs []*record.Run
	for _, l := range index.Lines() {
		if !l.Done() || l.Pipeline != pl.Pipeline || l.Dirty || o.branch != "" && l.Branch != o.branch {
			continue
		}
		r, err := record.Load(root, l.ID)
		if err != nil {
			a.log.Debug("past run", "run", l.ID, "error", err) // a damaged record does not hide the others
			continue
		}
		if runs = append(runs, r); len(runs) == o.last {
			break
		}
	}
	slices.Reverse(runs)
	if len(runs) == 0 {
		where := ""
		if o.branch != "" {
			where = " on branch " + o.branch
		}
		return nil, fixError{fmt.Errorf("no finished run of %s is recorded%s", pl.Pipeline, where), `run the pipeline first: "mlops run"`}
	}
	return runs, nil
}

// chosenMetrics returns those with the names, or all with a direction.
func chosenMetrics(all []report.Metric, names []string) (out []report.Metric, err error) {
	var known []string
	for _, m := range all {
		known = append(known, m.Name)
		if len(names) == 0 && m.Better != "" {
			out = append(out, m)
		}
	}
	if len(names) == 0 && len(out) == 0 {
		return nil, fixError{errors.New("no metric of the recorded runs has a direction"),
			`say under "metrics" which way is better, such as auc: {better: higher}, or name metrics for limits on both sides`}
	}
	for _, name := range names {
		i := slices.Index(known, name)
		switch near := spec.Nearest(name, known); {
		case i >= 0:
			out = append(out, all[i])
		case near != "":
			return nil, usagef("no recorded run reported %q; did you mean %q?", name, near)
		default:
			return nil, usagef("no recorded run reported %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return out, nil
}

// limit returns the boundary for each of n gates.
func (o suggestOptions) limit(t history.Test, n int) (float64, error) {
	switch {
	case o.set:
		return o.boundary, nil
	case t == history.Percentage:
		return 0.1, nil
	case t == history.IQR, t == history.DeltaIQR:
		return 2, nil
	case t == history.Static:
		return 0, usagef("test static needs --boundary: it is the limit itself")
	case !(o.chance > 0 && o.chance <= 0.5):
		return 0, usagef("--chance is %v; write a part of the runs from above 0 to 0.5", o.chance)
	}
	return 1 - o.chance/float64(n), nil // by Bonferroni: each gets its share
}

func (a *app) printSuggestions(o suggestOptions, metrics []report.Metric, t history.Test, boundary float64) error {
	out := []history.Suggestion{}
	for _, m := range metrics {
		s := history.Series{Name: m.Name, Better: m.Better, Unit: m.Unit}
		for _, p := range m.Past {
			s.Values = append(s.Values, p.Value)
		}
		g, err := history.Suggest(s, t, boundary)
		switch {
		case errors.Is(err, history.ErrBoundary):
			return usageError{err}
		case err != nil:
			fmt.Fprintf(a.stderr, "mlops: no gate for %v\n", err)
			continue
		}
		out = append(out, g)
	}
	if o.asJSON {
		if err := a.printJSON(out); err != nil {
			return err
		}
	} else if len(out) > 0 {
		fmt.Fprint(a.stdout, suggestionsText(out))
	}
	if len(out) == 0 {
		return failedError{exitFailed}
	}
	return nil
}

// suggestionsText is what can be pasted into a mlops.yaml.
func suggestionsText(gs []history.Suggestion) string {
	var b strings.Builder
	b.WriteString("gates:\n")
	for _, g := range gs {
		gate := g.Gate
		if strings.Contains(gate, ": ") || strings.Contains(gate, " #") {
			gate = strconv.Quote(gate)
		}
		fmt.Fprintf(&b, "  # %s\n  - %s\n", g.Why, gate)
	}
	return b.String()
}
