package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/docker"
	"github.com/mlops-runner/mlops/runner/host"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/worktree"
)

// engineOptions are the flags of every command that decides about jobs.
type engineOptions struct {
	executor   string
	agent      string
	params     []string
	downstream bool
	force      bool
}

// session is an open project with everything that a run needs.
type session struct {
	*runner.Runner
	project *project
	source  record.Source
	close   func() error
}

// openSession reads the project and opens its store, tree and executor. It
// asks Docker nothing: the executor connects when it is first used.
func (a *app) openSession(ctx context.Context, o engineOptions, names []string) (*session, error) {
	params, err := keyValues("param", o.params)
	if err != nil {
		return nil, err
	}
	p, err := a.findProject("")
	if err != nil {
		return nil, err
	}
	tree, err := worktree.Open(p.root, worktree.Options{Index: p.indexPath()})
	if err != nil {
		return nil, err
	}
	src := tree.Source(ctx)
	p.contexts = map[string]any{"github": githubContext(src, os.LookupEnv)}
	if err := p.parse(params); err != nil {
		return nil, err
	}
	p.warnings.WriteText(a.stderr, a.color())
	pl, err := p.plan()
	if err != nil {
		return nil, err
	}
	selected, err := pl.Select(names, o.downstream)
	if err != nil {
		return nil, usageError{err}
	}
	s, err := store.Open(p.store())
	if err != nil {
		return nil, err
	}
	exec, closeExec, err := a.executor(o.executor)
	if err != nil {
		return nil, err
	}
	return &session{
		Runner: &runner.Runner{
			Root: p.root, File: p.spec, Plan: pl, Store: s, Tree: tree, Executor: exec,
			Contexts: p.contexts, Log: a.log,
			Options: runner.Options{Selected: selected, Force: o.force, Only: named(names), AgentPath: o.agent},
		},
		project: p, source: src,
		close: func() error { return errors.Join(closeExec(), tree.Close()) },
	}, nil
}

func named(names []string) map[string]bool {
	m := map[string]bool{}
	for _, n := range names {
		m[n] = true
	}
	return m
}

// executor makes the executor that a flag names.
func (a *app) executor(name string) (runner.Executor, func() error, error) {
	switch name {
	case "docker":
		x, err := docker.Open(docker.Options{})
		if err != nil {
			return nil, nil, err
		}
		return x, x.Close, nil
	case "host":
		return host.New(), func() error { return nil }, nil
	}
	return nil, nil, usagef("unknown executor %q; write docker or host", name)
}

// header is what the record says of a run beside its jobs.
func (s *session) header() record.Run {
	r := record.Run{
		Pipeline: s.Plan.Pipeline, File: s.project.path, FileDigest: store.Sum(s.project.source),
		Trigger: record.Trigger{Event: "manual", Actor: s.source.Author},
		Source:  s.source, Params: record.Values{},
		Environment: record.Environment{
			Mlops: version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Executor: s.Executor.Name(), CI: ciFacts(), Host: hostFacts(),
		},
	}
	if event := os.Getenv("GITHUB_EVENT_NAME"); event != "" {
		r.Trigger.Event = event
	}
	for _, p := range s.File.Params.Leaves {
		r.Params[p.Name] = p.Value
	}
	return r
}

func hostFacts() record.Host {
	name, _ := os.Hostname()
	return record.Host{Name: name, CPUs: runtime.NumCPU()}
}

// onNoDocker adds the way out to an error about an unreachable engine.
func onNoDocker(err error) error {
	var exec *runner.ExecError
	if errors.As(err, &exec) && exec.Fix == "" {
		return fixError{err, "start Docker, or run with --executor host"}
	}
	return err
}

