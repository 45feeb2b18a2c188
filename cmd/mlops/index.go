package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/index"
)

func newIndex(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "index",
		Short: "Look after the index that answers mlops runs --where",
		Long: `The index is an SQL database made from the records, models and datasets of the store: .mlops/index.db, or
the PostgreSQL database that MLOPS_DB names (postgres://user@host/database), which several stores may share.
It is brought up to date whenever it is asked, and can be removed at any time.`,
		Example: "  mlops index status\n  mlops index rebuild\n  MLOPS_DB=postgres://mlops@db/mlops mlops index verify",
	}
	c.AddCommand(newIndexStatus(a), newIndexRebuild(a), newIndexVerify(a))
	return c
}

func newIndexStatus(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "status", Short: "Bring the index up to date and say where it is and what it holds", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.indexStatus(c.Context(), asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func newIndexRebuild(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "rebuild", Short: "Make the index anew from the records", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.indexRebuild(c.Context()) },
	}
}

func newIndexVerify(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Compare each row of the index with the records", Args: cobra.NoArgs,
		Long: "Make a second index from the records in a temporary folder and compare each row. It fails if there is a difference.",
		RunE: func(c *cobra.Command, _ []string) error { return a.indexVerify(c.Context()) },
	}
}

// openIndex opens the index of the project that is worked in.
func (a *app) openIndex(ctx context.Context) (*index.Index, error) {
	p, err := a.findProject("")
	if err != nil {
		return nil, err
	}
	x, err := index.Open(ctx, p.store(), a.indexOptions())
	return x, cured(err)
}

func (a *app) indexStatus(ctx context.Context, asJSON bool) error {
	x, err := a.openIndex(ctx)
	if err != nil {
		return err
	}
	defer x.Close()
	s, err := x.Status(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(s)
	}
	fmt.Fprintf(a.stdout, "index     %s (%s)\nruns      %d\nmetrics   %d\nmodels    %d versions\n", s.Place, s.Engine, s.Runs, s.Metrics, s.Models)
	if s.Damaged > 0 {
		fmt.Fprintf(a.stdout, "damaged   %d records cannot be read; \"mlops runs verify\" names them\n", s.Damaged)
	}
	if s.Size > 0 {
		fmt.Fprintf(a.stdout, "size      %s\n", units.BytesSize(float64(s.Size)))
	}
	return nil
}

func (a *app) indexRebuild(ctx context.Context) error {
	p, err := a.findProject("")
	if err != nil {
		return err
	}
	began := time.Now()
	x, err := index.Rebuild(ctx, p.store(), a.indexOptions())
	if err != nil {
		return cured(err)
	}
	defer x.Close()
	s, err := x.Status(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "mlops: %s holds %d runs and %d metrics, made anew in %s\n", s.Place, s.Runs, s.Metrics, view.Duration(time.Since(began)))
	return nil
}

// listedDifferences is how many differences are shown.
const listedDifferences = 20

func (a *app) indexVerify(ctx context.Context) error {
	x, err := a.openIndex(ctx)
	if err != nil {
		return err
	}
	defer x.Close()
	differences, err := x.Verify(ctx)
	if err != nil {
		return err
	}
	if len(differences) == 0 {
		fmt.Fprintf(a.stderr, "mlops: %s says what the records say\n", x.Place())
		return nil
	}
	for _, d := range differences[:min(len(differences), listedDifferences)] {
		word := "missing"
		if d.Extra {
			word = "extra"
		}
		fmt.Fprintf(a.stdout, "%s %s %s\n", word, d.Table, strings.ReplaceAll(d.Row, "\t", " "))
	}
	fmt.Fprintf(a.stderr, "mlops: %s differs from the records in %d rows\n  fix: mlops index rebuild\n", x.Place(), len(differences))
	return failedError{exitFailed}
}
