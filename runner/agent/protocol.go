package agent

import "time"

// Version is raised when Spec, Event or Result change in a way that an older
// reader would misunderstand.
const Version = 2

// A Spec is all an agent needs to run one job. It is written as JSON into the
// control directory before the agent starts.
type Spec struct {
	Version   int            `json:"version"`
	Job       string         `json:"job"`       // job instance, such as train@depth=4
	Workspace string         `json:"workspace"` // absolute, exists; the steps' working directory
	Control   string         `json:"control"`   // absolute, exists; log, events, result and command files go there
	Env       []Var          `json:"env,omitempty"`
	Contexts  map[string]any `json:"contexts,omitempty"` // github, env, params, matrix, needs, inputs, data: what expressions may read; env and steps grow while steps run
	Steps     []Step         `json:"steps"`
	Outputs   []string       `json:"outputs,omitempty"`  // paths relative to Workspace; trailing slash = folder; doublestar globs
	Metrics   []string       `json:"metrics,omitempty"`  // optional metric files, collected when present
	Stream    bool           `json:"stream,omitempty"`   // log bytes go through the event stream, not only into the file (remote daemons)
	Timeout   time.Duration  `json:"timeout,omitempty"`  // of the whole job; 0 = none
	Grace     time.Duration  `json:"grace,omitempty"`    // between SIGTERM and SIGKILL; 0 = 10 s
	LogLimit  int64          `json:"logLimit,omitempty"` // bytes; of a longer log the head and the last MiB are kept; 0 = no limit
	GPUs      int            `json:"gpus,omitempty"`     // devices the job holds; -1 = all there are
	// Secrets are handed to the agent beside the Spec: in memory, or as one line on
	// the standard input of [Main] if SecretsFollow is set ([WriteSecrets]).
	Secrets       *Secrets `json:"-"`
	SecretsFollow bool     `json:"secretsFollow,omitempty"`
	// Disk is how many bytes the workspace and the control directory may take
	// together, mounts and the log apart; no more may the outputs claim to hold.
	// 0 means no limit for the first and [MaxOutputs] for the second.
	Disk int64 `json:"disk,omitempty"`
	// DiskFloor is how many bytes must stay free where the two lie, or a
	// twentieth of that file system if that is less; 0 = none.
	DiskFloor   int64 `json:"diskFloor,omitempty"`
	OutputFiles int   `json:"outputFiles,omitempty"` // that outputs may hold; 0 = [MaxOutputFiles]
	Pids        int64 `json:"pids,omitempty"`        // the place's limit of processes, for messages
	// Outside is where the workspace lies outside of the place, for messages
	// about its file system; "" = at Workspace.
	Outside string `json:"outside,omitempty"`
	// Transient leaves out events.jsonl and result.json, for a caller who waits in
	// the same process and takes the Result from Run.
	Transient bool              `json:"transient,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
	// Isolate keeps the steps apart; none of them is in the background. [Main] runs
	// one step and hands the job on to another agent, see [Relay]. [Run] gives each
	// step a HOME and a TMPDIR of its own where Env names none, and kills what the
	// step before it left.
	Isolate bool `json:"isolate,omitempty"`
	// HomeLinks are folders that such a home shows: a path below it, and the
	// absolute one that a link there leads to.
	HomeLinks []Var `json:"homeLinks,omitempty"`
}

// Var is an environment variable. Value may hold ${{ }} expressions in a
// Step's Env; in a Spec's Env it is final.
type Var struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Step is one process, started in a process group of its own.
type Step struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
	If   string `json:"if,omitempty"` // expression; "" = success()
	// Run is the script with every expression already replaced by a reference
	// to the variable that Exprs names; Shell is the argv before it.
	Run             string         `json:"run,omitempty"`
	Exprs           []Var          `json:"exprs,omitempty"` // variable → expression without ${{ }}
	Shell           string         `json:"shell,omitempty"` // "", sh, bash, python, or a template with {0}
	Uses            string         `json:"uses,omitempty"`  // a built-in action, run as this very binary
	With            map[string]any `json:"with,omitempty"`
	Env             []Var          `json:"env,omitempty"`
	Dir             string         `json:"dir,omitempty"` // relative to the workspace; may hold expressions
	Timeout         time.Duration  `json:"timeout,omitempty"`
	ContinueOnError string         `json:"continueOnError,omitempty"` // expression; "" = false
	Background      bool           `json:"background,omitempty"`
	// A step without Run and Uses waits for background steps, by their ids or for
	// all, or stops some and waits for that.
	Wait    []string `json:"wait,omitempty"`
	WaitAll bool     `json:"waitAll,omitempty"`
	Cancel  []string `json:"cancel,omitempty"`
}

// controls reports whether the step is about background steps and runs nothing.
func (s *Step) controls() bool { return len(s.Wait)+len(s.Cancel) > 0 || s.WaitAll }

// Reason says why a job or step did not succeed; the set is closed.
type Reason string

// The reasons. Exit carries its status in Result.Exit.
const (
	ReasonNone       Reason = ""
	ReasonExit       Reason = "exit"
	ReasonSignal     Reason = "signal"
	ReasonOOM        Reason = "oom"
	ReasonTimeout    Reason = "timeout"
	ReasonCanceled   Reason = "canceled"
	ReasonImagePull  Reason = "image-pull"
	ReasonDaemonLost Reason = "daemon-lost"
	ReasonDiskFull   Reason = "disk-full"
	ReasonConfig     Reason = "config"
	ReasonGate       Reason = "gate"
)

// Status of a step or a job: success, failure, canceled or skipped.
type Status string

// The statuses, in GitHub's words.
const (
	Success  Status = "success"
	Failure  Status = "failure"
	Canceled Status = "cancelled"
	Skipped  Status = "skipped"
)

// EventKind tells what an Event reports.
type EventKind string

// The kinds of event an agent sends.
const (
	StepStarted EventKind = "step-start"
	StepEnded   EventKind = "step-end"
	LogGrew     EventKind = "log"     // Offset is the length of the log file now; sent at most every 50 ms, and not at all if Spec.Stream is set
	Output      EventKind = "output"  // Bytes follow in the stream when Spec.Stream is set; Offset is where they end in the log
	Notice      EventKind = "notice"  // Level and Text: ::notice/warning/error:: commands of the job, and what the agent itself has to say
	Waiting     EventKind = "waiting" // Text says what the job waits for: services before its first step, background steps after its last
	Ended       EventKind = "end"     // Result is set; nothing follows
	// HandedOver: this agent has ended, and the next one of the job begins with
	// Step. It stands in the place of Ended; see Relay.
	HandedOver EventKind = "handover"
)

// An Event is one line of JSON that the agent writes to its standard output
// and appends to events.jsonl in the control directory. Output events are
// followed by N raw bytes. Output and LogGrew events stand in the stream only:
// a reader of the file has the log beside it.
type Event struct {
	Kind   EventKind   `json:"kind"`
	Time   time.Time   `json:"time"`
	Step   int         `json:"step"`             // index into Spec.Steps
	Offset int64       `json:"offset,omitempty"` // bytes of the log so far
	N      int         `json:"n,omitempty"`
	Level  string      `json:"level,omitempty"` // notice, warning, error, debug
	Text   string      `json:"text,omitempty"`
	File   string      `json:"file,omitempty"`
	Line   int         `json:"line,omitempty"`
	Ended  *StepResult `json:"ended,omitempty"`
	Result *Result     `json:"result,omitempty"`
	Data   []byte      `json:"-"` // the N bytes, filled in by the reader
}

// StepResult is what became of a step.
type StepResult struct {
	ID         string            `json:"id,omitempty"`
	Name       string            `json:"name"`
	Outcome    Status            `json:"outcome"`    // before continue-on-error
	Conclusion Status            `json:"conclusion"` // after it
	Reason     Reason            `json:"reason,omitempty"`
	Exit       int               `json:"exit"`             // exit status; 128+n after signal n
	Signal     string            `json:"signal,omitempty"` // SIGKILL
	Started    time.Time         `json:"started"`
	Wall       time.Duration     `json:"wall"`                 // nanoseconds, as all durations
	CPU        time.Duration     `json:"cpu"`                  // user and system time of the step's processes
	PeakMemory int64             `json:"peakMemory,omitempty"` // bytes; 0 if not known, see the package documentation
	OOMKills   int64             `json:"oomKills,omitempty"`
	Outputs    map[string]string `json:"outputs,omitempty"`
	LogFrom    int64             `json:"logFrom"` // byte range of the step in the log
	LogTo      int64             `json:"logTo"`
	Error      string            `json:"error,omitempty"` // why it could not start, or which expression failed
}

// Result is the agent's proof of how a job ended. A job without one has not succeeded.
type Result struct {
	Version    int               `json:"version"`
	Status     Status            `json:"status"`
	Reason     Reason            `json:"reason,omitempty"`
	Exit       int               `json:"exit"`
	Failed     int               `json:"failed"` // index of the step that failed; -1 if none
	Error      string            `json:"error,omitempty"`
	Fix        string            `json:"fix,omitempty"` // what to do about Error, where the agent knows
	Steps      []StepResult      `json:"steps"`
	Outputs    map[string]string `json:"outputs,omitempty"` // step outputs merged in order
	Artifacts  []Artifact        `json:"artifacts,omitempty"`
	Missing    []string          `json:"missing,omitempty"` // declared outputs that were not produced
	Started    time.Time         `json:"started"`
	Wall       time.Duration     `json:"wall"`
	CPU        time.Duration     `json:"cpu"`
	PeakMemory int64             `json:"peakMemory,omitempty"`
	GPUSeconds float64           `json:"gpuSeconds,omitempty"`
	LogSize    int64             `json:"logSize"`
	Summary    string            `json:"summary,omitempty"`    // Markdown of MLOPS_SUMMARY
	MetricText string            `json:"metricText,omitempty"` // raw lines of MLOPS_METRICS
	ReportText string            `json:"reportText,omitempty"` // raw lines of MLOPS_REPORT
	Kept       []KeptFile        `json:"kept,omitempty"`       // of MLOPS_RECORD
}

// An Artifact is a file that a job produced.
type Artifact struct {
	Path   string `json:"path"`           // slash-separated, relative to the workspace
	Digest string `json:"digest"`         // sha256:…; of a symbolic link, of its target text
	Size   int64  `json:"size"`           // bytes
	Mode   uint32 `json:"mode,omitempty"` // permission bits; 0 for a symbolic link
	Link   string `json:"link,omitempty"` // target of a symbolic link, inside the same output
}

// Limits of outputs where a Spec names none.
const (
	MaxOutputs     = 256 << 30 // bytes, as the files claim to have: a hole counts too, since hashing reads it
	MaxOutputFiles = 250_000
)

// Names of the files in a control directory.
const (
	SpecFile   = "spec.json"
	LogFile    = "log"
	IndexFile  = "log.index" // lines "offset unix-nanoseconds step": from this byte on, output of that step read at that time, to within 10 ms
	EventsFile = "events.jsonl"
	ResultFile = "result.json" // appears by rename, after everything else is complete
	BatonFile  = "baton"       // sealed: what the next agent of a job with Isolate has to know
)
