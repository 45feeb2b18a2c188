package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner/mlflow"
	"github.com/mlops-runner/mlops/runner/store"
)

func newImportMLflow(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "mlflow PATH",
		Short: "Take over runs and models of an mlruns folder or an mlflow.db",
		Long: `Make runs of MLflow's runs and models of its registered models. PATH is an mlruns folder,
a folder that has one, or an SQLite file of MLflow's server. Files come along from where they
lie on this machine; nothing of MLflow is changed, and MLflow itself is not needed.
What was imported before is left as it is, so the command can be repeated.`,
		Example: "  mlops import mlflow mlruns\n  mlops import mlflow /srv/mlflow/mlflow.db",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.importMLflow(c.Context(), args[0], asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print what was made, and what was not, as JSON")
	return c
}

func (a *app) importMLflow(ctx context.Context, path string, asJSON bool) error {
	p, err := a.findProject("")
	if err != nil {
		return err
	}
	found, err := mlflow.Read(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return fixError{err, "name an mlruns folder or an mlflow.db"}
	}
	if err != nil {
		return err
	}
	d, err := store.Open(p.store())
	if err != nil {
		return err
	}
	done, err := mlflow.Import(ctx, d, found, environment())
	if done == nil {
		return err
	}
	if asJSON {
		return errors.Join(a.printJSON(done), err)
	}
	fmt.Fprintf(a.stdout, "imported %s and %s; %d were here already\n",
		counted(len(done.Runs), "run"), counted(len(done.Versions), "model version"), done.Present)
	for _, n := range done.Notes {
		fmt.Fprintf(a.stdout, "  %s\n", foreign(n))
	}
	return err
}
