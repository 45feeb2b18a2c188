package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

type modelVerifyOptions struct{ asJSON, remote bool }

func newModelVerify(a *app) *cobra.Command {
	var o modelVerifyOptions
	c := &cobra.Command{
		Use:   "verify [MODEL...]",
		Short: "Read everything of a model and report what is not as it was written",
		Long: `Read the journal, the versions, their files and the records of the runs that made
them, and report each that was changed, or is missing here and in the shared store. Files that are only
there are no fault; with --remote they are read there. Exit code 1 means that something is reported.`,
		Example: "  mlops model verify churn\n  mlops model verify --remote",
		RunE:    func(c *cobra.Command, args []string) error { return a.modelVerify(c.Context(), args, o) },

		ValidArgsFunction: a.completeModels(false),
	}
	c.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	c.Flags().BoolVar(&o.remote, "remote", false, "read also what is only in the shared store, there")
	a.storeFlag(c.Flags())
	return c
}

func (a *app) modelVerify(ctx context.Context, names []string, o modelVerifyOptions) error {
	s, err := a.openStore()
	if err != nil {
		return err
	}
	l, err := a.lookout(s, o.remote)
	if err != nil {
		return err
	}
	r := registry.Open(s, nil)
	if len(names) == 0 {
		if names, err = r.Names(); err != nil {
			return err
		}
	}
	all := []registry.Problem{}
	for _, name := range names {
		ps, err := modelProblems(ctx, s, r, name)
		if err != nil {
			return cured(err)
		}
		if ps, err = lacking(ctx, l, ps, modelProblem); err != nil {
			return err
		}
		if len(ps) == 0 && !o.asJSON {
			fmt.Fprintf(a.stdout, "%s: all as it should be\n", name)
		}
		all = append(all, ps...)
	}
	return a.showVerified(all, l, o.asJSON)
}

func (a *app) showVerified(all []registry.Problem, l *lookout, asJSON bool) (err error) {
	if asJSON {
		err = a.printJSON(all)
	} else {
		for _, p := range all {
			fmt.Fprintln(a.stdout, foreign(p.String()))
		}
		err = l.tell(a)
	}
	if err == nil && len(all) > 0 {
		a.say("%s", counted(len(all), "problem"))
		return failedError{exitFailed}
	}
	return err
}

// modelProblems are those of the registry, and attestations of lines that the journal
// has not got: it was cut.
func modelProblems(ctx context.Context, s *store.Dir, r *registry.Registry, name string) ([]registry.Problem, error) {
	ps, err := r.Verify(ctx, name)
	if err != nil {
		return nil, err
	}
	m, err := r.Model(name)
	var damaged *registry.DamagedError
	if errors.As(err, &damaged) {
		return ps, nil
	} else if err != nil {
		return nil, err
	}
	strays, err := strayFiles(s, m)
	for _, f := range strays {
		ps = append(ps, registry.Problem{File: f, What: "belongs to no line of the journal, which may have been cut"})
	}
	return ps, err
}

// strayFiles are the attestations of a model that belong to no line of its journal.
func strayFiles(s *store.Dir, m *registry.Model) ([]string, error) {
	var named []string
	for _, e := range m.Journal {
		named = append(named, provenance.SummaryFile(m.Name, e.Seq))
	}
	return provenance.Strays(s, provenance.SummaryFile(m.Name, 1), named)
}
