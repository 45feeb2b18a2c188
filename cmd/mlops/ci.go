package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/actions"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/runner/report/render"
)

// tellRun tells of a run that has ended, if it was asked to.
func (a *app) tellRun(ctx context.Context, j *judging, f *runner.Finished) {
	o := j.options.deliver
	if !j.options.ci && o.folder == "" {
		return
	}
	run, err := record.Entry{ID: f.Record.ID, Dir: f.Record.Dir}.Load() // the run itself keeps no jobs in memory
	if err == nil {
		err = ctx.Err()
	}
	var r *report.Report
	if err == nil {
		r, err = j.final(ctx, run)
	}
	if err == nil && !j.options.ci {
		err = a.tellFiles(r, o)
	}
	if err != nil {
		a.say("not told: %s", foreign(err.Error()))
		return
	}
	if j.options.ci {
		a.tell(ctx, r, o)
	}
}

// final is the report of a run when its record is complete: with what it took,
// and also where it failed before it was judged.
func (j *judging) final(ctx context.Context, run *record.Run) (*report.Report, error) {
	if j.report == nil {
		if _, err := j.judge(ctx, ctx, run, nil); err != nil {
			return nil, err
		}
	}
	o := j.basis
	o.Logs = lastLines(run)
	r := compare(run, j.beside, o)
	j.session.project.placePatches(r, run, j.session.Store, j.session.Plan)
	return r, nil
}

// shownLines is how much of a failed job's log is told, and lineRoom how much of a line.
const (
	shownLines = 20
	lineRoom   = 400 // bytes
)

// lastLines are the ends of the logs of jobs that failed.
func lastLines(run *record.Run) map[string][]string {
	out := map[string][]string{}
	for _, j := range run.Jobs {
		if j.Status != record.Failure {
			continue
		}
		log, err := run.Log(j.ID)
		if err != nil {
			continue // it printed nothing, or the record is damaged: the report stands without
		}
		out[j.ID] = tail(log, shownLines)
		log.Close()
	}
	return out
}

// tail returns the last n lines of a text, without what does not fit of them.
func tail(r io.Reader, n int) (lines []string) {
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := in.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		if len(line) > 0 {
			lines = append(lines, strings.TrimRight(forge.Clip(string(line), lineRoom), "\r\n"))
			lines = lines[max(0, len(lines)-n):]
		}
		for long {
			_, err = in.ReadSlice('\n')
			long = errors.Is(err, bufio.ErrBufferFull)
		}
		if err != nil {
			return lines
		}
	}
}

// tell brings the report of a run that has just ended to where people look: its
// folder, the job's summary and outputs, the pull request. None of that decides
// whether the job is red: what could not be told is a warning.
func (a *app) tell(ctx context.Context, r *report.Report, o deliverOptions) {
	ci, err := o.place.place(os.LookupEnv)
	if errors.Is(err, errNoForge) {
		err = nil
	}
	about(r, ci)
	for _, err := range []error{err, a.tellFiles(r, o), a.tellJob(r, o), a.tellForge(ctx, r, ci, o)} {
		if err != nil {
			a.say("not told: %s", foreign(err.Error())+cureOf(err))
		}
	}
}

func (a *app) tellFiles(r *report.Report, o deliverOptions) error {
	if o.folder == "" {
		return nil
	}
	return fillFolder(o.folder, r, a.renderOptions(r))
}

// tellJob writes the summary and the outputs of a job of GitHub Actions.
func (a *app) tellJob(r *report.Report, o deliverOptions) error {
	step := actions.Step{Getenv: os.Getenv}
	opts := a.renderOptions(r)
	opts.Budget = step.SummaryRoom()
	if opts.Budget < render.MinBudget {
		return nil // another service, or a summary that is full
	}
	var text bytes.Buffer
	if err := render.Markdown(&text, r, opts); err != nil {
		return err
	}
	err := step.AddSummary(text.String())
	for _, output := range [][2]string{{"decision", string(r.Decision)}, {"why", r.Why}, {"run", r.Head.Run}, {"report", o.folder}} {
		if failed := step.SetOutput(output[0], output[1]); !errors.Is(failed, actions.ErrNoStep) {
			err = errors.Join(err, failed)
		}
	}
	return err
}

// tellForge posts comment and status. A token that may only read, as a fork's,
// is no fault of the run.
func (a *app) tellForge(ctx context.Context, r *report.Report, ci forge.CI, o deliverOptions) error {
	if ci.Forge == "" {
		return nil
	}
	said, err := a.send(ctx, a.delivery(r, ci, o))
	for _, line := range said {
		a.say("%s", line)
	}
	if errors.Is(err, forge.ErrReadOnly) || errors.Is(err, forge.ErrNoToken) {
		a.say("the pull request is not told: %s", foreign(err.Error()))
		a.say("the report is in the job's summary; a workflow on workflow_run with the action mlops-runner/mlops/actions/report can post it")
		return nil
	}
	return err
}
