package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

func newAudit(a *app) *cobra.Command {
	var o auditOptions
	c := &cobra.Command{
		Use:   "audit MODEL@REF",
		Short: "Show what made a model, and check every link of the proof",
		Long: `Walk from a model's alias to what made it: the journal's line (who, when, why), the
promotion and its signature, the gates with their values, the run, the commit, the
data, the parameters, the image and the log. Every file on the way is read and held
against the digest that the one before has of it. Exit code 1 means that a link failed.

With --rerun the job that made the model is run again from the recorded commit, and what it makes
is compared with what it made: bit-identical, within tolerance, or different.`,
		Example: "  mlops audit churn@production\n  mlops audit churn@production --html > audit.html\n  mlops audit churn@3 --rerun --tolerance 1e-6",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			o.executorSet = c.Flags().Changed("executor")
			if !(o.tolerance >= 0) { // nor NaN
				return usagef("--tolerance %v: write a number from 0 on", o.tolerance)
			}
			return a.audit(c.Context(), o, args[0])
		},
		ValidArgsFunction: a.completeModels(true),
	}
	f := c.Flags()
	f.BoolVar(&o.json, "json", false, "print JSON, as schemas/audit.schema.json has it")
	f.BoolVar(&o.html, "html", false, "print a page that needs nothing else")
	f.BoolVar(&o.rerun, "rerun", false, "run the job that made the model again, and compare")
	f.StringVar(&o.executor, "executor", "", "where the job runs again: docker or host (default: where it ran)")
	f.StringVar(&o.agent, "agent", os.Getenv("MLOPS_AGENT"), "mlops `binary` for containers, where this one does not fit their platform")
	f.Float64Var(&o.tolerance, "tolerance", 0, "relative difference that numbers may have")
	o.secrets.register(f)
	c.AddCommand(newRepro(a))
	return c
}

type reproOptions struct {
	runOptions
	run       string
	runs      int
	tolerance float64
	plain     bool
	elsewhere bool
	json      bool
}

func newRepro(a *app) *cobra.Command {
	var o reproOptions
	c := &cobra.Command{
		Use:   "repro JOB",
		Short: "Run a job twice and compare all that it makes",
		Long: `Run a job several times from the same inputs, in fresh folders and without the
cache, and compare its outputs byte by byte and its metrics. Where they differ it is
said how, and what the likely cause is: by the bytes that differ, and by running the
job again with a fixed hash seed, a fixed time and one thread. --elsewhere also finds
what is the same here each time and would be otherwise on another machine. How much its metrics move
by themselves is kept, and runs without a history are judged by it. Exit code 1
means that something differs by more than --tolerance.`,
		Example: "  mlops audit repro train\n  mlops audit repro train --runs 5 --tolerance 1e-6\n  mlops audit repro train --run 01a2078c",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.repro(c.Context(), o, args[0]) },
	}
	f := c.Flags()
	f.StringVar(&o.executor, "executor", envOr("MLOPS_EXECUTOR", "docker"), "where jobs run: docker or host")
	f.StringVar(&o.agent, "agent", os.Getenv("MLOPS_AGENT"), "mlops `binary` for containers, where this one does not fit their platform")
	o.secrets.register(f)
	f.StringVar(&o.run, "run", "", "also compare with what the job made in a recorded `run`")
	f.IntVarP(&o.runs, "runs", "n", 2, "how often the job runs")
	f.Float64Var(&o.tolerance, "tolerance", 0, "relative difference that numbers may have")
	f.BoolVar(&o.plain, "no-tries", false, "do not run the job again to find the cause")
	f.BoolVar(&o.elsewhere, "elsewhere", false, "also run it once each with another time zone, locale, host name, user and hash seed, as on another machine")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return c
}

// A reproduction runs one job again and again, in a store of its own that reuses
// the results of the project's for the jobs before it.
type reproduction struct {
	app     *app
	session *session
	node    *plan.Node
	env     []plan.Var // of the node, as its file says
	options reproOptions
	hard    context.Context
	soft    context.Context
	count   int
}

func (a *app) repro(ctx context.Context, o reproOptions, name string) (err error) {
	if o.runs < 2 || o.tolerance < 0 {
		return usagef("--runs is 2 or more and --tolerance not negative")
	}
	p, err := a.findProject("")
	if err != nil {
		return err
	}
	shared, err := store.Open(p.sharedStore())
	if err != nil {
		return err
	}
	recorded, err := recordedJob(p, o.run, name)
	if err != nil {
		return err
	}
	scratch, err := shared.Scratch()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shared.RemoveScratch(scratch)) }()
	p.overlay = scratch
	hard, soft, stop := interruptible(ctx, a.leave)
	defer stop()
	r, err := a.openReproduction(soft, p, o, name)
	if err != nil {
		return err
	}
	r.hard, r.soft = hard, soft
	defer func() { err = errors.Join(err, r.session.close()) }()
	answer, err := r.answer(recorded)
	if err != nil {
		return cured(err)
	}
	if err := keepNoise(shared, r.session.Plan.Pipeline, r.node.Job, answer); err != nil {
		return err
	}
	if err := a.writeRepro(answer, o.json); err != nil {
		return err
	}
	if answer.Verdict == reproDifferent {
		return failedError{exitFailed}
	}
	return nil
}

// openReproduction opens a session whose store is a scratch one.
func (a *app) openReproduction(ctx context.Context, p *project, o reproOptions, name string) (*reproduction, error) {
	secrets, err := o.secrets.read(os.LookupEnv)
	if err != nil {
		return nil, err
	}
	engine := o.engineOptions
	engine.force = true
	s, err := a.openSession(ctx, p, engine, []string{name})
	if err != nil {
		return nil, err
	}
	node := auditedNode(s.Plan, name)
	if s.Options.Selected, err = s.Plan.Select([]string{node.ID}, false); err == nil {
		s.Options.Only = named([]string{node.ID})
		err = a.giveSecrets(s, secrets, os.LookupEnv)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.Plan.Group, node.Group, node.Retry = plan.Group{}, plan.Group{}, nil
	if node.ID != name {
		a.say("%s has several legs; %s is audited", name, node.ID)
	}
	return &reproduction{app: a, session: s, node: node, env: node.Env, options: o}, nil
}

// An unsuccessfulError reports a job that ran again and did not succeed.
type unsuccessfulError struct {
	error
	job string
}

func (e unsuccessfulError) Unwrap() error { return e.error }

// Cure says what to do about it.
func (e unsuccessfulError) Cure() string {
	return `let it succeed first: "mlops run ` + e.job + `"`
}

// auditedNode is the job that a name means; of several legs the first.
func auditedNode(p *plan.Plan, name string) *plan.Node {
	for _, n := range p.Nodes {
		if n.Kind == plan.Run && (n.ID == name || n.Job == name || n.Config == name) {
			return n
		}
	}
	return nil
}

// recordedJob is what a job made in a recorded run, nil if none was asked for.
func recordedJob(p *project, ref, name string) (*recordedAs, error) {
	if ref == "" {
		return nil, nil
	}
	run, err := record.Load(p.sharedStore(), ref)
	if err != nil {
		return nil, noRunYet("", err)
	}
	for i := range run.Jobs {
		if j := &run.Jobs[i]; j.ID == name || j.Job == name {
			return &recordedAs{run.ID, j}, nil
		}
	}
	return nil, usagef("run %s has no job %s", run.ID, name)
}

// A recordedAs is a job of a recorded run.
type recordedAs struct {
	run string
	job *record.Job
}

// once runs the job with further variables.
func (r *reproduction) once(vars ...plan.Var) (*record.Job, error) {
	s := r.session
	r.node.Env = append(append([]plan.Var{}, r.env...), vars...)
	r.count++
	shared, err := filepath.Abs(s.project.sharedStore())
	if err != nil {
		return nil, err
	}
	s.Overlay = &runner.Overlay{Outputs: filepath.Join(s.Store.Root(), "outputs", string(rune('a'+r.count%26))), Scope: shared}
	if _, err := os.Stat(filepath.Join(shared, "actions")); err == nil {
		if s.Overlay.Lower, err = store.OpenWith(shared, store.Options{ReadOnly: true, Counters: r.app.counters}); err != nil {
			return nil, err
		}
	}
	s.Options.Header = s.header(r.options.engineOptions)
	done, err := s.Run(r.hard, r.soft)
	switch {
	case err != nil:
		return nil, err
	case r.soft.Err() != nil:
		return nil, context.Canceled
	case done.Record.Status != record.Success:
		return nil, unsuccessfulError{errors.New(foreign(done.Record.Error)), r.node.ID}
	}
	run, err := record.Load(s.Store.Root(), done.Record.ID)
	if err != nil {
		return nil, err
	}
	return run.Job(r.node.ID), nil
}
