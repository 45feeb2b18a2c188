package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// finish ends the job: it kills what is left, reads the outputs, closes the
// log and the events, and writes the result.
func (j *job) finish(started time.Time) (Result, error) {
	defer j.close()
	r := &j.result
	r.Steps, r.Failed, r.Exit = j.results, j.failed, 0
	j.verdict(r)
	if j.stuck != nil {
		j.blameWrite(r, j.stuck)
	}
	if err := j.endProcesses(); err != nil {
		j.blame(r, ReasonConfig, err)
	}
	j.dropBaton()
	if r.Status == Success {
		j.lastMeasure()
		j.collect(r)
	}
	j.stopWatch()
	last := max(0, len(j.spec.Steps)-1)
	size, err := j.log.close(last)
	if err != nil {
		j.blameWrite(r, fmt.Errorf("log: %w", err))
	}
	if j.log.tampered != nil {
		j.blame(r, ReasonConfig, j.log.tampered)
	}
	if err := j.learnt.close(); err != nil {
		j.blameWrite(r, fmt.Errorf("values that the job masked: %w", err))
	}
	r.LogSize = size
	j.sum(r, started)
	j.conceal(r)
	end := Event{Kind: Ended, Time: time.Now().UTC(), Step: last, Offset: size, Result: r}
	if e := j.events.last(end); e != nil {
		err = errors.Join(err, e)
		j.blameWrite(r, fmt.Errorf("events: %w", e))
	}
	if e := j.save(r); e != nil {
		err = errors.Join(err, e)
		j.blameWrite(r, e)
	}
	j.events.emit(end)
	return *r, err
}

// verdict says how the job ended, as far as its steps go.
func (j *job) verdict(r *Result) {
	st := j.status()
	switch space := spaceCause(j.ctx); {
	case space != nil:
		r.Status, r.Reason, r.Error, r.Fix = Failure, ReasonDiskFull, space.Error(), space.fix
	case st.cancelled:
		r.Status, r.Reason = Canceled, ReasonCanceled
		if r.Failed < 0 {
			r.Failed = j.stopped
		}
	case st.interrupted:
		r.Status, r.Reason = Failure, ReasonTimeout
		r.Error = fmt.Sprintf("timed out after %v", j.spec.Timeout)
	case st.failed:
		r.Status, r.Reason = Failure, r.Steps[r.Failed].Reason
	default:
		r.Status = Success
	}
	if r.Failed < 0 {
		return
	}
	f := &r.Steps[r.Failed]
	r.Exit = f.Exit
	if r.Error == "" && f.Error != "" {
		r.Error = fmt.Sprintf(`step "%s": %s`, stepName(f, r.Failed), f.Error)
	}
}

func stepName(r *StepResult, i int) string {
	switch {
	case r.Name != "":
		return r.Name
	case r.ID != "":
		return r.ID
	}
	return fmt.Sprint(i + 1)
}

// blame makes a job that was successful so far a failure.
func (j *job) blame(r *Result, why Reason, err error) {
	if r.Status != Success {
		return
	}
	r.Status, r.Reason, r.Error, r.Artifacts = Failure, why, err.Error(), nil
}

func (j *job) blameWrite(r *Result, err error) {
	why := ReasonConfig
	if isDiskFull(err) {
		why = ReasonDiskFull
	}
	j.blame(r, why, err)
}

// endProcesses kills what the steps left behind.
func (j *job) endProcesses() error {
	if j.place.all {
		return endNamespace()
	}
	j.sweep.first = j.place.children.first
	return j.sweep.sweep()
}

// endNamespace kills every process but this one, which is PID 1, and waits for
// the reaper to take them away.
func endNamespace() error {
	deadline := time.Now().Add(5 * time.Second)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		if err := unix.Kill(-1, unix.SIGKILL); err == unix.ESRCH {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.New("processes of the job could not be killed")
		}
		time.Sleep(pause)
	}
}

// collect takes the outputs of a successful job.
func (j *job) collect(r *Result) {
	artifacts, missing, err := collectOutputs(j.ctx, &j.spec, r.Started)
	told := j.toldBy(artifacts)
	var space *spaceError
	switch {
	case errors.As(err, &space) || errors.As(context.Cause(j.ctx), &space):
		j.blame(r, ReasonDiskFull, space)
		r.Fix = space.fix
	case err != nil && j.ctx.Err() != nil:
		r.Status, r.Reason, r.Error = Canceled, ReasonCanceled, ""
		if errors.Is(context.Cause(j.ctx), errJobTimeout) {
			r.Status, r.Reason, r.Error = Failure, ReasonTimeout, fmt.Sprintf("timed out after %v while outputs were read", j.spec.Timeout)
		}
	case err != nil:
		j.blameWrite(r, err)
	case len(missing) > 0:
		r.Missing = missing
		j.blame(r, ReasonConfig, missingError(&j.spec, missing, r.Started))
	case told != nil:
		j.blame(r, ReasonConfig, told)
		r.Fix = "give the file another name: records and reports list the outputs by name"
	default:
		r.Artifacts = artifacts
	}
}

// sum adds up the steps and translates their places in the log.
func (j *job) sum(r *Result, started time.Time) {
	for i := range r.Steps {
		s := &r.Steps[i]
		r.CPU += s.CPU
		r.PeakMemory = max(r.PeakMemory, s.PeakMemory)
		s.LogFrom, s.LogTo = j.log.place(s.LogFrom), j.log.place(s.LogTo)
	}
	r.Wall = time.Since(started)
	r.GPUSeconds = float64(gpus(j.spec.GPUs)) * r.Wall.Seconds()
}

func (j *job) save(r *Result) error {
	if j.spec.Transient {
		return nil
	}
	return saveResult(j.spec.Control, r)
}

// saveResult writes the result so that it is there whole or not at all. What a
// step left under that name goes first: if the disk is full, a forged result
// must not stay.
func saveResult(dir string, r *Result) error {
	if err := os.RemoveAll(filepath.Join(dir, ResultFile)); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("result: %w", err)
	}
	if err := writeOwn(dir, "."+ResultFile, b, 0o644); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	if err := os.Rename(filepath.Join(dir, "."+ResultFile), filepath.Join(dir, ResultFile)); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// missingError names the outputs that were not produced, and what was produced
// in their place.
func missingError(s *Spec, missing []string, since time.Time) error {
	verb := "output %s was not produced by %s"
	if len(missing) > 1 {
		verb = "outputs %s were not produced by %s"
	}
	msg := fmt.Sprintf(verb, strings.Join(missing, ", "), s.Job)
	if near := produced(s.Workspace, missing, since); len(near) > 0 {
		msg += "; produced instead: " + strings.Join(near, ", ")
	}
	return errors.New(msg)
}
