package record

import (
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// Version is the version of the record format. It is raised when an older
// reader would misunderstand a newer record; new fields alone do not raise it.
const Version = 1

// Status says what became of a run, a job, an attempt or a step.
type Status string

// The statuses, in GitHub's words as far as it has them.
const (
	Success   Status = "success"
	Failure   Status = "failure"
	Cancelled Status = "cancelled"
	Skipped   Status = "skipped" // jobs and steps only
	Running   Status = "running" // the writer is alive, or may be
	// Interrupted is never written: a reader reports it for a run that has no
	// seal and whose writer is gone, and for the jobs such a run left running.
	Interrupted Status = "interrupted"
)

// Final reports whether s is the last status a writer gives: success, failure,
// cancelled or skipped.
func (s Status) Final() bool {
	return s == Success || s == Failure || s == Cancelled || s == Skipped
}

// A Run is one execution of a pipeline: what it was asked, where and on what
// it ran, and what came out. All times are UTC when read back, all durations
// are nanoseconds in JSON, and all text is UTF-8.
type Run struct {
	Version     int          `json:"version"`             // of the format; filled in by Create and Seal
	ID          string       `json:"id"`                  // UUID version 7, lower case; filled in by Create if empty
	Pipeline    string       `json:"pipeline"`            // name of the mlops.yaml: key of reports and comparisons
	File        string       `json:"file,omitempty"`      // path of the mlops.yaml in the repository
	FileDigest  store.Digest `json:"fileDigest,omitzero"` // of the mlops.yaml's bytes
	Trigger     Trigger      `json:"trigger"`             // why it ran
	Started     time.Time    `json:"started"`             // when planning began
	Ended       time.Time    `json:"ended,omitzero"`      // zero while it runs, and if it was interrupted
	Status      Status       `json:"status"`              // of all jobs and gates together
	Reason      string       `json:"reason,omitempty"`    // why it did not succeed: exit, oom, timeout, gate, …
	Error       string       `json:"error,omitempty"`     // the message that ended it, for people
	Exit        int          `json:"exit"`                // exit status of mlops
	Baseline    string       `json:"baseline,omitempty"`  // run id or commit it was compared with
	Labels      Labels       `json:"labels,omitempty"`    // free names and values
	Departs     []string     `json:"departs,omitempty"`   // how it differs from what its commit says by itself: jobs left out, parameters set by hand; such a run stands for no commit
	Selected    Labels       `json:"selected,omitempty"`  // job → id of the leg that its select chose
	Gates       []Gate       `json:"gates,omitempty"`     // as they were judged, in the order of the file
	Process     *Process     `json:"process,omitempty"`   // the writer, while it writes; nil in a sealed record
	Source      Source       `json:"-"`                   // source.json
	Environment Environment  `json:"-"`                   // env.json
	Params      Values       `json:"-"`                   // params.json: dotted names, values nil, bool, float64 or string
	Jobs        []Job        `json:"-"`                   // jobs/*/job.json, in the order of the plan
	Dir         string       `json:"-"`                   // folder of the record; set by Create and the readers
	Sealed      bool         `json:"-"`                   // whether SHA256SUMS is there; set by the readers
	Digest      store.Digest `json:"-"`                   // of SHA256SUMS: the run's digest; zero if not sealed
	Problems    []string     `json:"-"`                   // what could not be read of an interrupted record
	Summary     []JobSummary `json:"jobs,omitempty"`      // of Jobs; filled in when written, all there is of them in a run from Head
}

// A Gate is a condition that the run was judged by.
type Gate struct {
	Gate    string `json:"gate"`             // as written
	Line    int    `json:"line,omitempty"`   // in the mlops.yaml
	Outcome string `json:"outcome"`          // passed, failed, no baseline, can't tell
	Detail  string `json:"detail,omitempty"` // with the value of each part, or why it cannot be judged
}

// Labels are free names and values of a run.
type Labels map[string]string

// Values are named values as JSON knows them: nil, bool, float64, string, []any
// and map[string]any. A float64 that is not finite is written as "NaN",
// "Infinity" or "-Infinity" and read back as that string.
type Values map[string]any

// Job returns the job with the given id, or nil.
func (r *Run) Job(id string) *Job {
	for i := range r.Jobs {
		if r.Jobs[i].ID == id {
			return &r.Jobs[i]
		}
	}
	return nil
}

// Metrics returns the metrics of all jobs in the order of the jobs.
func (r *Run) Metrics() []Metric {
	var all []Metric
	for _, j := range r.Jobs {
		all = append(all, j.Metrics...)
	}
	return all
}

// A JobSummary is the line of a job in run.json: enough for a list of runs
// without opening the jobs' files.
type JobSummary struct {
	ID     string        `json:"id"`
	Status Status        `json:"status"`
	Cached bool          `json:"cached,omitempty"`
	Wall   time.Duration `json:"wall,omitempty"` // nanoseconds
}

// A Trigger says why a run was started.
type Trigger struct {
	Event    string `json:"event"`              // manual, push, pull_request, schedule, data, workflow_dispatch, …
	Actor    string `json:"actor,omitempty"`    // who started it
	Number   int    `json:"number,omitempty"`   // of the pull request; 0 for none
	Schedule string `json:"schedule,omitempty"` // the cron line
	Dataset  string `json:"dataset,omitempty"`  // whose new version started the run
	URL      string `json:"url,omitempty"`      // page of the cause
}

// A Source says which code ran.
type Source struct {
	Repository  string       `json:"repository,omitempty"` // URL without credentials
	Commit      string       `json:"commit,omitempty"`     // full hash; "" outside git
	Tree        string       `json:"tree,omitempty"`       // full hash of the commit's tree
	Ref         string       `json:"ref,omitempty"`        // refs/heads/main
	Branch      string       `json:"branch,omitempty"`     // main; "" when detached
	Base        string       `json:"base,omitempty"`       // commit a pull request is to be merged into
	Dirty       bool         `json:"dirty"`                // whether tracked files differed from the commit
	PatchDigest store.Digest `json:"patchDigest,omitzero"` // blob with the differences of a dirty tree
	Author      string       `json:"author,omitempty"`     // of the commit
	Subject     string       `json:"subject,omitempty"`    // first line of the commit message
	Committed   time.Time    `json:"committed,omitzero"`   // of the commit
	Shallow     bool         `json:"shallow,omitempty"`    // whether the history was cut off
	Untracked   int          `json:"untracked,omitempty"`  // files git did not know and did not ignore
	Directory   string       `json:"directory,omitempty"`  // of mlops.yaml below the repository's root
	Submodules  Labels       `json:"submodules,omitempty"` // path → commit
}

// An Environment says where a run ran. It names no secret and holds no value of one.
type Environment struct {
	Mlops    string  `json:"mlops"`              // version of mlops
	OS       string  `json:"os"`                 // linux
	Arch     string  `json:"arch"`               // amd64
	Host     Host    `json:"host"`               // the machine mlops ran on
	Executor string  `json:"executor,omitempty"` // docker, host, kubernetes
	Engine   Engine  `json:"engine,omitzero"`    // that the executor talks to
	CI       *CI     `json:"ci,omitempty"`       // nil outside a CI service
	Cost     float64 `json:"cost,omitempty"`     // price of an hour of the machine, in the currency of the file
}

// Host holds facts of a machine that can change a result or a duration.
type Host struct {
	Name     string   `json:"name,omitempty"`
	CPUs     int      `json:"cpus,omitempty"`     // cores usable by the process
	CPU      string   `json:"cpu,omitempty"`      // model
	Memory   int64    `json:"memory,omitempty"`   // bytes
	GPUs     []string `json:"gpus,omitempty"`     // model of each
	Driver   string   `json:"driver,omitempty"`   // version of the GPU driver
	Kernel   string   `json:"kernel,omitempty"`   // release
	Locale   string   `json:"locale,omitempty"`   // LC_ALL, LC_CTYPE or LANG
	TimeZone string   `json:"timeZone,omitempty"` // name
}

// Engine is the container engine or cluster of an executor.
type Engine struct {
	Name    string `json:"name,omitempty"`    // Docker Engine
	Version string `json:"version,omitempty"` // 28.5.2
	API     string `json:"api,omitempty"`     // 1.51
}

// CI holds facts of the CI service that ran mlops.
type CI struct {
	Name     string `json:"name"`               // github, gitlab, …
	Workflow string `json:"workflow,omitempty"` // name
	RunID    string `json:"runId,omitempty"`    // the service's number of its run
	Attempt  int    `json:"attempt,omitempty"`  // counts from 1
	Job      string `json:"job,omitempty"`      // name
	URL      string `json:"url,omitempty"`      // page of its run
}

// A Process names the process that writes a record; see store.Process.
type Process struct {
	Host  string `json:"host"`
	PID   int    `json:"pid"`
	Start string `json:"start"` // opaque: start time and boot, so that a reused number is told apart
	// Locked says that the writer holds a lock (flock) on the record's folder,
	// so that a free lock proves it dead.
	Locked bool `json:"locked,omitempty"`
}
