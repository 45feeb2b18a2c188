package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/share"
	"github.com/mlops-runner/mlops/runner/trigger"
	"github.com/mlops-runner/mlops/spec"
)

type runOptions struct {
	engineOptions
	secrets secretOptions
	untrustedOptions
	jobs      int
	keepGoing bool
	alone     bool
	minFree   string
	floor     int64 // bytes of minFree
	refresh   bool
	output    string

	baselineRun bool
	cachedOnly  bool
	ci          bool
	shown       *showing
	deliver     deliverOptions
}

func newRun(a *app) *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "run [JOB...]",
		Short: "Run what is not cached",
		Long: `Run the pipeline, or the named jobs with all they need. A job is named as in the
file (train: all legs of its matrix) or as an instance (train@depth=4).`,
		Example: "  mlops run\n  mlops run train --param train.lr=0.2\n  mlops run prepare --downstream --force\n  mlops run --event auto",
		RunE: func(c *cobra.Command, args []string) error {
			event, err := a.readEvent(o.eventOptions)
			if err != nil {
				return err
			}
			o.known = event
			if err := o.settle(c.Flags(), event != nil && event.Fork || trigger.ForkEnviron(os.LookupEnv, readPayload)); err != nil {
				return err
			}
			if o.untrusted && o.cachedOnly {
				return usagef("--cached-only and an untrusted run: its store is new, so nothing is cached for certain")
			}
			return a.runPipeline(c.Context(), o, args)
		},
		ValidArgsFunction: a.completeJobs,
	}
	o.engineOptions.register(c.Flags())
	f := c.Flags()
	o.secrets.register(f)
	o.untrustedOptions.register(f)
	f.IntVarP(&o.jobs, "jobs", "j", 0, "jobs at once (default: the number of cores)")
	f.BoolVarP(&o.keepGoing, "keep-going", "k", false, "after a failure go on with what does not depend on it")
	f.BoolVar(&o.alone, "alone", false, "wait for no cores and memory that other runs on this machine have")
	f.StringVar(&o.minFree, "min-free", "512MiB", "end jobs that leave less than this free on the store's file system, or a twentieth of a small one; 0 for no limit")
	f.BoolVar(&o.refresh, "refresh", false, "look at every image and file again, even if nothing seems to have changed")
	f.BoolVar(&o.baselineRun, "baseline-run", false, "if nothing is recorded to compare with, run that commit first")
	f.BoolVar(&o.ci, "ci", false, "then tell the CI service and the pull request: job summary and outputs, comment, commit status")
	o.deliver.register(f)
	a.storeFlag(f)
	f.BoolVar(&o.cachedOnly, "cached-only", false, "run nothing: fail if a job is not cached, and say which, and what it took last")
	f.StringVar(&o.output, "output", "auto", "auto, tty, plain, json, github or quiet")
	return c
}

func (o *engineOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.executor, "executor", envOr("MLOPS_EXECUTOR", "docker"), "where jobs run: docker or host")
	f.StringVar(&o.agent, "agent", os.Getenv("MLOPS_AGENT"), "mlops `binary` for containers, where this one does not fit their platform")
	f.StringArrayVar(&o.params, "param", nil, "set a parameter: `name=value`")
	f.BoolVar(&o.downstream, "downstream", false, "also what needs the named jobs")
	f.BoolVar(&o.force, "force", false, "run the named jobs (or all) although they are cached")
	o.eventOptions.register(f)
}

// parseFloor reads --min-free; 0 means no limit.
func (o *runOptions) parseFloor() error {
	if o.minFree == "0" {
		o.floor = -1
		return nil
	}
	n, err := spec.ParseSize(o.minFree)
	if err != nil {
		return usagef("--min-free %s: %w; write a size such as 2GiB, or 0", o.minFree, err)
	}
	o.floor = n
	return nil
}

func envOr(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

func (a *app) runPipeline(ctx context.Context, o runOptions, names []string) error {
	if err := o.check(); err != nil {
		return err
	}
	o.shown = &showing{output: o.output, summarized: o.ci}
	out, err := a.view(o.output, o.shown)
	if err != nil {
		return err
	}
	p, err := a.findProject("")
	if err != nil {
		return errors.Join(err, out.Close())
	}
	if o.untrusted {
		return errors.Join(a.skip(a.runUntrusted(ctx, p, o, names, out), out, p.name()), heard(out.Close()))
	}
	secrets, err := o.secrets.read(os.LookupEnv)
	if err != nil {
		return errors.Join(err, out.Close())
	}
	if !o.ci && o.deliver.folder == "" && a.noop(p, o, names, secrets, out) {
		return out.Close()
	}
	return a.runJobs(ctx, p, o, names, secrets, out)
}

// check looks at flags that mean something together or are no plain values.
func (o *runOptions) check() error {
	if err := o.parseFloor(); err != nil {
		return err
	}
	if o.jobs < 0 {
		return usagef("-j %d: write a positive number, or 0 for the number of cores", o.jobs)
	}
	if _, err := forge.ParseMode(o.deliver.comment); err != nil {
		return usagef("--comment: %w", err)
	}
	return nil
}

// runJobs runs what is not cached, keeps what came of it, closes the view, and
// then tells of the run what a reader is to see last.
func (a *app) runJobs(ctx context.Context, p *project, o runOptions, names []string, secrets map[string]string, out view.View) error {
	debug.SetGCPercent(garbage(len(p.source) >= longSource))
	s, err := a.openSession(ctx, p, o.engineOptions, names)
	if err != nil {
		return errors.Join(a.skip(err, out, p.name()), out.Close())
	}
	p.spec = nil // the plan has what a run needs of it, and of many jobs it is a third of the memory
	debug.SetGCPercent(garbage(len(s.Plan.Nodes) >= manyJobs))
	if err := a.prepare(ctx, s, o, secrets); err != nil {
		return errors.Join(err, s.close(), out.Close())
	}
	f, err := a.execute(ctx, s, o, out)
	var after aftermath
	if err == nil {
		after = a.afterRun(ctx, s, f, o, names)
	}
	if err = errors.Join(err, s.close(), heard(out.Close())); err != nil {
		return err
	}
	return a.tellEnd(ctx, s.judging, f, after)
}

// tellEnd tells of an ended run below what the view has shown, and a pull request
// if there is one. Its error is how the run ended.
func (a *app) tellEnd(ctx context.Context, j *judging, f *runner.Finished, after aftermath) error {
	for _, text := range after.said {
		a.say("%s", text)
	}
	if err := heard(a.showReport(j, f)); err != nil {
		return err
	}
	a.tellRun(ctx, j, f)
	if after.err != nil {
		return after.err
	}
	if f.Record.Status != record.Success {
		return failedError{f.Record.Exit}
	}
	return nil
}

// An aftermath is what was done with an ended run that is no fault of it.
type aftermath struct {
	said []string
	err  error // of promotions
}

// afterRun keeps what the run read, promotes what it made, and remembers that
// nothing is left to do.
func (a *app) afterRun(ctx context.Context, s *session, f *runner.Finished, o runOptions, names []string) (after aftermath) {
	after.said = a.keepData(ctx, s, f)
	if after.err = s.attest(ctx, f); after.err != nil {
		return after
	}
	if s.promotion != nil {
		after.err = s.promotion.finish(ctx, f)
		after.said = append(after.said, s.promotion.said...)
		s.judging.promoted(s.promotion.done)
	}
	if after.err != nil {
		return after // the same run is to try again
	}
	after.said = append(after.said, a.pushRun(ctx, s, f)...)
	if err := a.keepSnapshot(ctx, s, f, o, names); err != nil {
		a.log.Debug("keep snapshot", "error", err)
	}
	return after
}

// pushRun lets the shared store have a run where that is set. That it cannot be had there is
// no fault of the run.
func (a *app) pushRun(ctx context.Context, s *session, f *runner.Finished) []string {
	if s.far == nil {
		return nil
	}
	out, err := a.outlet(s.project, s.Store)
	if err == nil && (!out.on() || !out.all) {
		return nil
	}
	var rep share.Report
	if err == nil {
		rep, err = out.patiently(ctx, share.Choice{Runs: []string{f.Record.ID}, Cache: true, Data: true})
	}
	said := slices.Clone(rep.Said)
	if err != nil {
		return append(said, foreign(fmt.Sprintf("the run is not in the shared store: %v", err)))
	}
	return append(said, fmt.Sprintf("pushed %s to %s", strings.Join(carried(rep), ", "), out.share.Remote.Address()))
}

// prepare gives a session its secrets, and decides how its run will be judged and
// what becomes of the models that it makes.
func (a *app) prepare(ctx context.Context, s *session, o runOptions, secrets map[string]string) error {
	if err := a.giveSecrets(s, secrets, os.LookupEnv); err != nil {
		return err
	}
	if o.cachedOnly {
		if err := a.onlyCached(ctx, s, o); err != nil {
			return err
		}
	}
	var err error
	if s.signer, err = a.signingKey(); err != nil {
		return err
	}
	if s.promotion, err = promotes(a, s); err != nil {
		return err
	}
	if s.promotion != nil {
		if err := s.hold(ctx); err != nil {
			return err
		}
		if err := a.takeModels(ctx, s); err != nil {
			return err
		}
		if err := s.promotion.look(); err != nil {
			return err
		}
	}
	a.judgeBy(s, o)
	return a.judgeByBase(ctx, s)
}

// takeModels lets a run that promotes see what others have promoted.
func (a *app) takeModels(ctx context.Context, s *session) error {
	if s.far == nil {
		return nil
	}
	said, err := s.far.Models(ctx)
	for _, text := range said {
		a.say("%s", foreign(text))
	}
	var diverged *registry.DivergedError
	if errors.As(err, &diverged) {
		a.say("%v; %s", err, diverged.Cure())
		return nil
	}
	return err
}

// heard is an error of showing a run, unless it is that nobody looks any more:
// that does not make a run fail.
func heard(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// leave ends the program at once, as a third signal asks for. What still runs
// bears our labels, by which the next start knows it.
func (a *app) leave() {
	said := make(chan struct{})
	go func() { // it may never end: nobody need read what we say, as behind Ctrl-S
		defer close(said)
		fmt.Fprintln(a.stderr, "mlops: left without waiting; the next run removes what still runs")
	}()
	select {
	case <-said:
	case <-time.After(lastWord):
	}
	os.Exit(exitCancelled)
}

// lastWord is how long leave tries to say so.
const lastWord = 200 * time.Millisecond

// execute runs an open session under the signals of the terminal.
func (a *app) execute(ctx context.Context, s *session, o runOptions, out view.View) (*runner.Finished, error) {
	s.Watch = out.Event
	s.Options.Verify = ciFacts() != nil
	s.Options.Jobs, s.Options.KeepGoing, s.Options.Alone, s.Options.DiskFloor = o.jobs, o.keepGoing, o.alone, o.floor
	s.Options.Header = s.header(o.engineOptions)
	s.Options.Header.Trigger.Actor = a.starter(ctx, s.project)
	hard, soft, stop := interruptible(ctx, a.leave)
	defer stop()
	return s.Run(hard, soft)
}
