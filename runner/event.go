package runner

import (
	"time"

	"github.com/mlops-runner/mlops/runner/record"
)

// EventKind tells what an [Event] reports.
type EventKind string

// The kinds of event of a run, in the order in which a job sends them.
const (
	RunStarted  EventKind = "run-start"  // Run, Pipeline, Total
	ImageNews   EventKind = "image"      // Text: pulled, built, resolved
	JobQueued   EventKind = "job-queue"  // the job's needs are met and it waits for room on the machine
	JobStarted  EventKind = "job-start"  // Why: the reasons it runs
	StepStarted EventKind = "step-start" // Step, Text: the step's name
	JobOutput   EventKind = "output"     // Data: one or more whole lines (the last may lack its newline when the job ends)
	StepEnded   EventKind = "step-end"   // Step, Status, Reason, Exit, Wall
	Notice      EventKind = "notice"     // Level, Text, File, Line; Reason is gate if a gate did not pass
	Waiting     EventKind = "waiting"    // Text says what a job waits for: room, services, steps in the background; without Text, nothing was heard for ten seconds
	JobEnded    EventKind = "job-end"    // Status, Reason, Exit, Wall, Cached, Metrics, Error, Fix
	RunEnded    EventKind = "run-end"    // Summary
	Promoted    EventKind = "promotion"  // Promotion, Text: what became of a model, for people; after RunEnded
	RunSkipped  EventKind = "run-skip"   // Pipeline, Text: why the event that came starts no run; nothing else is sent
)

// An Event is something that a person watching a run wants to know. The
// terminal, the plain log, JSON lines and GitHub's groups are functions of it.
type Event struct {
	Kind      EventKind         `json:"kind"`
	Time      time.Time         `json:"time"`
	Run       string            `json:"run,omitempty"`
	Pipeline  string            `json:"pipeline,omitempty"`
	Total     int               `json:"total,omitempty"` // job instances that the run decides on
	Job       string            `json:"job,omitempty"`   // instance, such as train@depth=4
	Step      int               `json:"step,omitempty"`  // index in the job
	Level     string            `json:"level,omitempty"` // notice, warning, error
	Text      string            `json:"text,omitempty"`
	File      string            `json:"file,omitempty"`
	Line      int               `json:"line,omitempty"`
	Data      []byte            `json:"-"`                // masked output; JSON writers put it into "output"
	Status    string            `json:"status,omitempty"` // success, failure, cancelled, skipped
	Reason    string            `json:"reason,omitempty"`
	Exit      int               `json:"exit,omitempty"`
	Wall      time.Duration     `json:"wall,omitempty"` // nanoseconds
	Cached    bool              `json:"cached,omitempty"`
	Why       []string          `json:"why,omitempty"`     // reasons, such as "params train.lr 0.1 → 0.2 (params.yaml:3)"
	Metrics   []MetricValue     `json:"metrics,omitempty"` // in the order in which the job reported them
	Error     string            `json:"error,omitempty"`   // what went wrong, for people
	Fix       string            `json:"fix,omitempty"`     // what to do about it
	Summary   *Summary          `json:"summary,omitempty"`
	Promotion *record.Promotion `json:"promotion,omitempty"`
}

// MetricValue is a number that a job reported.
type MetricValue struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"` // NaN and infinities as strings in JSON
	Better string  `json:"better,omitempty"`
	Unit   string  `json:"unit,omitempty"`
}

// A Summary is what became of a whole run.
type Summary struct {
	Run       string            `json:"run"`
	Pipeline  string            `json:"pipeline"`
	Status    string            `json:"status"`           // success, failure, cancelled
	Wall      time.Duration     `json:"wall"`             // nanoseconds
	CPU       time.Duration     `json:"cpu"`              // of the jobs that ran
	Saved     time.Duration     `json:"saved"`            // wall time of the jobs that were cached, as once measured
	Record    string            `json:"record,omitempty"` // folder of the run's record, relative to the repository
	Jobs      []JobSummary      `json:"jobs"`             // in the order of the plan
	Succeeded int               `json:"succeeded"`
	Cached    int               `json:"cached"`
	Failed    int               `json:"failed"`
	Skipped   int               `json:"skipped"`
	Canceled  int               `json:"cancelled"`
	Selected  map[string]string `json:"selected,omitempty"` // job → leg that `select` chose, or that has the first seed
}

// JobSummary is one line of a [Summary].
type JobSummary struct {
	Job     string        `json:"job"`
	Status  string        `json:"status"`
	Reason  string        `json:"reason,omitempty"`
	Exit    int           `json:"exit,omitempty"`
	Cached  bool          `json:"cached,omitempty"`
	Wall    time.Duration `json:"wall"`
	CPU     time.Duration `json:"cpu"`
	Peak    int64         `json:"peakMemory,omitempty"` // bytes
	Metrics []MetricValue `json:"metrics,omitempty"`
	Outputs []string      `json:"outputs,omitempty"` // as declared
	Error   string        `json:"error,omitempty"`
}
