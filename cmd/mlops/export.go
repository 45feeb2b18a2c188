package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner/cyclonedx"
	"github.com/mlops-runner/mlops/runner/mlflow"
	"github.com/mlops-runner/mlops/runner/openlineage"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
)

func newExport(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "export",
		Short: "Tell other tools of runs and models, in their formats",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newExportMLflow(a), newExportOpenLineage(a), newExportCycloneDX(a))
	return c
}

func newExportMLflow(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "mlflow DIR",
		Short: "Write all runs and models as an mlruns folder",
		Long: `Write all finished runs and all models as a folder that MLflow reads as its file store.
What is in the folder already stays as it is, so that later runs can be added. Metrics of
slices are left out, which MLflow does not know.`,
		Example: "  mlops export mlflow mlruns\n  mlflow ui --backend-store-uri mlruns",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.exportMLflow(c.Context(), args[0], asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print what was written, and what was not, as JSON")
	return c
}

func (a *app) exportMLflow(ctx context.Context, dir string, asJSON bool) error {
	d, err := a.openStore()
	if err != nil {
		return err
	}
	done, err := mlflow.Export(ctx, d, dir)
	if done == nil {
		return err
	}
	if asJSON {
		return errors.Join(a.printJSON(done), err)
	}
	fmt.Fprintf(a.stdout, "wrote %s and %s to %s; %d were there already\n", counted(done.Runs, "run"), counted(done.Versions, "model version"), dir, done.Present)
	for _, n := range done.Notes {
		fmt.Fprintf(a.stdout, "  %s\n", foreign(n))
	}
	return err
}

func newExportOpenLineage(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "openlineage [RUN]",
		Short: "Write a run as OpenLineage events, one a line",
		Long: `Write START and COMPLETE, FAIL or ABORT events of a run and of each of its jobs, with the
data that they read and wrote by digest. RUN is an id, the unique beginning of one, or nothing
for the newest.`,
		Example: "  mlops export openlineage | while read -r e; do curl -d \"$e\" -H 'Content-Type: application/json' $MARQUEZ/api/v1/lineage; done",
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return a.exportOpenLineage(first(args)) },
	}
}

func (a *app) exportOpenLineage(id string) error {
	r, err := a.loadRun(id)
	if err != nil {
		return err
	}
	if !r.Sealed {
		return fmt.Errorf("run %s has not ended", r.ID)
	}
	for _, e := range openlineage.Events(r) {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(a.stdout, "%s\n", line); err != nil {
			return heard(err)
		}
	}
	return nil
}

func newExportCycloneDX(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "cyclonedx MODEL[@REF]",
		Short:             "Write a model's bill of materials (CycloneDX 1.6 ML-BOM)",
		Long:              "Write what a version of a model consists of and was made of, as CycloneDX 1.6 JSON: files, data, images, code, metrics. REF is a version or an alias; without it the newest version is meant.",
		Example:           "  mlops export cyclonedx churn@production > churn.cdx.json",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeModels(true),
		RunE:              func(_ *cobra.Command, args []string) error { return a.exportCycloneDX(args[0]) },
	}
}

func (a *app) exportCycloneDX(name string) error {
	if model, ref := registry.Split(name); ref == "" {
		r, err := a.openModels()
		if err != nil {
			return err
		}
		m, err := r.Model(model)
		if err != nil {
			return cured(err)
		}
		name = fmt.Sprintf("%s@%d", model, m.Versions())
	}
	p, err := a.pickModel(name)
	if err != nil {
		return err
	}
	v, err := p.read()
	if err != nil {
		return err
	}
	run, err := a.loadRun(v.Run)
	switch {
	case errors.Is(err, record.ErrNotFound):
		fmt.Fprintf(a.stderr, "mlops: the run that made %s is not here, so its data and images are missing\n", name)
	case err != nil:
		return err
	}
	return a.printJSON(cyclonedx.New(v, run, version()))
}
