package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner/baseline"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/worktree"
	"github.com/mlops-runner/mlops/spec"
)

type diffOptions struct {
	format string
	output string
	all    bool
	failOn []string
}

func newDiff(a *app) *cobra.Command {
	var o diffOptions
	c := &cobra.Command{
		Use:   "diff [A [B]]",
		Short: "Compare two runs: metrics, gates, parameters, data, outputs, cost",
		Long: `Compare run B with run A. Each is a run's id or the beginning of one, LATEST, a
commit, branch or tag (its run), MODEL@ALIAS (the run that made the model) or
file:PATH (metrics, a record's run.json or a report in JSON). Without B it is the
newest run of HEAD; without both, that run is compared with its baseline.`,
		Example: "  mlops diff\n  mlops diff main\n  mlops diff v1.2 01a2078c --format markdown\n  mlops diff file:published.csv --fail-on worse",
		Args:    cobra.MaximumNArgs(2),
		RunE:    func(c *cobra.Command, args []string) error { return a.diff(c.Context(), o, args) },
	}
	f := c.Flags()
	f.StringVar(&o.format, "format", "", reportFormats()+" (default: as the name of -o ends, or terminal)")
	f.StringVarP(&o.output, "output", "o", "", "write into `FILE`")
	f.BoolVar(&o.all, "all", false, "also metrics that are the same in both")
	f.StringSliceVar(&o.failOn, "fail-on", nil, "exit with 1 if a metric is `worse`, or a gate fails: worse, gate or both")
	return c
}

func (o *diffOptions) check() error {
	if o.format == "" {
		o.format = formatOf(o.output)
	}
	if err := knownFormat(o.format); err != nil {
		return err
	}
	for _, word := range o.failOn {
		if word != "worse" && word != "gate" {
			return usagef("--fail-on %s: write worse, gate or worse,gate", word)
		}
	}
	return nil
}

func (a *app) diff(ctx context.Context, o diffOptions, args []string) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	d, err := a.openDiff(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	r, err := d.report(ctx, args)
	if err != nil {
		return err
	}
	if !o.all {
		hideSame(r, o.format)
	}
	if err := a.writeReport(r, o); err != nil {
		return err
	}
	return a.failOn(r, o.failOn)
}

// A differ compares runs of a project.
type differ struct {
	project *project
	*yardstick
	tree   *worktree.Tree
	source record.Source
}

func (a *app) openDiff(ctx context.Context) (*differ, error) {
	p, err := a.openProject("", nil)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(p.sharedStore()); err != nil {
		return nil, noRunYet("", record.ErrNotFound)
	}
	tree, err := worktree.Open(p.root, worktree.Options{Index: p.indexPath(), Counters: a.counters, Skip: p.storeInside()})
	if err != nil {
		return nil, err
	}
	y, err := a.openYardstick(ctx, p, false)
	if err != nil {
		return nil, errors.Join(err, tree.Close())
	}
	src := tree.Source(ctx)
	p.contexts = map[string]any{"github": githubContext(src, os.LookupEnv, nil)}
	return &differ{p, y, tree, src}, nil
}

func (d *differ) close() error { return errors.Join(d.yardstick.close(), d.tree.Close()) }

// An operand is one of the two runs.
type operand struct {
	run      *record.Run
	name     string          // as people call it
	baseline report.Baseline // how it was found
}

// report compares the runs that the arguments name.
func (d *differ) report(ctx context.Context, args []string) (*report.Report, error) {
	head, err := d.head(ctx, args)
	if err != nil {
		return nil, err
	}
	base, err := d.base(ctx, args, head.run)
	if err != nil {
		return nil, err
	}
	return d.compare(ctx, head, base, d.project.spec.Gates)
}

// compare compares two runs by the given gates; base may have no run.
func (d *differ) compare(ctx context.Context, head, base *operand, gates []spec.Str) (*report.Report, error) {
	o := report.CompareOptions{
		Gates: gates, Contexts: d.contexts(head.run), Baseline: base.baseline, HeadName: head.name, BaseName: base.name,
		History: d.past(&baseline.Found{Run: base.run}), Noise: noise(d.root, d.pipeline()), SeedLevels: seedLevelsOf(head.run), Code: code(ctx, d.tree, base.run, head.run),
	}
	for _, m := range d.project.spec.Metrics {
		o.Metrics = append(o.Metrics, plan.Metric{Name: m.Name.Value, Better: m.Better, Unit: m.Unit})
	}
	s, err := store.Open(d.root)
	if err != nil {
		return nil, err
	}
	o.Promotions = promotionsOf(s, head.run.ID)
	a, b, err := evaluations(ctx, s, d.project.root, head.run, base.run, &o)
	if err != nil {
		return nil, err
	}
	r := compare(a, b, o)
	if pl, err := d.project.plan(); err == nil {
		d.project.placePatches(r, head.run, s, pl)
	}
	return r, nil
}

// head is the second argument, or the newest run of HEAD.
func (d *differ) head(ctx context.Context, args []string) (*operand, error) {
	if len(args) == 2 {
		return d.operand(ctx, args[1])
	}
	if d.source.Commit == "" {
		return d.operand(ctx, record.LATEST)
	}
	if run := d.resolver(time.Now()).Newest(d.pipeline(), d.source.Commit); run != nil {
		return &operand{run: run, name: run.Source.Branch}, nil
	}
	return d.ofCommit(ctx, "HEAD", d.source.Commit)
}

// base is the first argument, or what the other run is compared with by itself.
func (d *differ) base(ctx context.Context, args []string, head *record.Run) (*operand, error) {
	if len(args) > 0 {
		return d.operand(ctx, args[0])
	}
	q := d.query(head.Source, head.Pipeline, head.ID)
	q.Asked = d.project.spec.Baseline.Value
	f, err := d.find(ctx, q, head.Started)
	if err != nil {
		return nil, err
	}
	if f.Run == nil {
		return nil, fixError{fmt.Errorf("there is nothing to compare with: %s", foreign(f.Why)), "name a run: mlops diff A"}
	}
	return &operand{f.Run, f.Name, f.Baseline}, nil
}

func (d *differ) pipeline() string { return d.project.name() }

// operand finds the run that a word means.
func (d *differ) operand(ctx context.Context, word string) (*operand, error) {
	if name, ok := strings.CutPrefix(word, "file:"); ok {
		return d.ofFile(name)
	}
	if word == record.LATEST {
		return d.latest()
	}
	run, err := d.byID(word)
	if run != nil || err != nil {
		return run, err
	}
	if d.repo != nil {
		for _, name := range []string{word, "origin/" + word} {
			if commit, ok := d.repo.Commit(ctx, name); ok {
				return d.ofCommit(ctx, word, commit)
			}
		}
	}
	if model, alias, ok := strings.Cut(word, "@"); ok && model != "" && alias != "" {
		return d.ofModel(ctx, word)
	}
	return nil, d.unsure(word, fmt.Errorf("%q is no run, commit, branch or tag here", word))
}

// ofFile is what a file says.
func (d *differ) ofFile(name string) (*operand, error) {
	run, err := baseline.ReadFile(".", name, func(name string) ([]byte, error) { return readLimited(name, maxMetricsFile) })
	if err != nil {
		return nil, fmt.Errorf("file:%s: %w", name, err)
	}
	run.Pipeline = cmp.Or(run.Pipeline, d.pipeline())
	return &operand{run, name, report.Baseline{Asked: "file:" + name, Found: run.Source.Commit, Why: "the file " + name}}, nil
}

// maxMetricsFile bounds what is read of a file of metrics, in bytes.
const maxMetricsFile = 64 << 20

// latest is the newest run of the pipeline that has ended.
func (d *differ) latest() (*operand, error) {
	if run := d.resolver(time.Now()).Newest(d.pipeline(), ""); run != nil {
		return ofRun(run, record.LATEST), nil
	}
	return nil, noRunYet(d.pipeline(), record.ErrNotFound)
}

// byID finds a run by its id or the beginning of one; nil if there is none.
func (d *differ) byID(word string) (*operand, error) {
	if len(word) < 4 || strings.Trim(word, "0123456789abcdef-") != "" {
		return nil, nil
	}
	run, err := record.Load(d.root, word)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return ofRun(run, word), nil
}

func ofRun(run *record.Run, asked string) *operand {
	return &operand{run, run.Source.Branch, report.Baseline{Asked: asked, Found: run.Source.Commit, Tip: -1, Why: "the run that was named"}}
}

// ofCommit is the run of a commit or, if it has none, of the nearest one before it.
func (d *differ) ofCommit(ctx context.Context, word, commit string) (*operand, error) {
	q := d.query(d.source, d.pipeline(), "")
	q.Asked = "ref:" + word
	f, err := d.find(ctx, q, time.Now())
	if err != nil {
		return nil, err
	}
	name := word
	if strings.HasPrefix(commit, word) {
		name = ""
	}
	if f.Run == nil || f.Behind > 0 { // one on changes, or of some jobs, is nearer than that of another commit
		if run := d.resolver(time.Now()).Newest(d.pipeline(), commit); run != nil {
			o := ofRun(run, word)
			o.name = cmp.Or(name, o.name)
			return o, nil
		}
	}
	if f.Run == nil {
		return nil, fixError{fmt.Errorf("%s: %s", word, foreign(strings.TrimSuffix(f.Why, "; "+baseline.RunIt))), `run it there: "mlops run"; "mlops runs" lists what is recorded`}
	}
	f.Asked = word
	return &operand{f.Run, name, f.Baseline}, nil
}

// ofModel is the run that made a model.
func (d *differ) ofModel(ctx context.Context, word string) (*operand, error) {
	q := d.query(d.source, d.pipeline(), "")
	q.Asked = "promoted:" + word
	f, err := d.find(ctx, q, time.Now())
	if err != nil {
		return nil, err
	}
	if f.Run == nil {
		return nil, errors.New(foreign(f.Why))
	}
	return &operand{f.Run, word, f.Baseline}, nil
}

// contexts are what gates read of a recorded run.
func (d *differ) contexts(run *record.Run) map[string]any {
	jobs, params := map[string]any{}, map[string]any{}
	for _, j := range run.Jobs {
		jobs[cmp.Or(j.Job, j.ID)] = map[string]any{"result": string(j.Status), "outputs": anyValues(j.Values)}
	}
	for name, v := range run.Params {
		plant(params, strings.Split(name, "."), v)
	}
	return map[string]any{"github": d.project.contexts["github"], "jobs": jobs, "params": params}
}

func anyValues(values map[string]string) map[string]any {
	out := make(map[string]any, len(values))
	for k, v := range values {
		out[k] = v
	}
	return out
}

// plant puts a value with a dotted name into a tree.
func plant(tree map[string]any, path []string, v any) {
	for _, part := range path[:len(path)-1] {
		next, ok := tree[part].(map[string]any)
		if !ok {
			next = map[string]any{}
			tree[part] = next
		}
		tree = next
	}
	tree[path[len(path)-1]] = v
}

// hideSame leaves metrics that did not move out of what people read, unless a
// gate names them.
func hideSame(r *report.Report, format string) {
	if !slices.Contains([]string{"terminal", "markdown", "plain"}, format) {
		return
	}
	n := len(r.Metrics)
	r.Metrics = slices.DeleteFunc(r.Metrics, func(m report.Metric) bool {
		return m.Verdict == report.Same && !m.Gated && m.Change != nil && *m.Change == 0
	})
	if n -= len(r.Metrics); n > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%s the same in both runs; --all shows them", counted(n, "metric")))
	}
}

// failOn ends the command with 1 if the comparison is one of those that somebody
// wants to hear of, and says why.
func (a *app) failOn(r *report.Report, words []string) error {
	var why []string
	if slices.Contains(words, "worse") {
		for _, m := range r.Metrics {
			if m.Verdict == report.Worse && len(m.Slice) == 0 {
				why = append(why, m.Name+" is worse")
			}
		}
	}
	if slices.Contains(words, "gate") {
		for _, g := range r.Gates {
			if g.Outcome == report.Failed || g.Outcome == report.Errored {
				why = append(why, "gate "+g.Gate+" failed")
			}
		}
	}
	if len(why) == 0 {
		return nil
	}
	a.say("%s", foreign(strings.Join(why, "; ")))
	return failedError{exitFailed}
}

// writeReport writes a report to a file or to standard output.
func (a *app) writeReport(r *report.Report, o diffOptions) error {
	if o.output == "" {
		return heard(a.render(a.stdout, r, o.format))
	}
	var text bytes.Buffer
	if err := a.render(&text, r, o.format); err != nil {
		return err
	}
	return os.WriteFile(o.output, text.Bytes(), 0o644)
}
