package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
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
	paths := []string{fmt.Sprint(in["predictions"])}
	if o.against != "" {
		paths = append(paths, o.against)
	}
	root, paths, err := place(paths...)
	if err != nil {
		return err
	}
	in["predictions"] = paths[0]
	result, err := evaluate.Evaluate(ctx, in, root)
	if err != nil {
		return err
	}
	r, why, err := o.report(ctx, root, result, paths[1:])
	if err == nil {
		err = a.writeReport(r, o.diffOptions)
	}
	if err != nil {
		return err
	}
	if why != "" && len(o.failOn) > 0 {
		return fmt.Errorf("nothing was compared row by row: %s", why)
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
// compared with, if against names it. why says why nothing was compared row by row.
func (o *evaluateOptions) report(ctx context.Context, root string, result *evaluate.Result, against []string) (r *report.Report, why string, err error) {
	if len(against) == 0 {
		options := report.CompareOptions{Sections: result.Sections(), Notes: append(result.Notes, result.Undefined()...)}
		options.Baseline.Why = "name one by --against"
		return report.Compare(alone(result), nil, options), "", nil
	}
	in := maps.Clone(result.Inputs)
	in["predictions"] = against[0]
	base, err := evaluate.Evaluate(ctx, in, root)
	if err != nil {
		return nil, "", err
	}
	c, err := evaluate.Compare(ctx, sideOf(root, result), sideOf(root, base))
	if err != nil {
		return nil, "", err
	}
	options := report.CompareOptions{
		Sections: append(result.Sections(), c.Sections()...), Notes: slices.Concat(result.Notes, result.Undefined(), c.Notes), BaseName: o.against,
		Intervals: c.Changes(result, base),
	}
	if curves, ok := evaluate.Curves(result, base); ok {
		options.Sections = append(options.Sections, curves)
	}
	options.Baseline.Why = "the file that was named"
	b := &besides{Comparison: c, then: &evaluation{job: &record.Job{ID: evaluate.Name}}}
	return compare(b.head(alone(result), evaluate.Name), b.base(alone(base)), options), c.Why, nil
}

func sideOf(root string, r *evaluate.Result) evaluate.Side {
	s := evaluate.Side{Inputs: r.Inputs}
	for _, f := range r.Files {
		s.Paths = append(s.Paths, filepath.Join(root, filepath.FromSlash(f)))
	}
	return s
}

// place returns the folder that all paths lie in, and these relative to it: the
// working folder, so that messages name them as they were written, else the root of
// the file system.
func place(paths ...string) (root string, relative []string, err error) {
	if !slices.ContainsFunc(paths, func(p string) bool { return !filepath.IsLocal(p) }) {
		return ".", paths, nil
	}
	for _, p := range paths {
		var rest string
		if root, rest, err = rooted(p); err != nil {
			return "", nil, err
		}
		relative = append(relative, rest)
	}
	return root, relative, nil
}

// rooted splits a path into the root of the file system and the rest, so that a file
// may be anywhere.
func rooted(path string) (root, rest string, err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", "", err
	}
	root = filepath.VolumeName(abs) + string(filepath.Separator)
	rest, err = filepath.Rel(root, abs)
	return root, filepath.ToSlash(rest), err
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
