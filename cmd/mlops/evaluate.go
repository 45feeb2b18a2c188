package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/actions/evaluate"
	"github.com/mlops-runner/mlops/actions/metric"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
)

type evaluateOptions struct {
	diffOptions
	against string
	inputs  string
	texts   map[string]*string   // inputs that are one text, by name
	lists   map[string]*[]string // inputs that are several
}

func newEvaluate(a *app) *cobra.Command {
	o := evaluateOptions{texts: map[string]*string{}, lists: map[string]*[]string{}}
	c := &cobra.Command{
		Use:   "evaluate FILE",
		Short: "Say what predictions are worth, here and now",
		Long: `Evaluate a file of predictions, one row for each example: metrics overall and by
slice, and where the model is worse than elsewhere. --against compares it with the
predictions of another model row by row. The flags are the inputs of the action
evaluate; "mlops metrics" lists what can be measured.`,
		Example: "  mlops evaluate predictions.csv --label churned --score p\n" +
			"  mlops evaluate new.parquet --against old.parquet --id id --label y --score p --slices region --slices 'age binned 4'",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.evaluate(c.Context(), o, args) },
	}
	f := c.Flags()
	for _, in := range evaluate.Action().Inputs {
		doc := strings.TrimSuffix(in.Doc, ".")
		switch in.Type {
		case "string", "word", "int":
			o.texts[in.Name] = f.String(in.Name, "", doc)
		case "list", "entries":
			o.lists[in.Name] = f.StringArray(in.Name, nil, doc)
		}
	}
	f.StringVar(&o.against, "against", "", "compare with the predictions in `FILE`, row by row")
	f.StringVar(&o.format, "format", "", reportFormats()+" (default: as the name of -o ends, or terminal)")
	f.StringVarP(&o.output, "output", "o", "", "write into `FILE`")
	f.StringSliceVar(&o.diffOptions.failOn, "fail-on", nil, "exit with 1 if a metric is `worse`")
	f.StringVar(&o.inputs, "inputs", "", "the inputs as a JSON `object`, in place of flags")
	return c
}

func (a *app) evaluate(ctx context.Context, o evaluateOptions, args []string) error {
	if err := o.check(); err != nil {
		return err
	}
	in, err := o.with(args)
	if err != nil {
		return err
	}
	result, err := evaluate.Evaluate(ctx, in, ".")
	if err != nil {
		return err
	}
	r, err := o.report(ctx, result)
	if err == nil {
		err = a.writeReport(r, o.diffOptions)
	}
	if err != nil {
		return err
	}
	return a.failOn(r, o.failOn)
}

// with are the inputs of the action.
func (o *evaluateOptions) with(args []string) (map[string]any, error) {
	in := map[string]any{}
	if o.inputs != "" {
		known := evaluate.Action()
		var err error
		if in, err = givenInputs(&known, o.inputs); err != nil {
			return nil, err
		}
	}
	for name, text := range o.texts {
		if *text != "" {
			in[name] = *text
			if known := evaluate.Action(); known.Input(name).Type == "int" {
				var n float64
				if json.Unmarshal([]byte(*text), &n) == nil {
					in[name] = n
				}
			}
		}
	}
	for name, list := range o.lists {
		if len(*list) > 0 {
			in[name] = anySlice(*list)
		}
	}
	if len(args) > 0 {
		in["predictions"] = filepath.ToSlash(args[0])
	}
	if in["predictions"] == nil {
		return nil, usagef("name a file of predictions: mlops evaluate FILE --label COLUMN --score COLUMN")
	}
	return in, nil
}

func anySlice(texts []string) []any {
	out := make([]any, len(texts))
	for i, t := range texts {
		out[i] = t
	}
	return out
}

// report shows a result as that of a run of one job, beside the one that it is
// compared with.
func (o *evaluateOptions) report(ctx context.Context, result *evaluate.Result) (*report.Report, error) {
	if o.against == "" {
		options := report.CompareOptions{Sections: result.Sections(), Notes: result.Notes}
		options.Baseline.Why = "name one by --against"
		return report.Compare(alone(result), nil, options), nil
	}
	in := result.Inputs
	head := evaluate.Side{Inputs: in, Paths: fromSlashes(result.Files)}
	c, err := evaluate.Compare(ctx, head, evaluate.Side{Inputs: in, Paths: []string{o.against}})
	if err != nil {
		return nil, err
	}
	options := report.CompareOptions{Sections: append(result.Sections(), c.Sections()...), Notes: append(result.Notes, c.Notes...), BaseName: o.against}
	options.Baseline.Why = "the file that was named"
	base := &record.Run{Pipeline: evaluate.Name, Status: record.Success, Jobs: []record.Job{{ID: evaluate.Name, Status: record.Success}}}
	noteChanges(c, result, &options)
	for _, m := range c.Metrics {
		if !math.IsNaN(float64(m.Baseline)) {
			base.Jobs[0].Metrics = append(base.Jobs[0].Metrics, record.Metric{Name: m.Name, Value: float64(m.Baseline), Slice: m.Slice, Better: m.Better})
		}
	}
	return compare(alone(result), base, options), nil
}

// alone is a run of one job that evaluated predictions.
func alone(result *evaluate.Result) *record.Run {
	job := record.Job{ID: evaluate.Name, Status: record.Success}
	for _, m := range result.Metrics {
		if !math.IsNaN(float64(m.Value)) {
			job.Metrics = append(job.Metrics, record.Metric{Name: m.Name, Value: float64(m.Value), Slice: m.Slice, Better: m.Better, Unit: m.Unit})
		}
	}
	return &record.Run{Pipeline: evaluate.Name, Status: record.Success, Jobs: []record.Job{job}}
}

func fromSlashes(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = filepath.FromSlash(p)
	}
	return out
}

func newMetrics(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "metrics",
		Short:   "List the metrics that can be measured, with definition and source",
		Long:    "List, as Markdown, the metrics that evaluate knows: what they tell, how they are computed, where the definition is from, and what happens at their edges.",
		Example: "  mlops metrics | less",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(a.stdout, metric.Reference())
			return heard(err)
		},
	}
}
