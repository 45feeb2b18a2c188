package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report/render"
	"github.com/mlops-runner/mlops/spec"
)

func newRuns(a *app) *cobra.Command {
	var o runsOptions
	c := &cobra.Command{
		Use:   "runs",
		Short: "List recorded runs, newest first, or those that a condition finds",
		Long: `List recorded runs, newest first. --where takes an expression over the names of a run: metrics.NAME,
params.NAME, jobs.NAME.status, data.NAME, models.NAME, and status, branch, commit, actor, started and others.
What a run does not have is neither equal, less nor greater; "== null" asks for it. It is answered by an index
over the records, which is made and kept up by itself: .mlops/index.db, or the database that MLOPS_DB names.`,
		Example: `  mlops runs
  mlops runs --json --limit 0
  mlops runs --where 'metrics.auc > 0.9 && params.depth == 8' --sort -metrics.auc
  mlops runs --where "status == 'failure' && started > ago('7d') && startsWith(branch, 'feature/')"`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.runs(c.Context(), o) },
	}
	c.Flags().BoolVar(&o.json, "json", false, "print JSON")
	c.Flags().IntVarP(&o.limit, "limit", "n", 20, "how many; 0 means all")
	c.Flags().StringVar(&o.where, "where", "", "only runs for which this `EXPRESSION` is true")
	c.Flags().StringSliceVar(&o.sort, "sort", nil, "`NAMES` to sort by, with - before one for the greatest first")
	c.AddCommand(newRunsVerify(a))
	return c
}

func (a *app) runs(ctx context.Context, o runsOptions) error {
	if o.limit < 0 {
		return usagef("--limit %d: want 0 for all, or how many", o.limit)
	}
	p, err := a.findProject("")
	if err != nil {
		return err
	}
	if o.where != "" || len(o.sort) > 0 {
		return a.runsWhere(ctx, p, o)
	}
	runs, err := latest(p.store(), o.limit)
	if err != nil {
		return err
	}
	if o.json {
		return a.printJSON(runs)
	}
	if len(runs) == 0 {
		fmt.Fprintln(a.stderr, "mlops: no run is recorded here yet")
		return nil
	}
	rows := make([][]string, len(runs))
	for i, r := range runs {
		rows[i] = []string{
			r.ID, r.Pipeline, string(r.Status), r.Started.Local().Format(time.DateTime),
			view.Duration(r.Ended.Sub(r.Started)), short(r.Source.Commit, r.Source.Dirty), metricText(r.Metrics(), 4),
		}
	}
	return view.Table(a.stdout, []string{"run", "pipeline", "status", "started", "took", "commit", "metrics"}, rows, a.color())
}

func latest(root string, limit int) ([]*record.Run, error) {
	runs := []*record.Run{}
	for e, err := range record.List(root) {
		if err != nil {
			return nil, err
		}
		r, err := e.Head()
		if err != nil {
			continue // a damaged record does not hide the others; show names what is wrong with it
		}
		runs = append(runs, r)
		if limit > 0 && len(runs) == limit {
			break
		}
	}
	return runs, nil
}

func short(commit string, dirty bool) string {
	if commit == "" {
		return ""
	}
	if dirty {
		return commit[:min(12, len(commit))] + "+"
	}
	return commit[:min(12, len(commit))]
}

// metricText shows the first metrics of a run: auc 0.912, f1 0.71.
func metricText(ms []record.Metric, most int) string {
	var parts []string
	for _, m := range ms {
		if len(m.Slice) > 0 {
			continue
		}
		if len(parts) == most {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, m.Name+" "+view.Number(float64(m.Value)))
	}
	return strings.Join(parts, ", ")
}

func newShow(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show [RUN]",
		Short: "Show what a run did: jobs, metrics, parameters, inputs, source",
		Long:  "Show a recorded run. RUN is an id, the unique beginning of one, or nothing for the newest.",
		Args:  cobra.MaximumNArgs(1),
		RunE:  func(_ *cobra.Command, args []string) error { return a.show(first(args), asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the whole record as JSON")
	return c
}

func first(args []string) string {
	if len(args) == 0 {
		return record.LATEST
	}
	return args[0]
}

func (a *app) loadRun(id string) (*record.Run, error) {
	p, err := a.findProject("")
	if err != nil {
		return nil, err
	}
	r, err := record.Load(p.store(), id)
	switch {
	case !errors.Is(err, record.ErrNotFound):
		return r, err
	case id == record.LATEST:
		return nil, noRunYet("", err)
	}
	return nil, fixError{err, `"mlops runs" lists them`}
}

// noRunYet is the error where nothing is recorded at all; its text leaves out
// the cause, which says the same in the store's words.
func noRunYet(pipeline string, cause error) error {
	return fixError{noRunError{pipeline, cause}, `run the pipeline first: "mlops run"`}
}

type noRunError struct {
	pipeline string // "" means any
	cause    error
}

func (e noRunError) Error() string {
	if e.pipeline == "" {
		return "no run is recorded here yet"
	}
	return "no run of " + e.pipeline + " is recorded here yet"
}

func (e noRunError) Unwrap() error { return e.cause }

func (a *app) show(id string, asJSON bool) error {
	r, err := a.loadRun(id)
	if err != nil {
		return err
	}
	if asJSON {
		full := fullRun(r)
		full["promotions"] = a.promotionsOf(r)
		return a.printJSON(full)
	}
	fmt.Fprintf(a.stdout, "run       %s\npipeline  %s\nstatus    %s\nstarted   %s, took %s\n", r.ID, r.Pipeline, r.Status,
		r.Started.Local().Format(time.DateTime), view.Duration(r.Ended.Sub(r.Started)))
	if r.Source.Commit != "" {
		fmt.Fprintf(a.stdout, "commit    %s %s %s\n", short(r.Source.Commit, r.Source.Dirty), r.Source.Branch, r.Source.Subject)
	}
	fmt.Fprintf(a.stdout, "executor  %s\nrecord    %s\n", r.Environment.Executor, r.Dir)
	if r.Baseline != "" {
		fmt.Fprintf(a.stdout, "baseline  %s\n", r.Baseline)
	}
	if len(r.Params) > 0 {
		fmt.Fprintf(a.stdout, "params    %s\n", paramsText(r.Params))
	}
	for _, one := range a.promotionsOf(r) {
		fmt.Fprintf(a.stdout, "promotion %s\n", foreign(render.Promotion(one)))
	}
	fmt.Fprintln(a.stdout)
	if err := errors.Join(a.showJobs(r), a.showAttempts(r), a.showLogged(r)); err != nil || len(r.Gates) == 0 {
		return err
	}
	fmt.Fprintln(a.stdout)
	return a.showGates(r.Gates)
}

func (a *app) showJobs(r *record.Run) error {
	rows := make([][]string, 0, len(r.Jobs))
	for _, j := range r.Jobs {
		status := string(j.Status)
		if j.Cached {
			status = "cached"
		}
		why := slices.Clone(j.Why)
		for _, more := range []string{vouched(j), j.Error} {
			if more != "" {
				why = append(why, more)
			}
		}
		rows = append(rows, []string{j.ID, status, view.Duration(j.Wall), metricText(j.Metrics, 6), strings.Join(why, "; ")})
	}
	return view.Table(a.stdout, []string{"job", "status", "took", "metrics", "why"}, rows, a.color())
}

// vouched says who made a result that was checked before it was reused.
func vouched(j record.Job) string {
	if j.Verified == "" {
		return ""
	}
	return "verified: " + j.Verified
}

func (a *app) showGates(gates []record.Gate) error {
	var rows [][]string
	for _, g := range gates {
		rows = append(rows, []string{g.Gate, g.Outcome, g.Detail})
	}
	return view.Table(a.stdout, []string{"gate", "outcome", "values"}, rows, a.color())
}

func paramsText(ps record.Values) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(ps)) {
		parts = append(parts, fmt.Sprintf("%s=%v", k, ps[k]))
	}
	return strings.Join(parts, " ")
}

// fullRun is a record with all of its parts in one document.
func fullRun(r *record.Run) map[string]any {
	return map[string]any{
		"run": r, "source": r.Source, "environment": r.Environment, "params": r.Params,
		"jobs": r.Jobs, "metrics": r.Metrics(), "inputs": r.Inputs(), "outputs": r.Outputs(),
	}
}

func newLogs(a *app) *cobra.Command {
	var o logOptions
	c := &cobra.Command{
		Use:   "logs [RUN] [JOB]",
		Short: "Print the log of a job, also of one that came from the cache",
		Long: `Print what the steps of a job wrote, or one of its services. Without RUN the newest run is meant,
without JOB all of its jobs.`,
		Example: "  mlops logs\n  mlops logs train@depth=4\n  mlops logs 0192a8 evaluate\n  mlops logs train --attempt 1 --service db",
		Args:    cobra.MaximumNArgs(2),
		RunE:    func(_ *cobra.Command, args []string) error { return a.logs(args, o) },
	}
	c.Flags().IntVar(&o.attempt, "attempt", 0, "of a job that was tried again only this attempt, `N` counted from 1")
	c.Flags().StringVar(&o.service, "service", "", "what the service `NAME` of the job printed, in its last attempt or that of --attempt")
	return c
}

// logs prints one log, or all with a heading each. One argument may be a run
// or a job of the newest run.
func (a *app) logs(args []string, o logOptions) error {
	id, job := record.LATEST, ""
	switch len(args) {
	case 1:
		id = args[0]
	case 2:
		id, job = args[0], args[1]
	}
	r, err := a.loadRun(id)
	if err != nil && len(args) == 1 {
		if newest, latestErr := a.loadRun(record.LATEST); latestErr == nil && a.meansJob(newest, args[0]) {
			r, job, err = newest, args[0], nil
		}
	}
	if err != nil {
		return err
	}
	if err := o.check(job); err != nil {
		return err
	}
	if job != "" {
		return a.printLog(r, job, o)
	}
	for _, j := range r.Jobs {
		if j.Status == record.Skipped {
			continue
		}
		fmt.Fprintf(a.stdout, "== %s\n", j.ID)
		if err := a.printLog(r, j.ID, o); err != nil {
			fmt.Fprintf(a.stderr, "mlops: %v\n", err)
		}
	}
	return nil
}

// meansJob reports whether a word that is no run is a job of this one, or nearly.
func (a *app) meansJob(r *record.Run, word string) bool {
	return r.Job(word) != nil || len(legsOf(r, word)) > 0 || spec.Nearest(word, jobIDs(r)) != ""
}

// legsOf are the ids of the legs of a job.
func legsOf(r *record.Run, job string) (legs []string) {
	for _, id := range jobIDs(r) {
		if strings.HasPrefix(id, job+"@") {
			legs = append(legs, id)
		}
	}
	return legs
}

// printLog prints the log of one job. That of a cached job is in the record of
// the run that executed it.
func (a *app) printLog(r *record.Run, job string, o logOptions) error {
	j := r.Job(job)
	if j == nil {
		return a.noJob(r, job)
	}
	if j.Cached && j.CachedFrom != r.ID {
		origin, err := a.loadRun(j.CachedFrom)
		if err != nil {
			return fmt.Errorf("log of %s: it ran in an earlier run: %w", job, err)
		}
		return a.printLog(origin, job, o)
	}
	log, err := o.openLog(r, j)
	if errors.Is(err, record.ErrNoLog) {
		return nil // it printed nothing
	}
	if err != nil {
		return err
	}
	defer log.Close()
	_, err = io.Copy(a.stdout, log)
	return err
}

func jobIDs(r *record.Run) []string {
	ids := make([]string, len(r.Jobs))
	for i, j := range r.Jobs {
		ids[i] = j.ID
	}
	return ids
}

func (a *app) noJob(r *record.Run, job string) error {
	if legs := legsOf(r, job); len(legs) > 0 {
		return fixError{fmt.Errorf("job %s of run %s has several legs", job, r.ID), "name one: " + strings.Join(legs, ", ")}
	}
	known := jobIDs(r)
	err := fmt.Errorf("run %s has no job %q", r.ID, job)
	if near := spec.Nearest(job, known); near != "" {
		return fixError{err, fmt.Sprintf("did you mean %q?", near)}
	}
	return fixError{err, "there are " + strings.Join(known, ", ")}
}
