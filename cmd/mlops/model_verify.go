package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

func newModelVerify(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "verify [MODEL...]",
		Short: "Read everything of a model and report what is not as it was written",
		Long: `Read the journal, the versions, their files and the records of the runs that made
them, and report each that is missing or was changed. Exit code 1 means that there is one.`,
		Example: "  mlops model verify churn",
		RunE:    func(c *cobra.Command, args []string) error { return a.modelVerify(c, args, asJSON) },

		ValidArgsFunction: a.completeModels(false),
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) modelVerify(c *cobra.Command, names []string, asJSON bool) error {
	s, err := a.openStore()
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
		ps, err := a.modelProblems(c.Context(), s, r, name)
		if err != nil {
			return cured(err)
		}
		if len(ps) == 0 && !asJSON {
			fmt.Fprintf(a.stdout, "%s: all as it should be\n", name)
		}
		all = append(all, ps...)
	}
	if asJSON {
		err = a.printJSON(all)
	}
	for _, p := range all {
		if !asJSON {
			fmt.Fprintln(a.stdout, foreign(p.String()))
		}
	}
	if err == nil && len(all) > 0 {
		a.say("%s", counted(len(all), "problem"))
		a.hintShared(s, all)
		return failedError{exitFailed}
	}
	return err
}

// modelProblems are those of the registry, and attestations of lines that the journal
// has not got: it was cut.
func (a *app) modelProblems(ctx context.Context, s *store.Dir, r *registry.Registry, name string) ([]registry.Problem, error) {
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

// hintShared says where bytes may be that are not here.
func (a *app) hintShared(s *store.Dir, ps []registry.Problem) {
	if !slices.ContainsFunc(ps, func(p registry.Problem) bool { return strings.HasSuffix(p.What, store.ErrNotFound.Error()) }) {
		return
	}
	p, err := a.findProject("")
	if err != nil {
		return
	}
	if c, err := a.cache(p, s); err == nil && c != nil {
		a.say("\"mlops pull --models\" brings what only the shared store has")
	}
}
