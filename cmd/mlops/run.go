package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mlops-runner/mlops/runner/record"
)

type runOptions struct {
	engineOptions
	jobs      int
	keepGoing bool
	output    string
}

func newRun(a *app) *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "run [JOB...]",
		Short: "Run what is not cached",
		Long: `Run the pipeline, or the named jobs with all they need. A job is named as in the
file (train: all legs of its matrix) or as an instance (train@depth=4).`,
		Example: "  mlops run\n  mlops run train --param train.lr=0.2\n  mlops run prepare --downstream --force",
		RunE: func(c *cobra.Command, args []string) error {
			return a.runPipeline(c.Context(), o, args)
		},
		ValidArgsFunction: a.completeJobs,
	}
	o.register(c.Flags())
	c.Flags().IntVarP(&o.jobs, "jobs", "j", 0, "jobs at once (default: the number of cores)")
	c.Flags().BoolVarP(&o.keepGoing, "keep-going", "k", false, "after a failure go on with what does not depend on it")
	c.Flags().StringVar(&o.output, "output", "auto", "auto, tty, plain, json, github or quiet")
	return c
}

func (o *engineOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.executor, "executor", envOr("MLOPS_EXECUTOR", "docker"), "where jobs run: docker or host")
	f.StringVar(&o.agent, "agent", os.Getenv("MLOPS_AGENT"), "mlops `binary` for containers, where this one does not fit their platform")
	f.StringArrayVar(&o.params, "param", nil, "set a parameter: `name=value`")
	f.BoolVar(&o.downstream, "downstream", false, "also what needs the named jobs")
	f.BoolVar(&o.force, "force", false, "run the named jobs (or all) although they are cached")
}

func envOr(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

func (a *app) runPipeline(ctx context.Context, o runOptions, names []string) error {
	out, err := a.view(o.output)
	if err != nil {
		return err
	}
	defer out.Close()
	if done, err := a.noop(o, names, out); done || err != nil {
		return err
	}
	s, err := a.openSession(ctx, o.engineOptions, names)
	if err != nil {
		return err
	}
	s.Watch = out.Event
	s.Options.Jobs, s.Options.KeepGoing = o.jobs, o.keepGoing
	s.Options.Header = s.header()
	hard, soft, stop := interruptible(ctx)
	defer stop()
	rec, err := s.Run(hard, soft)
	if closeErr := s.close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	if rec.Status != record.Success {
		return failedError{rec.Exit}
	}
	return nil
}

