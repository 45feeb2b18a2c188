package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
)

// Exit codes of a run, as its record has them.
const (
	exitFine      = 0
	exitFailed    = 1
	exitStuck     = 4
	exitCancelled = 130
)

// Run executes the plan. When soft ends, nothing new is started and jobs are
// asked to stop; when hard ends, they are killed. The error is of the runner:
// its store, its record, or secrets that are missing ([MissingSecretsError]). Jobs that fail are in the result.
func (r *Runner) Run(hard, soft context.Context) (*Finished, error) {
	if err := r.CheckSecrets(); err != nil {
		return nil, err
	}
	x := r.open(hard)
	m, err := x.runMembership()
	if err == nil {
		err = x.preflight(hard)
	}
	if err != nil {
		return nil, err
	}
	if err := x.begin(hard); err != nil {
		return nil, err
	}
	defer x.watch.close()
	defer x.close()
	turn, err := x.enter(hard, soft, m)
	if err != nil {
		return nil, errors.Join(err, x.writer.Close())
	}
	defer x.leave(turn.turn)
	s := newSchedule(x, turn.hard, turn.soft)
	s.member = m
	s.loop()
	againErr := x.publishAgain(hard)
	run := x.finish(s, turn.soft.Err() != nil)
	if run.Status == record.Cancelled {
		run.Error = cmp.Or(run.Error, turn.reason())
	}
	if againErr != nil && run.Status == record.Success {
		run.Status, run.Exit, run.Reason = record.Failure, exitStuck, string(agent.ReasonConfig)
		run.Error = fmt.Sprintf("publish again, after another run: %v", againErr)
		x.watch.send(Event{Kind: Notice, Level: "error", Text: run.Error})
	}
	digest, err := x.writer.Seal(*run)
	if err != nil {
		return nil, errors.Join(err, x.writer.Close())
	}
	run.Digest = digest
	f := &Finished{Record: run, Summary: x.summary(run), Settled: x.settled(run), Files: x.used.files, Still: x.still}
	for p := range x.used.folders {
		f.Folders = append(f.Folders, p)
	}
	slices.Sort(f.Folders)
	x.watch.send(Event{Kind: RunEnded, Status: string(run.Status), Summary: &f.Summary})
	return f, nil
}

// close lets go of what begin took.
func (x *execution) close() {
	x.reaping.Wait()
	if err := errors.Join(x.places.close(), x.definitions.close(), x.pin.Release()); err != nil {
		x.log().Warn("close run", "error", err)
	}
}

// begin opens the record and says that the run has started.
func (x *execution) begin(ctx context.Context) (err error) {
	swept, err := x.Store.Sweep()
	if err != nil {
		x.log().Warn("sweep", "error", err)
	}
	if x.pin, err = x.Store.Pin(ctx); err != nil {
		return err
	}
	x.places = places{scratch: x.Store.Scratch, remove: x.Store.RemoveScratch, reuse: x.images.imager == nil}
	header := x.Options.Header
	header.Started = x.started.UTC()
	if x.writer, err = record.CreateOn(x.Store.Disk(), x.Store.Root(), header); err != nil {
		return errors.Join(err, x.pin.Release())
	}
	x.publishing.last = x.publisher()
	x.watch = newWatcher(x.writer.ID(), x.Watch, x.now, x.secret)
	x.watch.send(Event{Kind: RunStarted, Pipeline: x.Plan.Pipeline, Total: x.total()})
	for _, text := range x.Options.Notices {
		x.watch.send(Event{Kind: Notice, Level: "warning", Text: text})
	}
	switch died := slices.ContainsFunc(swept, func(rel string) bool { return strings.HasPrefix(rel, "pins/") }); {
	case x.images.imager == nil:
		x.reap(ctx)
	case died:
		x.reapBeside(ctx) // otherwise a container engine is asked when a job runs, not before
	}
	return nil
}

// reap removes what dead runners left.
func (x *execution) reap(ctx context.Context) {
	r, ok := x.Executor.(Reaper)
	if !ok {
		return
	}
	if _, err := r.Reap(ctx, false); err != nil {
		x.log().Warn("reap", "error", err)
	}
}

// reapBeside does so once, beside the first job that runs.
func (x *execution) reapBeside(ctx context.Context) {
	if x.images.imager == nil {
		return
	}
	x.reapOnce.Do(func() {
		x.reaping.Go(func() {
			ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer stop()
			x.reap(ctx)
		})
	})
}

// total is how many jobs the run decides on.
func (x *execution) total() int {
	n := 0
	for i, node := range x.Plan.Nodes {
		if x.selected(i) && node.Kind == plan.Run {
			n++
		}
	}
	return n
}

// finish makes the record of the whole run and judges the gates.
func (x *execution) finish(s *schedule, cancelled bool) *record.Run {
	run := x.Options.Header
	run.ID, run.Dir, run.Started, run.Ended = x.writer.ID(), x.writer.Dir(), x.started.UTC(), x.now().UTC()
	run.Status, run.Exit = record.Success, exitFine
	for i, o := range x.outcomes {
		if o == nil {
			continue
		}
		if o.record != nil {
			run.Jobs = append(run.Jobs, *o.record)
		}
		if o.leg != "" {
			run.Selected = selected(run.Selected, x.Plan.Nodes[i].Job, o.leg)
		}
		x.count(&run, x.Plan.Nodes[i], o)
	}
	if cancelled && run.Status != record.Failure {
		run.Status, run.Exit, run.Reason = record.Cancelled, exitCancelled, string(agent.ReasonCanceled)
	}
	if run.Status == record.Success && x.Judge != nil && x.whole() {
		x.judge(&run)
	}
	return &run
}

// selected notes the leg that a job's select chose.
func selected(legs record.Labels, job, leg string) record.Labels {
	if legs == nil {
		legs = record.Labels{}
	}
	legs[job] = leg
	return legs
}

// count lets a node's outcome bear on that of the run.
func (x *execution) count(run *record.Run, n *plan.Node, o *outcome) {
	switch {
	case o.status == agent.Failure && !o.soft:
		if run.Status != record.Failure {
			run.Reason, run.Error = string(o.reason), fmt.Sprintf("%s: %s", n.ID, o.err)
		}
		if run.Status != record.Failure {
			run.Exit = exitFailed // whatever was cancelled because of it
		}
		run.Status = record.Failure
		if o.place {
			run.Exit = exitStuck
		}
	case o.status == agent.Canceled && run.Status != record.Failure:
		run.Status, run.Exit, run.Reason = record.Cancelled, exitCancelled, string(agent.ReasonCanceled)
	}
}

// judge decides on the gates by the metrics of all jobs; of a matrix with
// `select` those of the chosen leg count.
func (x *execution) judge(run *record.Run) {
	run.Gates = x.Judge(x.gateMetrics(), x.jobsContext())
	for _, g := range run.Gates {
		text := fmt.Sprintf("gate %s %s: %s", g.Gate, g.Outcome, g.Detail)
		switch g.Outcome {
		case GateFailed:
			run.Status, run.Exit, run.Reason = record.Failure, exitFailed, string(agent.ReasonGate)
			run.Error = cmp.Or(run.Error, text)
			x.watch.send(Event{Kind: Notice, Level: "error", File: x.Plan.File, Line: g.Line, Text: text})
		case GatePassed:
		default:
			x.watch.send(Event{Kind: Notice, Level: "notice", File: x.Plan.File, Line: g.Line, Text: text})
		}
	}
}

// The outcomes of a gate that a run acts upon.
const (
	GatePassed = "passed"
	GateFailed = "failed"
)

// jobsContext is the jobs context: result and outputs by job.
func (x *execution) jobsContext() map[string]any {
	out := map[string]any{}
	for i, n := range x.Plan.Nodes {
		if o := x.outcomes[i]; o != nil && n.Kind == plan.Run {
			x.addNeed(out, n, o)
		}
	}
	return out
}

// gateMetrics returns what counts for gates, with the job instance that reported it.
func (x *execution) gateMetrics() []record.Metric {
	var ms []record.Metric
	for i, n := range x.Plan.Nodes {
		if o := x.outcomes[i]; o != nil && o.result != nil && n.Publish {
			for _, m := range o.result.Metrics {
				m.Job = cmp.Or(o.leg, n.ID)
				ms = append(ms, m)
			}
		}
	}
	return ms
}

// settled reports whether an equal run would do nothing.
func (x *execution) settled(run *record.Run) bool {
	if run.Status != record.Success {
		return false
	}
	for i, n := range x.Plan.Nodes {
		o := x.outcomes[i]
		if !x.selected(i) {
			continue
		}
		if o == nil || o.soft || n.NoCache || o.record != nil && o.record.Uncached != "" {
			return false
		}
	}
	return true
}

// relative is a path as seen from the repository, if it lies inside.
func (x *execution) relative(path string) string {
	rel, err := filepath.Rel(x.Root, path)
	if err != nil || !filepath.IsLocal(rel) {
		return path
	}
	return rel
}

// still looks again at everything that was decided upon.
func (x *execution) still(ctx context.Context) bool {
	for n, in := range x.used.inputs {
		if x.moved(ctx, n, in) != "" {
			return false
		}
	}
	return x.Tree.Current(ctx, x.used.outputs)
}

// summary is the run for those who watched it.
func (x *execution) summary(run *record.Run) Summary {
	s := Summary{
		Run: run.ID, Pipeline: x.Plan.Pipeline, Status: string(run.Status), Wall: run.Ended.Sub(run.Started),
		Record: x.relative(run.Dir), Selected: map[string]string{},
	}
	for i, n := range x.Plan.Nodes {
		if o := x.outcomes[i]; o != nil {
			x.summarize(&s, n, o)
		}
	}
	return s
}

func (x *execution) summarize(s *Summary, n *plan.Node, o *outcome) {
	if o.leg != "" {
		s.Selected[n.Job] = o.leg
	}
	if o.record == nil {
		return
	}
	j := o.record
	s.Jobs = append(s.Jobs, JobSummary{
		Job: j.ID, Status: string(j.Status), Reason: j.Reason, Exit: j.Exit, Cached: j.Cached, Wall: j.Wall, CPU: j.CPU,
		Peak: j.PeakMemory, Metrics: metricValues(j.Metrics), Outputs: n.Outputs, Error: j.Error,
	})
	switch {
	case j.Cached:
		s.Cached++
		s.Saved += o.result.Wall
	case j.Status == record.Success:
		s.Succeeded++
	case j.Status == record.Failure:
		s.Failed++
	case j.Status == record.Skipped:
		s.Skipped++
	default:
		s.Canceled++
	}
	if !j.Cached {
		s.CPU += time.Duration(j.CPU)
	}
}

func metricValues(ms []record.Metric) []MetricValue {
	var out []MetricValue
	for _, m := range ms {
		if len(m.Slice) == 0 {
			out = append(out, MetricValue{Name: m.Name, Value: m.Value, Better: m.Better, Unit: m.Unit})
		}
	}
	return out
}
