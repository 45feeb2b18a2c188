package main

import (
	"cmp"
	"context"
	"maps"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/baseline"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/runner/trigger"
	"github.com/mlops-runner/mlops/runner/worktree"
	"github.com/mlops-runner/mlops/spec"
)

// A judging is how a session's run is judged: by which gates, and beside which
// earlier run.
type judging struct {
	app      *app
	session  *session
	options  runOptions
	stranger bool           // whose files nobody trusts
	params   map[string]any // that gates read
	own      []spec.Str     // gates of the run's own file, where those of another one judge it; else nil
	base     string         // commit of that other one, or ""

	found  *baseline.Found     // what was found to compare with, once somebody looked
	past   []*record.Run       // beside it
	unsure map[string][]string // metrics by the job whose extra seeds they asked for

	report *report.Report // what the run came to; nil if it was not judged
	beside *record.Run    // what it was compared with; nil if there is nothing
	basis  report.CompareOptions
}

// judgeBy lets a session judge its run, unless there is nothing to judge or to
// compare: then nobody looks for a baseline.
func (a *app) judgeBy(s *session, o runOptions) {
	s.judging = &judging{app: a, session: s, options: o, params: s.Plan.ParamTree}
	o.shown.judging = s.judging
	if len(s.Plan.Gates) > 0 || s.judging.compares() || s.judging.glances() {
		s.Judge = s.judging.judge
	}
}

// compares reports whether the run is worth an earlier one beside it: the file
// says which, a gate asks for it, or somebody will review it.
func (j *judging) compares() bool {
	b := j.session.Plan.Baseline
	e := cause(j.session.project.event)
	return j.options.ci || b.Asked != "" || b.Run || b.Gates || j.options.baselineRun || e != nil && e.Name == trigger.PullRequest
}

// glances reports whether a run is shown beside an earlier one if there is one,
// and nothing is said if there is none: its file tells how metrics are to be read.
func (j *judging) glances() bool { return len(j.session.Plan.Metrics) > 0 && !j.stranger }

// held lets a stranger's run be judged as the base commit says.
func (j *judging) held(base *trusted, own []spec.Str) {
	j.stranger, j.params, j.base = true, base.plan.ParamTree, base.commit
	j.own = append([]spec.Str{}, own...)
}

// judge is the session's [runner.Runner.Judge].
func (j *judging) judge(hard, soft context.Context, run *record.Run, jobs map[string]any) (*runner.Judgement, error) {
	pl := j.session.Plan
	o := report.CompareOptions{Metrics: pl.Metrics, Gates: pl.Gates, OwnGates: j.own, Contexts: j.contexts(jobs), HeadName: run.Source.Branch}
	out := &runner.Judgement{Files: map[string][]byte{}}
	var base *record.Run
	if j.compares() || j.glances() {
		found, err := j.compared(hard, soft, run, &o)
		if err != nil {
			return nil, err
		}
		if base = found.Run; base != nil {
			out.Baseline = cmp.Or(base.ID, found.Found)
		}
		if out.Files["baseline.json"], err = record.Canonical(found.Baseline); err != nil {
			return nil, err
		}
	}
	if o.Baseline.Why == "" {
		o.Baseline.Why = "not looked for, since no gate compares and the file has no baseline:"
	}
	run, base, err := evaluations(soft, j.session.Store, j.session.project.root, run, base, &o)
	if err != nil {
		return nil, err
	}
	gs := growths(pl, run)
	if len(gs) > 0 {
		if out.Files[levelsFile], err = record.Canonical(seedLevels(gs)); err != nil {
			return nil, err
		}
	}
	o.SeedLevels, o.Noise = seedLevels(gs), noise(j.session.project.sharedStore(), pl.Pipeline)
	j.beside, j.basis = base, o
	j.report = compare(run, base, o)
	if out.More = j.moreSeeds(gs); len(out.More) > 0 {
		return out, nil
	}
	j.addNotes(j.seedNotes(gs))
	for _, v := range j.report.Gates {
		out.Gates = append(out.Gates, record.Gate{Gate: v.Gate, Line: j.line(v), Outcome: string(v.Outcome), Detail: v.Detail})
	}
	return out, nil
}

// addNotes adds lines to what is told of the run, here and where it is told again.
func (j *judging) addNotes(notes []string) {
	j.basis.Notes, j.report.Notes = append(j.basis.Notes, notes...), append(j.report.Notes, notes...)
}

// line is where a gate stands in the run's own file; 0 if it does not.
func (j *judging) line(v report.Judged) int {
	if j.own == nil {
		return v.Pos.Line
	}
	for _, g := range j.own {
		if g.Value == v.Gate {
			return g.Pos.Line
		}
	}
	return 0
}

// contexts are what gates read beside metrics.
func (j *judging) contexts(jobs map[string]any) map[string]any {
	known := maps.Clone(j.session.project.contexts)
	known["params"] = j.params
	if jobs != nil {
		known["jobs"] = jobs
	}
	return known
}

// compared finds the run to compare with, once, and tells the comparison of it.
func (j *judging) compared(hard, soft context.Context, run *record.Run, o *report.CompareOptions) (*baseline.Found, error) {
	if j.found == nil {
		if err := j.look(hard, soft, run); err != nil {
			return nil, err
		}
	} else if err := j.pair(hard, soft, run); err != nil {
		return nil, err
	}
	f := j.found
	o.Baseline, o.BaseName, o.History = f.Baseline, f.Name, j.past
	o.Code = code(soft, j.session.Tree, f.Run, run)
	return f, nil
}

// look finds the run to compare with, makes it if it is to be made, and says
// which it is.
func (j *judging) look(hard, soft context.Context, run *record.Run) error {
	y, err := j.app.openYardstick(soft, j.session.project, j.stranger)
	if err != nil {
		j.found = &baseline.Found{Baseline: report.Baseline{Asked: j.session.Plan.Baseline.Asked, Tip: -1, Why: foreign(err.Error())}}
		return soft.Err()
	}
	defer y.close()
	q := j.query(soft, y, run)
	f, err := y.find(soft, q, run.Started)
	if err == nil && f.Run == nil && f.Wanted != "" && j.makes() {
		if j.stranger {
			f.Why += " (a stranger's run makes no baseline)"
		} else if f, err = j.makeBaseline(hard, soft, y, q, f); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if f.Run != nil || j.compares() {
		j.say("notice", "baseline: "+foreign(f.Line()))
	}
	j.found, j.past = f, y.past(f)
	return nil
}

// query is what is asked for the run to compare with.
func (j *judging) query(ctx context.Context, y *yardstick, run *record.Run) baseline.Query {
	if j.base != "" {
		y.folder = y.filesOf(ctx, j.base, !j.stranger)
	}
	q := y.query(run.Source, run.Pipeline, run.ID)
	q.Asked = j.session.Plan.Baseline.Asked
	if j.options.base != "" && q.Base == (baseline.Base{}) {
		q.Base = baseline.Base{Branch: j.options.base, Tip: j.base}
	}
	return q
}

// makes reports whether jobs of another commit may be run to compare with.
func (j *judging) makes() bool {
	return (j.session.Plan.Baseline.Run || j.options.baselineRun) && !j.options.cachedOnly
}

// pair runs the seeds that the run has come to at the commit that it is compared
// with, if that may be run: what differs between seeds then does not count.
func (j *judging) pair(hard, soft context.Context, run *record.Run) error {
	if j.found.Run == nil || j.found.Found == "" || j.found.Run.ID == "" || j.stranger || !j.makes() {
		return nil
	}
	ids := lone(j.session.Plan, run, j.found.Run)
	if len(ids) == 0 {
		return nil
	}
	y, err := j.app.openYardstick(soft, j.session.project, false)
	if err != nil {
		return soft.Err()
	}
	defer y.close()
	f, err := j.makeSeeds(hard, soft, y, j.query(soft, y, run), ids)
	if err == nil && f.Run != nil {
		j.found, j.past = f, y.past(f)
	}
	return err
}

// say shows a remark among those of the run, which has ended but for its judgement.
func (j *judging) say(level, text string) {
	if j.session.Watch != nil {
		j.session.Watch(runner.Event{Kind: runner.Notice, Level: level, Text: text, Time: time.Now().UTC()})
	}
}

// code is how the repositories of two runs differ, as far as the clone tells.
func code(ctx context.Context, tree *worktree.Tree, base, head *record.Run) report.Code {
	if base == nil || base.Source.Commit == "" || head.Source.Commit == "" || head.Source.Shallow {
		return report.Code{}
	}
	files, err := tree.Changed(ctx, base.Source.Commit, head.Source.Commit, worktree.ChangedFrom)
	if err != nil {
		return report.Code{}
	}
	return report.Code{Files: files, Count: len(files)}
}

// compare is [report.Compare], also with metrics that belong to no run: of those
// nothing else is known, so nothing else is told.
func compare(head, base *record.Run, o report.CompareOptions) *report.Report {
	r := report.Compare(head, base, o)
	if base == nil || base.ID != "" {
		return r
	}
	r.Params, r.Inputs, r.Outputs, r.BaseCost, r.Notes = nil, nil, report.Sameness{}, nil, o.Notes
	jobs := r.Jobs[:0]
	for _, j := range r.Jobs {
		if j.Only != "base" {
			j.Only, j.Equal, j.Changed, j.Outputs = "", false, nil, report.Sameness{}
			jobs = append(jobs, j)
		}
	}
	r.Jobs = jobs
	return r
}
