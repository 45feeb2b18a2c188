package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
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
	atWork, welcome, settle := x.budget.bind(turn.hard, turn.soft, x.tellLimit)
	s := newSchedule(x, atWork, welcome)
	s.member = m
	s.loop()
	for x.wantsMore(s, turn) {
		s.loop()
	}
	tooMuch := settle()
	againErr := x.publishAgain(hard)
	run := x.finish(turn)
	overrun(run, tooMuch)
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
	f := &Finished{Record: run, Summary: x.summary(run), Settled: x.settled(run), Until: x.until(), Files: x.used.files, Folders: x.used.patterns(x.Plan), Data: x.used.datasets(), Still: x.still}
	x.watch.send(Event{Kind: RunEnded, Status: string(run.Status), Summary: &f.Summary})
	return f, nil
}

// close lets go of what begin took.
func (x *execution) close() {
	x.reaping.Wait()
	if err := errors.Join(x.places.close(), x.definitions.close(), x.release()); err != nil {
		x.log().Warn("close run", "error", err)
	}
}

// release ends the run's own pin.
func (x *execution) release() error {
	if x.pin == x.Hold {
		return nil
	}
	return x.pin.Release()
}

// begin opens the record and says that the run has started.
func (x *execution) begin(ctx context.Context) (err error) {
	unsettled := Unsettled(x.Store.Root())
	err = x.noteDeath()
	if err == nil {
		_, err = x.Store.Sweep()
	}
	if err != nil {
		x.log().Warn("sweep", "error", err)
	}
	if x.pin = x.Hold; x.pin == nil {
		if x.pin, err = x.Store.Pin(ctx); err != nil {
			return err
		}
	}
	x.places = places{scratch: x.Store.Scratch, remove: x.Store.RemoveScratch, reuse: x.images.imager == nil}
	header := x.Options.Header
	header.Started = x.started.UTC()
	if x.writer, err = record.CreateOn(x.Store.Disk(), x.Store.Root(), header); err != nil {
		return errors.Join(err, x.release())
	}
	x.writer.Expect(x.total())
	x.publishing.last = x.publisher()
	x.watch = newWatcher(x.writer.ID(), x.Watch, x.now, x.secret)
	x.watch.send(Event{Kind: RunStarted, Pipeline: x.Plan.Pipeline, Total: x.total()})
	for _, text := range x.Options.Notices {
		x.watch.send(Event{Kind: Notice, Level: "warning", Text: text})
	}
	switch {
	case x.images.imager == nil:
		x.reap(ctx)
	case unsettled:
		x.reapBeside(ctx) // otherwise a container engine is asked when a job runs, not before
	}
	return nil
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
func (x *execution) finish(turn *runTurn) *record.Run {
	run := x.tally(turn)
	if x.judges(run) {
		x.judge(turn.hard, turn.soft, run)
	}
	return run
}

// judges reports whether there is something to decide on a run.
func (x *execution) judges(run *record.Run) bool {
	return run.Status == record.Success && x.Judge != nil && x.whole()
}

// tally makes the record of the whole run but for its gates.
func (x *execution) tally(turn *runTurn) *record.Run {
	cancelled := turn.soft.Err() != nil
	run := x.Options.Header
	run.ID, run.Dir, run.Started, run.Ended = x.writer.ID(), x.writer.Dir(), x.started.UTC(), x.now().UTC()
	run.Status, run.Exit, run.Jobs = record.Success, exitFine, x.lost.jobs
	for i, o := range x.outcomes {
		if o == nil {
			continue
		}
		if o.ended {
			run.Summary = append(run.Summary, record.JobSummary{ID: x.Plan.Nodes[i].ID})
		}
		if n := x.Plan.Nodes[i]; o.leg != "" && n.ID == n.Job && o.config != n.Job {
			run.Selected = selected(run.Selected, n.Job, o.config)
		}
		x.count(&run, x.Plan.Nodes[i], o)
	}
	if cancelled && run.Status != record.Failure {
		run.Status, run.Exit, run.Reason = record.Cancelled, exitCancelled, string(agent.ReasonCanceled)
	}
	return &run
}

// selected notes the leg that a job's select chose; of a job with seeds, that of
// all seeds.
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

// judge lets the run be decided on, and acts on its gates.
func (x *execution) judge(hard, soft context.Context, run *record.Run) {
	j, err := x.ask(hard, soft, run)
	if err == nil {
		for _, name := range slices.Sorted(maps.Keys(j.Files)) {
			err = errors.Join(err, x.writer.AddFile(name, j.Files[name]))
		}
	}
	switch {
	case err != nil && soft.Err() != nil:
		run.Status, run.Exit, run.Reason = record.Cancelled, exitCancelled, string(agent.ReasonCanceled)
		return
	case err != nil:
		run.Status, run.Exit, run.Reason, run.Error = record.Failure, exitStuck, string(agent.ReasonConfig), fmt.Sprintf("judge the run: %v", err)
		x.watch.send(Event{Kind: Notice, Level: "error", Text: run.Error})
		return
	}
	run.Gates, run.Baseline = j.Gates, j.Baseline
	for _, g := range run.Gates {
		text := fmt.Sprintf("gate %s %s: %s", g.Gate, g.Outcome, g.Detail)
		switch g.Outcome {
		case GateFailed, GateErrored:
			run.Status, run.Exit, run.Reason = record.Failure, exitFailed, string(agent.ReasonGate)
			run.Error = cmp.Or(run.Error, text)
			x.watch.send(Event{Kind: Notice, Level: "error", File: x.Plan.File, Line: g.Line, Reason: string(agent.ReasonGate), Text: text})
		case GatePassed:
		default:
			x.watch.send(Event{Kind: Notice, Level: "notice", File: x.Plan.File, Line: g.Line, Reason: string(agent.ReasonGate), Text: text})
		}
	}
}

// ask lets a run be decided on.
func (x *execution) ask(hard, soft context.Context, run *record.Run) (*Judgement, error) {
	whole, err := withJobs(run)
	if err != nil {
		return nil, err
	}
	return x.Judge(hard, soft, whole, x.jobsContext())
}

// withJobs returns a run with the jobs that its record has, in the order of the
// plan: nobody keeps them in memory until then.
func withJobs(run *record.Run) (*record.Run, error) {
	written, err := record.Entry{ID: run.ID, Dir: run.Dir}.Load()
	if err != nil {
		return nil, err
	}
	whole := *run
	whole.Jobs = nil
	for _, s := range run.Summary {
		if j := cmp.Or(written.Job(s.ID), run.Job(s.ID)); j != nil {
			whole.Jobs = append(whole.Jobs, *j)
		}
	}
	return &whole, nil
}

// The outcomes of a gate that a run acts upon.
const (
	GatePassed = "passed"
	GateFailed = "failed"
	// GateErrored is of a gate that could not be judged: it blocks as well.
	GateErrored = "error"
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

// settled reports whether an equal run would do nothing.
func (x *execution) settled(run *record.Run) bool {
	if run.Status != record.Success {
		return false
	}
	for i, n := range x.Plan.Nodes {
		o := x.outcomes[i]
		if !x.selected(i) && o == nil {
			continue
		}
		if o == nil || o.soft || n.NoCache || o.uncached {
			return false
		}
	}
	return true
}

// until is the earliest time at which the result of a job ceases to hold.
func (x *execution) until() (t time.Time) {
	for _, o := range x.outcomes {
		if o == nil || o.product == nil || o.product.until.IsZero() {
			continue
		}
		if t.IsZero() || o.product.until.Before(t) {
			t = o.product.until
		}
	}
	return t
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
	for i, before := range x.used.inputs {
		if before.IsZero() {
			continue
		}
		n := x.Plan.Nodes[i]
		patterns, exclude := splitPatterns(n)
		now, err := x.repository(ctx, n, x.upstream(n, patterns, exclude))
		if err != nil || (inputs{repo: now}).digest() != before {
			return false
		}
	}
	return x.Tree.Current(ctx, x.published())
}

// published are the files that the run's jobs have put into the repository.
func (x *execution) published() []store.Entry {
	var es []store.Entry
	for i, n := range x.Plan.Nodes {
		if o := x.outcomes[i]; x.Overlay == nil && o != nil && o.product != nil && n.Publish {
			es = append(es, o.product.outputs...)
		}
	}
	return es
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
		s.Selected[n.ID] = o.leg
	}
	if !o.ended {
		return
	}
	j := summaryLine(n, o)
	s.Jobs = append(s.Jobs, j)
	switch {
	case j.Cached:
		s.Cached++
		s.Saved += o.product.wall
	case j.Status == string(record.Success):
		s.Succeeded++
	case j.Status == string(record.Failure):
		s.Failed++
	case j.Status == string(record.Skipped):
		s.Skipped++
	default:
		s.Canceled++
	}
	if !j.Cached {
		s.CPU += j.CPU
	}
}

// summaryLine is the line of a job in the summary of its run.
func summaryLine(n *plan.Node, o *outcome) JobSummary {
	j := JobSummary{
		Job: n.ID, Status: string(o.status), Reason: string(o.reason), Exit: o.exit, Cached: o.cached,
		Wall: o.cost.wall, CPU: o.cost.cpu, Peak: o.cost.peak, Outputs: n.Outputs,
	}
	if o.product != nil {
		j.Metrics = metricValues(o.product.metrics)
	}
	if o.status == agent.Failure {
		j.Error = o.err
	}
	return j
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
