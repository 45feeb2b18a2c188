package view

import (
	"bytes"
	"time"

	"github.com/mlops-runner/mlops/runner"
)

// state is what the events so far say about a run. Every view keeps one.
// It is not safe for concurrent use; the views lock around it.
type state struct {
	run, pipeline string
	total         int
	started       time.Time
	jobs          map[string]*job   // that have begun and not ended, or did not succeed
	lined         map[string]string // those before, by their color: they are queued, and no more is known of them
	over          string            // the job whose end was the last event, if it is to be forgotten; ""
	running       []*job            // in the order in which they started
	waiting       string            // what the run as a whole waits for; "" after any other news

	queued, cached, failed, done int
	warnings, errors             int // notices
	troubles                     []trouble
	reported                     func() bool // see Options
	palette                      palette
}

// A job is what is known of one job instance.
type job struct {
	id      string // cleaned, for display
	color   string
	phase   phase
	started time.Time
	heard   time.Time // of the last sign of life
	step    string    // name of the running step, cleaned
	stepAt  time.Time
	waiting string // what a Waiting event said, until the next sign of life
	told    time.Duration
	lines   int64
	kept    tail
	text    assembler

	failedStep string
	fix, file  string // of its end
	line       int
}

type phase int

const (
	unknown phase = iota
	queued
	running
	ended
)

func newState() *state {
	return &state{jobs: map[string]*job{}, lined: map[string]string{}, reported: func() bool { return false }}
}

// gateReason is the reason of a notice that a gate did not pass.
const gateReason = "gate"

// job returns the job of that name, new if it was not heard of before.
func (s *state) job(id string) *job {
	j := s.jobs[id]
	if j == nil {
		j = &job{id: oneLine(id, false)}
		if color, ok := s.lined[id]; ok {
			delete(s.lined, id)
			j.phase, j.color = queued, color
		} else {
			j.color = s.palette.pick(id)
		}
		s.jobs[id] = j
	}
	return j
}

// lineUp notes that a job is queued. Of very many that are at once it is all that
// is kept.
func (s *state) lineUp(id string) {
	if j := s.jobs[id]; j != nil {
		j.move(s, queued)
	} else if _, ok := s.lined[id]; !ok {
		s.lined[id] = s.palette.pick(id)
		s.queued++
	}
}

// apply takes one event in. For output it returns the lines that are complete
// now, for the end of a job those that never got a newline.
func (s *state) apply(e runner.Event) (lines []byte) {
	s.forget()
	if e.Kind != runner.Waiting {
		s.waiting = ""
	}
	switch e.Kind {
	case runner.RunStarted:
		s.run, s.pipeline, s.total, s.started = oneLine(e.Run, false), oneLine(e.Pipeline, false), e.Total, e.Time
	case runner.Notice:
		s.notice(e)
	case runner.Waiting:
		s.await(e)
	}
	switch {
	case e.Job == "":
		return nil
	case e.Kind == runner.JobQueued:
		s.lineUp(e.Job)
		return nil
	}
	return s.job(e.Job).apply(s, e)
}

// forget lets go of a job that ended well, of which nobody asks any more once
// its end was told: a run may have very many.
func (s *state) forget() {
	if s.over != "" {
		delete(s.jobs, s.over)
		s.over = ""
	}
}

// A trouble is an error notice; the summary repeats those that no failed job explains.
type trouble struct {
	job, text, place string
	gate             bool
}

// maxTroubles is how many of them are kept.
const maxTroubles = 20

func (s *state) notice(e runner.Event) {
	switch e.Level {
	case "error":
		s.errors++
		if len(s.troubles) < maxTroubles {
			t := trouble{job: e.Job, text: oneLine(e.Text, false), gate: e.Reason == gateReason}
			if e.File != "" {
				t.place = place(e.File, e.Line)
			}
			s.troubles = append(s.troubles, t)
		}
	case "warning":
		s.warnings++
	}
}

func (s *state) await(e runner.Event) {
	if e.Text == "" {
		return // only that nothing was heard: what was said before still holds
	}
	if e.Job == "" {
		s.waiting = oneLine(e.Text, false)
	} else {
		s.job(e.Job).waiting = oneLine(e.Text, false)
	}
}

func (j *job) apply(s *state, e runner.Event) []byte {
	switch e.Kind {
	case runner.JobStarted:
		j.move(s, running)
		j.started = e.Time
		j.sign(e.Time)
	case runner.StepStarted:
		j.step, j.stepAt = firstLine(e.Text), e.Time
		j.sign(e.Time)
	case runner.StepEnded:
		if e.Status == "failure" {
			j.failedStep = j.step
		}
	case runner.JobOutput:
		j.sign(e.Time)
		return j.keep(j.text.add(e.Data))
	case runner.JobEnded:
		j.move(s, ended)
		j.fix, j.file, j.line = e.Fix, e.File, e.Line
		j.count(s, e)
		if e.Status != "failure" {
			s.over = e.Job
		}
		return j.keep(j.text.flush())
	}
	return nil
}

// move leaves one phase for another and keeps the counts right.
func (j *job) move(s *state, to phase) {
	switch j.phase {
	case queued:
		s.queued--
	case running:
		s.running = without(s.running, j)
	}
	switch to {
	case queued:
		s.queued++
	case running:
		s.running = append(s.running, j)
	}
	j.phase = to
}

// count adds a job that has ended to the totals.
func (j *job) count(s *state, e runner.Event) {
	s.done++
	switch {
	case e.Cached:
		s.cached++
	case e.Status == "failure":
		s.failed++
	}
}

// sign records that the job is alive.
func (j *job) sign(at time.Time) {
	j.heard, j.waiting, j.told = at, "", 0
}

func (j *job) keep(lines []byte) []byte {
	j.lines += int64(bytes.Count(lines, []byte{'\n'}))
	j.kept.add(lines)
	return lines
}

// doing says what the job is at: its step, or that it is starting.
func (j *job) doing() string {
	if j.step == "" {
		return "starting"
	}
	return j.step
}

// latest returns the newest output, cleaned: a progress bar that is not yet a
// line, or the last line.
func (j *job) latest() string {
	line := j.text.partial
	if len(line) == 0 {
		line = j.kept.last()
	}
	line = lastState(line)
	return Clean(string(line[:min(len(line), tailWidth)]), false)
}

func without(jobs []*job, j *job) []*job {
	for i, other := range jobs {
		if other == j {
			return append(jobs[:i], jobs[i+1:]...)
		}
	}
	return jobs
}
