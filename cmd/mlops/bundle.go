package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/report"
)

// readBundle reads a report that somebody else may have written.
func readBundle(path string) (*report.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := report.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// judgeBundle lets a delivery bring what is made of a bundle by who is trusted.
// The bundle comes from the workflow of a pull request, whose author can change
// what it measures, its gates and the bundle. So its figures are judged again, by
// the mlops.yaml of the base branch, and what is told says that they are claims.
// Where that file cannot be had, no gate counts as passed.
func (a *app) judgeBundle(ctx context.Context, d *delivery) error {
	t := report.Trial{By: "reported by the pull request's own workflow, not verified"}
	if d.ci.Forge == "" { // a dry run without a forge
		t.Unknown = "the gates of the base branch are not known here"
		d.report = t.Judge(d.report)
		return nil
	}
	if err := d.open(); err != nil {
		return err
	}
	c, err := d.change(ctx)
	if err != nil {
		return err
	}
	d.known = &c
	if c.Fork {
		t.By = "reported by the fork " + c.HeadRepo + ", not verified"
	}
	pl, err := d.planOfBase(ctx, c)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		t.Unknown = "the gates of the base branch are not known: " + err.Error()
	default:
		t.Metrics, t.Gates, d.gated = pl.Metrics, pl.Gates, true
		t.Contexts = map[string]any{"params": pl.ParamTree}
	}
	d.report = t.Judge(d.report)
	return nil
}

// planOfBase makes the plan of the report's pipeline as it is on the branch that
// a pull request goes into, which the forge has.
func (d *delivery) planOfBase(ctx context.Context, c forge.Change) (*plan.Plan, error) {
	if c.Number == 0 || c.Base == "" {
		return nil, errors.New("the commit belongs to no open pull request")
	}
	file := path.Clean(filepath.ToSlash(d.file))
	read := func(name string) ([]byte, error) {
		return d.forge.File(ctx, path.Join(path.Dir(file), name), c.Base)
	}
	source, err := d.forge.File(ctx, file, c.Base)
	if err != nil {
		return nil, err
	}
	_, name := path.Split(c.BaseRepo)
	pl, _, err := trustedPlan(source, fmt.Sprintf("%s of %.12s", file, c.Base), name, c.Base, read)
	if err == nil && pl.Pipeline != d.report.Pipeline {
		err = fmt.Errorf("%s there is that of %s, and the report is about %s", file, pl.Pipeline, d.report.Pipeline)
	}
	return pl, err
}
