package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/record"
)

// showAttempts lists the attempts of the jobs that were tried again, and their
// steps.
func (a *app) showAttempts(r *record.Run) error {
	var rows [][]string
	for i := range r.Jobs {
		j := &r.Jobs[i]
		if len(j.Attempts) < 2 && j.Status.Final() { // says what the job says
			continue
		}
		for k := range j.Attempts {
			rows = append(rows, attemptRows(j, k)...)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintln(a.stdout)
	return view.Table(a.stdout, []string{"job", "attempt", "step", "status", "exit", "took", "CPU", "peak memory", "given", "why"}, rows, a.color())
}

func attemptRows(j *record.Job, k int) [][]string {
	t := j.Attempts[k]
	number := strconv.Itoa(t.Number)
	rows := [][]string{append([]string{j.ID, number, ""}, append(measured(t.Status, t.Exit, t.Wall, t.CPU, t.PeakMemory), given(t.Resources), t.Error)...)}
	for _, s := range j.StepsOf(k) {
		rows = append(rows, append([]string{j.ID, number, s.Name}, measured(s.Outcome, s.Exit, s.Wall, s.CPU, s.PeakMemory)...))
	}
	return rows
}

// given are the resources of an attempt, by their names in mlops.yaml.
func given(r record.Resources) string {
	var parts []string
	if r.CPUs != 0 {
		parts = append(parts, "cpus "+strconv.FormatFloat(r.CPUs, 'g', -1, 64))
	}
	for _, l := range []struct {
		name  string
		bytes int64
	}{{"memory", r.Memory}, {"shm", r.Shm}, {"disk", r.Disk}, {"log", r.Log}} {
		if l.bytes != 0 {
			parts = append(parts, l.name+" "+view.Bytes(l.bytes))
		}
	}
	if r.Pids != 0 {
		parts = append(parts, fmt.Sprintf("pids %d", r.Pids))
	}
	switch {
	case r.GPUs < 0:
		parts = append(parts, "gpus all")
	case r.GPUs > 0:
		parts = append(parts, fmt.Sprintf("gpus %d", r.GPUs))
	}
	return strings.Join(parts, ", ")
}

// measured are the cells about how something ended and what it took.
func measured(status record.Status, exit int, wall, cpu time.Duration, peak int64) []string {
	if status == record.Skipped {
		return []string{string(status), "", "", "", ""}
	}
	cells := []string{string(status), "", view.Duration(wall), view.Duration(cpu), ""}
	if exit != 0 {
		cells[1] = strconv.Itoa(exit)
	}
	if peak > 0 {
		cells[4] = view.Bytes(peak)
	}
	return cells
}

// logOptions choose a part of what a job's attempts and services printed.
type logOptions struct {
	attempt int    // counts from 1; 0 means all, or the last of a service
	service string // "" means the job itself
}

func (o logOptions) check(job string) error {
	switch {
	case o.attempt < 0:
		return usagef("--attempt %d: attempts count from 1", o.attempt)
	case o.attempt > 0 && job == "":
		return usagef("--attempt: name the job")
	case o.service != "" && job == "":
		return usagef("--service: name the job")
	}
	return nil
}

// openLog opens what the options choose of a job that the run executed.
func (o logOptions) openLog(r *record.Run, j *record.Job) (io.ReadCloser, error) {
	if n := len(j.Attempts); o.attempt > n {
		tries := "1 attempt"
		if n != 1 {
			tries = fmt.Sprintf("%d attempts", n)
		}
		return nil, fmt.Errorf("job %s had %s, and no attempt %d", j.ID, tries, o.attempt)
	}
	switch {
	case o.service != "":
		return o.serviceLog(r, j)
	case o.attempt > 0:
		return r.AttemptLog(j.ID, o.attempt-1)
	}
	return r.Log(j.ID)
}

func (o logOptions) serviceLog(r *record.Run, j *record.Job) (io.ReadCloser, error) {
	name := runner.ServiceLog(o.service)
	if o.attempt > 0 && o.attempt < len(j.Attempts) {
		name = runner.AttemptServiceLog(o.service, o.attempt)
	}
	f, err := r.JobFile(j.ID, name)
	if errors.Is(err, record.ErrNoLog) {
		return nil, fmt.Errorf("job %s has no log of a service %q", j.ID, o.service)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}
