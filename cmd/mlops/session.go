package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/docker"
	"github.com/mlops-runner/mlops/runner/host"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/share"
	"github.com/mlops-runner/mlops/runner/source"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/trigger"
	"github.com/mlops-runner/mlops/runner/worktree"
)

// engineOptions are the flags of every command that decides about jobs.
type engineOptions struct {
	executor   string
	agent      string
	params     []string
	downstream bool
	force      bool
	eventOptions
}

// session is an open project with everything that a run needs.
type session struct {
	*runner.Runner
	project   *project
	source    record.Source
	judging   *judging   // of a run; nil where nothing is run
	promotion *promotion // of a trusted run; nil if it promotes nothing
	past      *pastFiles
	spares    map[string]bool // legs of seeds that stand by and are cached, of a run that runs nothing
	signer    *provenance.Key // of a trusted run; nil if nothing is signed
	far       *share.Cache    // the shared store; nil if there is none
	close     func() error
}

// hold keeps what the session's run makes from garbage collections until the session
// is closed, and not only to the run's end.
func (s *session) hold(ctx context.Context) (err error) {
	if s.Hold, err = s.Store.Pin(ctx); err != nil {
		return err
	}
	rest := s.close
	s.close = func() error { return errors.Join(s.Hold.Release(), rest()) }
	return nil
}

// openSession opens a project's store, tree and executor, and makes its plan.
// It asks Docker nothing: the executor connects when it is first used.
func (a *app) openSession(ctx context.Context, p *project, o engineOptions, names []string) (*session, error) {
	s, err := store.OpenWith(p.store(), store.Options{Counters: a.counters})
	if errors.Is(err, fs.ErrPermission) {
		return nil, fixError{err, "set MLOPS_HOME to a folder that you can write, or make this one writable"}
	}
	if err != nil {
		return nil, err
	}
	tree, err := worktree.Open(p.root, worktree.Options{Index: p.indexPath(), Counters: a.counters, Skip: p.storeInside()})
	if err != nil {
		return nil, err
	}
	src := tree.Source(ctx)
	p.event, err = a.readEvent(o.eventOptions)
	if err != nil {
		return nil, errors.Join(err, tree.Close())
	}
	p.contexts = map[string]any{"github": githubContext(src, p.environ(), p.event)}
	pl, err := a.planFor(p, s, o, func() error { return a.admit(ctx, p, tree, src.Directory) })
	if err != nil {
		return nil, errors.Join(err, tree.Close())
	}
	selected, err := pl.Select(names, o.downstream)
	if err != nil {
		return nil, errors.Join(usageError{err}, tree.Close())
	}
	scope, err := filepath.Abs(p.sharedStore())
	if err != nil {
		return nil, errors.Join(err, tree.Close())
	}
	locked, err := p.lock()
	if err != nil {
		return nil, errors.Join(err, tree.Close())
	}
	exec, closeExec, err := a.executor(ctx, o.executor, scope)
	if err != nil {
		return nil, errors.Join(err, tree.Close())
	}
	opened := &session{
		Runner: &runner.Runner{
			Root: p.root, Plan: pl, Store: s, Tree: tree, Executor: exec, Contexts: p.contexts, Pins: locked.Pins(), Log: a.log,
			Locks: machineLocks(), Source: fetcher(),
			Options: runner.Options{Selected: selected, Force: o.force, Only: named(names), AgentPath: o.agent},
		},
		project: p, source: src,
		close: func() error { return errors.Join(closeExec(), tree.Close()) },
	}
	far, err := a.cache(p, s)
	if err != nil {
		return nil, errors.Join(err, opened.close())
	}
	if far != nil {
		opened.Cache, opened.far = far, far
	}
	opened.past = &pastFiles{app: a, session: opened}
	opened.Past = opened.past.read
	return opened, nil
}

// planFor returns the kept plan of an unchanged file, or makes it. Where an
// event has to be held against the file, admit does so between parsing and planning.
func (a *app) planFor(p *project, s *store.Dir, o engineOptions, admit func() error) (*plan.Plan, error) {
	params, err := keyValues("param", o.params)
	if err != nil {
		return nil, err
	}
	inputs, err := keyValues("input", o.inputs)
	if err != nil {
		return nil, err
	}
	key := p.planKey(o.params, o.inputs)
	if p.event == nil {
		if pl := p.keptPlan(key); pl != nil {
			return pl, nil
		}
	}
	if err := p.parse(params); err != nil {
		return nil, err
	}
	if err := admit(); err != nil {
		return nil, err
	}
	if err := p.takeInputs(inputs); err != nil {
		return nil, err
	}
	pl, err := p.plan()
	if err != nil {
		return nil, err
	}
	if len(p.warnings) > 0 {
		return pl, p.warnings.WriteText(a.stderr, a.errColor()) // said again next time
	}
	if p.event != nil || p.home != "" {
		return pl, nil // its inputs are not in the key; it is not to come again
	}
	if err := p.keepPlan(s, key, pl); err != nil {
		a.log.Debug("keep plan", "error", err)
	}
	return pl, nil
}

func named(names []string) map[string]bool {
	m := map[string]bool{}
	for _, n := range names {
		m[n] = true
	}
	return m
}

// executor makes the executor that a flag names.
func (a *app) executor(ctx context.Context, name, scope string) (runner.Executor, func() error, error) {
	switch name {
	case "docker":
		x, err := docker.Open(ctx, docker.Options{Scope: scope})
		if err != nil {
			return nil, nil, err
		}
		return x, x.Close, nil
	case "host":
		return host.New(os.Environ()), func() error { return nil }, nil
	}
	return nil, nil, usagef("unknown executor %q; write docker or host", name)
}

// fetcher brings datasets from addresses with what the environment says.
func fetcher() *source.Fetcher {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	return &source.Fetcher{Lookup: os.LookupEnv, Home: home}
}

// indexPath is where the stats of the repository's files are kept.
func (p *project) indexPath() string {
	return filepath.Join(p.store(), "worktrees", store.Sum([]byte(p.root)).Hex()[:16])
}

// storeInside is the store's folder, if it lies inside the repository's.
func (p *project) storeInside() []string {
	rel, err := filepath.Rel(p.root, p.sharedStore())
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return nil
	}
	return []string{filepath.ToSlash(rel)}
}

// header is what the record says of a run beside its jobs.
func (s *session) header(o engineOptions) record.Run {
	r := record.Run{
		Pipeline: s.Plan.Pipeline, File: s.project.path, FileDigest: store.Sum(s.project.source),
		Trigger: record.Trigger{Event: "manual"},
		Source:  s.source, Params: record.Values{}, Departs: s.departures(o),
		Environment: record.Environment{
			Mlops: version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Executor: s.Executor.Name(), CI: ciFacts(), Host: hostFacts(),
		},
	}
	if event := os.Getenv("GITHUB_EVENT_NAME"); event != "" {
		r.Trigger.Event = event
	}
	if e := s.project.event; e != nil {
		r.Trigger = record.Trigger{Event: e.Name, Actor: e.Actor, Number: e.Number, Schedule: e.Cron, Dataset: e.Dataset, URL: e.URL}
		if e.Name == trigger.PullRequest {
			r.Source.Base = e.Before
		}
	}
	for _, p := range s.Plan.Params {
		r.Params[p.Name] = p.Value
	}
	if s.project.home == "" {
		r.Source.Branch = branchOf(r.Source, cause(s.project.event))
	}
	return r
}

func hostFacts() record.Host {
	name, _ := os.Hostname()
	name = envOr("MLOPS_HOST", name) // containers of a CI service are named at random
	return record.Host{Name: name, CPUs: runtime.NumCPU()}
}
