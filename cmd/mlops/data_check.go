package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/columns"
	"github.com/mlops-runner/mlops/actions/datacheck"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/worktree"
	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

type dataCheckOptions struct {
	json    bool
	patch   bool
	fresh   bool
	params  []string
	inputs  string
	against string
}

func newDataCheck(a *app) *cobra.Command {
	var o dataCheckOptions
	c := &cobra.Command{
		Use:   "check [JOB|FILE...]",
		Short: "Run the data checks of mlops.yaml right here",
		Long: `Run the data-check steps of mlops.yaml on the files as they are: without
containers, cache or records. Arguments choose jobs by name, or by a file that they
check. Jobs whose data other jobs have yet to write are left out with a word. Drift
against the baseline is measured against the run that a run now would be compared
with, or else the newest one.`,
		Example: "  mlops data check\n  mlops data check check-customers\n  mlops data check data/train.csv",
		RunE:    func(c *cobra.Command, args []string) error { return a.dataCheck(c.Context(), o, args) },
	}
	c.Flags().BoolVar(&o.json, "json", false, "print what was found as JSON, as checks.json has it")
	c.Flags().BoolVar(&o.patch, "patch", false, "print how the columns of mlops.yaml must change for the data to be accepted, for git apply")
	c.Flags().BoolVar(&o.fresh, "no-cache", false, "describe all files again, even if they did not change")
	c.Flags().StringVar(&o.inputs, "inputs", "", "check by these inputs, as a JSON `object`, and not by mlops.yaml")
	c.Flags().StringVar(&o.against, "against", "", "measure drift against the run that `REF` names as for \"mlops diff\", in place of the baseline")
	c.Flags().StringArrayVar(&o.params, "param", nil, "set a parameter: `name=value`")
	return c
}

// A checkStep is a data-check step of mlops.yaml.
type checkStep struct {
	node *plan.Node
	step *plan.Step
	turn int            // of the data checks of its job, from 1
	with map[string]any // without expressions
}

func (a *app) dataCheck(ctx context.Context, o dataCheckOptions, args []string) error {
	if o.inputs != "" {
		return a.dataCheckInputs(ctx, o)
	}
	p, pl, err := a.planned(o.params)
	if err != nil {
		return err
	}
	steps, err := checkSteps(p, pl)
	if err == nil {
		steps, err = chosenSteps(steps, args, p.root)
	}
	if err != nil {
		return err
	}
	all, failed, err := a.checkAll(ctx, p, steps, o)
	if err == nil && o.json && !o.patch {
		err = a.printJSON(all)
	}
	if err == nil && failed && !o.patch {
		err = failedError{exitFailed}
	}
	return err
}

// checkAll runs data checks one after the other and shows what each found, unless
// all of it is to be printed as JSON.
func (a *app) checkAll(ctx context.Context, p *project, steps []checkStep, o dataCheckOptions) (all []*datacheck.Checked, failed bool, err error) {
	past, printed := &checkPast{app: a, ref: o.against}, map[string]bool{}
	for _, s := range steps {
		checked, err := a.checkHere(ctx, p, s, o, past)
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w", s.node.ID, err)
		}
		if checked == nil {
			continue
		}
		failed = failed || checked.Failed > 0
		all = append(all, checked)
		switch {
		case o.patch:
			err = a.printPatch(p, s, checked, printed)
		case !o.json:
			fmt.Fprintf(a.stdout, "%s\n", s.node.ID)
			err = checked.Log(indented{a.stdout})
		}
		if err != nil {
			return nil, false, err
		}
	}
	return all, failed, nil
}

// checkSteps finds the data-check steps of a plan.
func checkSteps(p *project, pl *plan.Plan) (out []checkStep, err error) {
	for _, n := range pl.Nodes {
		turn := 0
		for i := range n.Steps {
			s := &n.Steps[i]
			if s.Uses != datacheck.Name {
				continue
			}
			with, err := plainInputs(p, pl, n, s.With)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", n.ID, err)
			}
			turn++
			out = append(out, checkStep{n, s, turn, with})
		}
	}
	if len(out) == 0 {
		return nil, fixError{fmt.Errorf("%s has no job that uses %s", p.path, datacheck.Name), `"mlops data init FILE" writes one`}
	}
	return out, nil
}

// plainInputs evaluates the expressions in the inputs of a step that runs by itself.
func plainInputs(p *project, pl *plan.Plan, n *plan.Node, with map[string]any) (map[string]any, error) {
	data := map[string]any{}
	for _, d := range pl.Data {
		data[d.Name] = d.Path
	}
	matrix := map[string]any{}
	for _, v := range n.Leg {
		matrix[v.Name] = v.Value
	}
	names := map[string]any{"params": expression.FromGo(pl.ParamTree), "data": expression.FromGo(data), "matrix": expression.FromGo(matrix)}
	for k, v := range p.contexts {
		names[k] = expression.FromGo(v)
	}
	v, err := plainValue(with, &expression.Scope{Names: names})
	if err != nil {
		return nil, err
	}
	m, _ := v.(map[string]any)
	return m, nil
}

func plainValue(v any, s *expression.Scope) (any, error) {
	switch v := v.(type) {
	case string:
		if !strings.Contains(v, "${{") {
			return v, nil
		}
		t, err := expression.ParseTemplate(v)
		if err != nil {
			return nil, err
		}
		x, err := t.Eval(s)
		return expression.ToGo(x), err
	case []any:
		out := make([]any, len(v))
		for i := range v {
			var err error
			if out[i], err = plainValue(v[i], s); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			var err error
			if out[k], err = plainValue(e, s); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

// chosenSteps are the steps that arguments name: by job, or by a file that is checked.
func chosenSteps(all []checkStep, args []string, root string) ([]checkStep, error) {
	if len(args) == 0 {
		return all, nil
	}
	var out []checkStep
	var known []string
	for _, s := range all {
		known = append(known, s.node.Job, fmt.Sprint(s.with["data"]))
	}
	for _, arg := range args {
		found := slices.DeleteFunc(slices.Clone(all), func(s checkStep) bool {
			return arg != s.node.Job && arg != s.node.ID && !worktree.Match([]string{fmt.Sprint(s.with["data"])}, inRoot(root, arg))
		})
		if len(found) == 0 {
			return nil, usagef("no data check is called %s or checks that file; there are %s", arg, strings.Join(slices.Compact(known), ", "))
		}
		out = append(out, found...)
	}
	return out, nil
}

// inRoot is a path given on the command line as seen from the project's folder.
func inRoot(root, path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(root, abs)
	if err != nil {
		return path
	}
	return filepath.ToSlash(rel)
}

// checkHere runs a data check on the files as they are. It returns nil, after a
// word, if other jobs have not written them yet.
func (a *app) checkHere(ctx context.Context, p *project, s checkStep, o dataCheckOptions, past *checkPast) (*datacheck.Checked, error) {
	call := action.Call{Inputs: s.with, Root: p.root, Log: a.stdout, Now: time.Now(), Turn: s.turn, Past: past.of(ctx, s.node.ID)}
	if !o.fresh {
		call.Cache = p.profiles()
	}
	checked, _, err := datacheck.Table(ctx, call)
	var missing *table.MissingError
	if errors.As(err, &missing) && len(s.node.Needs) > 0 {
		fmt.Fprintf(a.stderr, "mlops: %s is left out: %v; run the jobs that write it\n", s.node.ID, err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	checked.Place(spec.FindInputs(p.source, s.step.Pos).Line)
	return checked, nil
}

// printPatch prints the changes of mlops.yaml by which a table is accepted, unless
// another step with the same columns printed them.
func (a *app) printPatch(p *project, s checkStep, checked *datacheck.Checked, printed map[string]bool) error {
	patch, err := checked.Patch(filepath.Base(p.path), p.source, s.step.Pos)
	if errors.Is(err, columns.ErrShared) {
		lines := checked.Proposal()
		for i := range lines {
			lines[i] = foreign(lines[i])
		}
		return fixError{fmt.Errorf("%s: %w", s.node.ID, err), "change them by hand:\n" + strings.Join(lines, "\n")}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.node.ID, err)
	}
	if printed[patch] {
		return nil
	}
	printed[patch] = true
	_, err = io.WriteString(a.stdout, patch)
	return err
}

// newDataChecks prints the reference.
func newDataChecks(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "checks",
		Short: "Print what a data check can ask of a table",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.stdout.Write([]byte(datacheck.Reference()))
			return err
		},
	}
}
