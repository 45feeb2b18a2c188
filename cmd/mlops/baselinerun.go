package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/baseline"
	"github.com/mlops-runner/mlops/runner/checkout"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
)

// makeBaseline runs the pipeline of the commit that is wanted and has no run,
// and looks again. That it fails is told and changes nothing else: the run that
// asked for it goes on without a baseline. It asks for no baseline itself.
func (j *judging) makeBaseline(hard, soft context.Context, y *yardstick, q baseline.Query, f *baseline.Found) (*baseline.Found, error) {
	why := strings.TrimSuffix(f.Why, "; "+baseline.RunIt)
	j.say("notice", fmt.Sprintf("baseline: %s; running %.12s now", foreign(why), f.Wanted))
	began := time.Now()
	err := j.runAnew(hard, soft, y, commitRun{f.Wanted, f.Name, nil})
	if soft.Err() != nil {
		return nil, context.Cause(soft)
	}
	if err != nil {
		f.Why = fmt.Sprintf("the baseline run of %.12s failed: %s", f.Wanted, err)
		return f, nil
	}
	j.say("notice", fmt.Sprintf("baseline: ran %.12s in %s", f.Wanted, view.Duration(time.Since(began))))
	return y.find(soft, q, began)
}

// makeSeeds runs more seeds of the commit that the run is compared with, and
// looks again. That it fails is told: what was found before stays.
func (j *judging) makeSeeds(hard, soft context.Context, y *yardstick, q baseline.Query, ids []string) (*baseline.Found, error) {
	f := j.found
	j.say("notice", fmt.Sprintf("baseline: running %s of %.12s too", strings.Join(ids, ", "), f.Found))
	err := j.runAnew(hard, soft, y, commitRun{f.Found, f.Name, ids})
	if soft.Err() != nil {
		return nil, context.Cause(soft)
	}
	if err != nil {
		j.say("warning", fmt.Sprintf("baseline: the seeds of %.12s could not be run: %s", f.Found, err))
		return f, nil
	}
	return y.find(soft, q, time.Now())
}

// A commitRun says what is run of which commit.
type commitRun struct {
	commit string
	name   string   // of its branch, as people call it
	spare  []string // legs of seeds that usually stand by
}

// runAnew runs a commit and reads the records again. The error is for people.
func (j *judging) runAnew(hard, soft context.Context, y *yardstick, c commitRun) error {
	run, err := j.runCommit(hard, soft, y, c)
	switch {
	case err != nil:
		return errors.New(foreign(err.Error()) + cureOf(err))
	case run.Status != record.Success:
		return errors.New(foreign(run.Error))
	}
	return y.again()
}

// runCommit runs the whole pipeline of a commit in a folder of its own below the
// store, from the same cache, and returns its record.
func (j *judging) runCommit(hard, soft context.Context, y *yardstick, c commitRun) (run *record.Run, err error) {
	scratch, err := j.session.Store.Scratch()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.session.Store.RemoveScratch(scratch)) }()
	p, err := j.bring(soft, y, c.commit, scratch)
	if err != nil {
		return nil, err
	}
	s, err := j.app.openSession(soft, p, engineOptions{executor: j.options.executor, agent: j.options.agent}, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close(), os.RemoveAll(p.indexPath())) }()
	j.prepare(soft, s, c)
	s.Overlay = &runner.Overlay{Outputs: filepath.Join(scratch, "outputs"), Scope: j.session.Store.Root()}
	if err := j.app.giveSecrets(s, maps.Clone(j.session.Secrets), os.LookupEnv); err != nil {
		return nil, err
	}
	done, err := s.Run(hard, soft)
	if err != nil {
		return nil, err
	}
	return done.Record, nil
}

// prepare makes a session one of a baseline: it is recorded as such, waits for no
// turn, since the run that waits for it may have it, and promotes nothing.
func (j *judging) prepare(ctx context.Context, s *session, c commitRun) {
	s.Watch = j.hear
	s.Plan.Group = plan.Group{}
	s.Options.Jobs, s.Options.KeepGoing, s.Options.Alone, s.Options.DiskFloor = j.options.jobs, false, j.options.alone, j.options.floor
	s.source.Repository, s.source.Branch = j.session.source.Repository, c.name
	for _, id := range c.spare {
		if i := s.Plan.Index(id); i >= 0 {
			s.Options.Selected[i] = true
		}
	}
	s.Options.Header = s.header(engineOptions{})
	s.Options.Header.File = j.session.project.path
	s.Options.Header.Trigger = record.Trigger{Event: baseline.Event, Actor: j.app.starter(ctx, j.session.project)}
	s.Options.Withheld = map[string]string{}
	for _, n := range s.Plan.Nodes {
		for _, step := range n.Steps {
			if step.Uses == "promote" || step.Uses == "pack" {
				s.Options.Withheld[n.ID] = "a baseline run promotes nothing"
			}
		}
	}
}

// hear tells of a baseline run only what went wrong.
func (j *judging) hear(e runner.Event) {
	switch {
	case e.Kind == runner.JobEnded && e.Status == "failure":
		j.say("warning", fmt.Sprintf("baseline run: %s failed: %s", e.Job, foreign(e.Error)))
	case e.Kind == runner.JobEnded && e.Status == "success" && !e.Cached:
		j.say("notice", fmt.Sprintf("baseline run: %s ran in %s", e.Job, view.Duration(e.Wall)))
	}
}

// bring checks a commit out below a folder, from here or, where a clone lacks
// its files, from where this came from.
func (j *judging) bring(ctx context.Context, y *yardstick, commit, below string) (*project, error) {
	top := y.repo.Top()
	dir, name, err := y.project.inRepository(top)
	if err != nil {
		return nil, err
	}
	// A pipeline without a name is called like its folder.
	where := filepath.Join(below, filepath.Base(top))
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	o := checkout.Options{Submodules: true}
	got, err := checkout.Checkout(ctx, top, commit, where, o)
	if err != nil && ctx.Err() == nil {
		j.app.log.Debug("check out the baseline from here", "error", err)
		o.Depth = 1
		got, err = checkout.Checkout(ctx, j.session.source.Repository, commit, where, o)
	}
	if err != nil {
		return nil, fixError{fmt.Errorf("its files cannot be had: %w", err), "set fetch-depth: 0"}
	}
	if len(got.Pointers) > 0 {
		return nil, fmt.Errorf("%s is an LFS pointer%s, and the files are not in git", got.Pointers[0], others(len(got.Pointers)))
	}
	p, err := j.app.findProject(filepath.Join(where, dir, name))
	if err != nil {
		return nil, err
	}
	p.home, p.lookup = j.session.Store.Root(), func(string) (string, bool) { return "", false }
	return p, nil
}
