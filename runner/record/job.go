package record

import (
	"fmt"
	"math"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// A Job is one job instance of a run: a job, or one leg of a matrix.
type Job struct {
	ID     string `json:"id"`               // instance: train, train@depth=4
	Name   string `json:"name,omitempty"`   // for people; "" means the id
	Job    string `json:"job,omitempty"`    // key in mlops.yaml: train
	Matrix Values `json:"matrix,omitempty"` // of the leg
	Status Status `json:"status"`
	Reason string `json:"reason,omitempty"` // why it did not succeed: exit, signal, oom, timeout, …
	Exit   int    `json:"exit"`             // of the step that failed
	Error  string `json:"error,omitempty"`  // message for people

	Cached     bool   `json:"cached,omitempty"`     // whether the outputs come from an earlier run
	CachedFrom string `json:"cachedFrom,omitempty"` // id of the run that executed it, which also has the log
	// Verified says of a reused result that was made elsewhere where, by whom and in
	// which run, after its outputs were read and its fingerprint was made again.
	Verified string `json:"verified,omitempty"`
	// Uncached says why a job that succeeded may not be reused: an input moved, cache: false, …
	Uncached string `json:"uncached,omitempty"`

	Fingerprint store.Digest `json:"fingerprint,omitzero"`
	// FingerprintLines are the ingredients of the fingerprint, "kind name value",
	// without line ends. They are the file jobs/<id>/fingerprint.
	FingerprintLines []string `json:"-"`
	Why              []string `json:"why,omitempty"` // reasons it ran: "params train.lr 0.1 → 0.2 (params.yaml:3)"

	Image   Image             `json:"image,omitzero"`
	Inputs  []Artifact        `json:"inputs,omitempty"`
	Outputs []Artifact        `json:"outputs,omitempty"`
	Values  map[string]string `json:"values,omitempty"`  // outputs of its steps, by name
	Summary string            `json:"summary,omitempty"` // Markdown the job wrote
	Metrics []Metric          `json:"-"`                 // metrics.jsonl; Job is filled in by the record
	// NotNumbers are values in its files of metrics that are none: name → [Text] or
	// [Null]; at most [MaxNotNumbers].
	NotNumbers map[string]string `json:"notNumbers,omitempty"`
	// Report holds what the job has to say in the report: JSON objects, one a line.
	Report []string `json:"report,omitempty"`
	// Kept are the files that the job's steps handed to the record. They are in the
	// folder of the job, of a reused one in that of the run that executed it; see [Run.JobFile].
	Kept []Artifact `json:"kept,omitempty"`
	// Until is until when the result holds if nothing changes; zero means forever.
	Until time.Time `json:"until,omitzero"`

	Steps    []Step    `json:"steps,omitempty"`    // of the last attempt
	Attempts []Attempt `json:"attempts,omitempty"` // all, the last one included

	Queued     time.Time     `json:"queued,omitzero"`      // when its needs were met
	Started    time.Time     `json:"started,omitzero"`     // zero for a job that did not run
	Wall       time.Duration `json:"wall,omitempty"`       // nanoseconds; of a cached job, of the reuse
	CPU        time.Duration `json:"cpu,omitempty"`        // nanoseconds, user and system
	PeakMemory int64         `json:"peakMemory,omitempty"` // bytes
	GPUSeconds float64       `json:"gpuSeconds,omitempty"`

	LogDigest store.Digest `json:"logDigest,omitzero"` // of the log as it is kept; filled in by the record for one it was given
	LogSize   int64        `json:"logSize,omitempty"`  // bytes, unpacked
}

// MaxNotNumbers is how many values that are no metrics a record names of a job.
const MaxNotNumbers = 100

// Metric returns the job's metric of that name without a slice, or nil.
func (j *Job) Metric(name string) *Metric {
	for i := range j.Metrics {
		if m := &j.Metrics[i]; m.Name == name && len(m.Slice) == 0 {
			return m
		}
	}
	return nil
}

// An Image is what the job ran in.
type Image struct {
	Name     string   `json:"name,omitempty"`     // as the file has it
	ID       string   `json:"id,omitempty"`       // sha256:… of the image's configuration
	Digests  []string `json:"digests,omitempty"`  // repository digests
	Platform string   `json:"platform,omitempty"` // os/arch
}

// A Step is one process of a job.
type Step struct {
	ID         string            `json:"id,omitempty"`
	Name       string            `json:"name"`
	Uses       string            `json:"uses,omitempty"` // the built-in action
	Outcome    Status            `json:"outcome"`        // before continue-on-error
	Conclusion Status            `json:"conclusion"`     // after it
	Reason     string            `json:"reason,omitempty"`
	Exit       int               `json:"exit"`             // 128+n after signal n
	Signal     string            `json:"signal,omitempty"` // SIGKILL
	Started    time.Time         `json:"started,omitzero"`
	Wall       time.Duration     `json:"wall,omitempty"`       // nanoseconds
	CPU        time.Duration     `json:"cpu,omitempty"`        // nanoseconds
	PeakMemory int64             `json:"peakMemory,omitempty"` // bytes
	OOMKills   int64             `json:"oomKills,omitempty"`
	Outputs    map[string]string `json:"outputs,omitempty"`
	LogFrom    int64             `json:"logFrom,omitempty"` // byte range in the job's log
	LogTo      int64             `json:"logTo,omitempty"`
	Error      string            `json:"error,omitempty"` // why it could not start
}

// An Attempt is one try of a job.
type Attempt struct {
	Number  int           `json:"number"`         // counts from 1
	Name    string        `json:"name,omitempty"` // of the container or pod
	Status  Status        `json:"status"`
	Reason  string        `json:"reason,omitempty"`
	Exit    int           `json:"exit"`
	Error   string        `json:"error,omitempty"`
	Started time.Time     `json:"started,omitzero"`
	Wall    time.Duration `json:"wall,omitempty"`    // nanoseconds
	LogFrom int64         `json:"logFrom,omitempty"` // byte range in the job's log
	LogTo   int64         `json:"logTo,omitempty"`
	CPU     time.Duration `json:"cpu,omitempty"` // nanoseconds, user and system
	// PeakMemory is in bytes, 0 if it is not known.
	PeakMemory int64   `json:"peakMemory,omitempty"`
	GPUSeconds float64 `json:"gpuSeconds,omitempty"`
	// Resources are what the attempt was given, which a retry may have raised.
	Resources Resources `json:"resources,omitzero"`
	// Steps are those of an attempt that another one followed; those of the last
	// are the job's. See [Job.StepsOf].
	Steps []Step `json:"steps,omitempty"`
}

// Resources are what a job declared and was given; zero of what it declared nothing of.
type Resources struct {
	CPUs   float64 `json:"cpus,omitempty"`   // cores
	Memory int64   `json:"memory,omitempty"` // bytes
	Shm    int64   `json:"shm,omitempty"`    // bytes of /dev/shm
	Disk   int64   `json:"disk,omitempty"`   // bytes that the workspace may take
	Pids   int64   `json:"pids,omitempty"`   // processes
	Log    int64   `json:"log,omitempty"`    // bytes of the log that are kept
	GPUs   int     `json:"gpus,omitempty"`   // devices; -1 means all
}

// StepsOf returns the steps of an attempt, by its index.
func (j *Job) StepsOf(attempt int) []Step {
	if s := j.Attempts[attempt].Steps; s != nil || attempt < len(j.Attempts)-1 {
		return s // also of the last one so far in a record that was interrupted
	}
	return j.Steps
}

// An Artifact is a file or folder that a job read or wrote.
type Artifact struct {
	Name   string       `json:"name,omitempty"`   // of the dataset: customers; "" for a plain path
	Path   string       `json:"path"`             // slash-separated, relative to the repository
	Digest store.Digest `json:"digest"`           // of the bytes, of a folder's tree, or of a symbolic link's target
	Size   int64        `json:"size"`             // bytes; of a folder, of all its files
	Files  int64        `json:"files,omitempty"`  // in a folder; 0 for a file
	Mode   uint32       `json:"mode,omitempty"`   // permission bits; 0 for a folder or link
	Link   string       `json:"link,omitempty"`   // target of a symbolic link
	Source string       `json:"source,omitempty"` // address of remote data, without credentials
}

// An Input is data a run read that none of its own jobs had written: one
// element of inputs.json.
type Input struct {
	Name   string       `json:"name,omitempty"`
	Path   string       `json:"path"`
	Digest store.Digest `json:"digest"`
	Size   int64        `json:"size"` // bytes
	Source string       `json:"source,omitempty"`
	Jobs   []string     `json:"jobs"` // ids of the jobs that read it
}

// Inputs returns what the run read and did not write itself, in the order of
// the jobs, each path and digest once. It is what inputs.json holds.
func (r *Run) Inputs() []Input {
	var l inputList
	for _, j := range r.Jobs {
		l.add(j.ID, j.Inputs, j.Outputs)
	}
	return l.list()
}

// An inputList collects what a run read and did not write itself.
type inputList struct {
	all     []Input
	at      map[content]int // in all
	written map[content]bool
}

// content is a file that had these bytes.
type content struct {
	path   string
	digest store.Digest
}

// add takes in what a job read and wrote.
func (l *inputList) add(job string, read, wrote []Artifact) {
	if l.at == nil {
		l.at, l.written = map[content]int{}, map[content]bool{}
	}
	for _, a := range wrote {
		l.written[content{a.Path, a.Digest}] = true
	}
	for _, a := range read {
		c := content{a.Path, a.Digest}
		i, ok := l.at[c]
		if !ok {
			i, l.at[c] = len(l.all), len(l.all)
			l.all = append(l.all, Input{Name: a.Name, Path: a.Path, Digest: a.Digest, Size: a.Size, Source: a.Source})
		}
		l.all[i].Jobs = append(l.all[i].Jobs, job)
	}
}

// list returns the inputs; the list is empty and not nil if there are none.
func (l *inputList) list() []Input {
	out := make([]Input, 0, len(l.all))
	for _, in := range l.all {
		if !l.written[content{in.Path, in.Digest}] {
			out = append(out, in)
		}
	}
	return out
}

// Outputs returns what each job wrote, by job id. It is what outputs.json holds.
func (r *Run) Outputs() map[string][]Artifact {
	all := map[string][]Artifact{}
	for _, j := range r.Jobs {
		if len(j.Outputs) > 0 {
			all[j.ID] = j.Outputs
		}
	}
	return all
}

// check tells what a job cannot be written with.
func (j *Job) check() error {
	switch {
	case j.ID == "":
		return fmt.Errorf("job without an id")
	case math.IsNaN(j.GPUSeconds) || math.IsInf(j.GPUSeconds, 0):
		return fmt.Errorf("job %q: gpu seconds are %v", j.ID, j.GPUSeconds)
	case j.Cached && j.CachedFrom == "":
		return fmt.Errorf("job %q: cached without the run it comes from", j.ID)
	}
	for _, l := range j.FingerprintLines {
		for i := range len(l) {
			if l[i] == '\n' {
				return fmt.Errorf("job %q: line end in fingerprint line %q", j.ID, l)
			}
		}
	}
	return nil
}
