package spec

import "time"

// A Pos is a place in a source file. Line and Col count from 1; Col counts
// Unicode code points, as editors do. The zero Pos means "no place".
type Pos struct {
	Line int `json:"line"`
	Col  int `json:"column"`
}

// Known reports whether p is a place in a file.
func (p Pos) Known() bool { return p.Line > 0 }

// Str is a string of the file with the place where it stands. Its value may
// hold ${{ }} expressions where the key allows them; they have been checked.
type Str struct {
	Value string
	Pos   Pos
}

func (s Str) String() string { return s.Value }

// A File is a checked mlops.yaml. Everything keeps the order of the source.
type File struct {
	Path        string // as given to Parse
	Name        Str    // key of reports and records; the repository's folder name if the file has none
	On          Triggers
	Params      Params
	Env         []Var
	Defaults    Defaults
	Data        []Dataset
	Jobs        []*Job
	Baseline    Str // one of the forms in the design, checked; "" means merge-base
	BaselineRun bool
	CI          Str // reuse or verify, for jobs that say nothing else; "" means reuse
	Metrics     []Metric
	Gates       []Str // expressions
	Concurrency *Concurrency
}

// Job returns the job called id, or nil.
func (f *File) Job(id string) *Job {
	for _, j := range f.Jobs {
		if j.ID.Value == id {
			return j
		}
	}
	return nil
}

// Var is a name with a value that may hold expressions.
type Var struct {
	Name  Str
	Value Str
}

// Params is the tree of parameters: from a file that `params:` names, or inline,
// with overrides applied. Leaves are sorted by Name.
type Params struct {
	Path   string // the params file relative to mlops.yaml; "" if inline or none
	Leaves []Param
	// Tree is the same as nested map[string]any, []any and scalars (string, float64, bool, nil).
	Tree map[string]any
}

// A Param is one leaf of the parameters, such as train.lr.
type Param struct {
	Name  string // dotted, list elements by index: train.layers.0
	Value any    // nil, bool, float64 or string
	Raw   string // as written, for showing: 0.10 stays 0.10
	Pos   Pos    // in Params.Path or, if that is "", in the mlops.yaml
	// Override is true when the value comes from --param.
	Override bool
}

// Triggers say when a pipeline runs by itself; see `on:`.
type Triggers struct {
	Set         bool // whether the file has `on:` at all
	Push        *GitFilter
	PullRequest *GitFilter
	MergeGroup  *GitFilter
	Schedule    []Str // cron lines, five fields, UTC
	Data        []Str // names of datasets whose new version starts a run
	Dispatch    *Dispatch
}

// GitFilter narrows push and pull_request by branch, tag, path and activity type.
type GitFilter struct {
	Branches, BranchesIgnore, Tags, TagsIgnore, Paths, PathsIgnore, Types []Str
}

// Dispatch is `on: workflow_dispatch` with its typed inputs.
type Dispatch struct {
	Inputs []DispatchInput
}

// DispatchInput is an input of a manual run. Type is string, number, boolean or choice.
type DispatchInput struct {
	Name        Str
	Type        string
	Description string
	Required    bool
	Default     any
	Options     []Str
}

// Defaults hold for every job that does not say otherwise.
type Defaults struct {
	Image            Str
	Timeout          time.Duration // 0: none given
	Shell            Str
	WorkingDirectory Str
	Network          Str
}

// A Dataset is a named input with a content version: a file, glob or folder of
// the repository, or a remote address with a pinned digest.
type Dataset struct {
	Name   Str
	Path   Str
	Digest Str  // sha256:… pin, required for remote addresses
	Keep   bool // whether the bytes of its versions go into the store; true unless the file says false
	Pos    Pos
}

// Remote reports whether the dataset lies outside the repository.
func (d Dataset) Remote() bool { return remoteAddress(d.Path.Value) }

// A Metric declares how a number is to be read. Better is "higher", "lower" or "" (unknown).
type Metric struct {
	Name   Str
	Better string
	Unit   string
	Pos    Pos
}

// Concurrency lets one run at a time go on in a group.
type Concurrency struct {
	Group            Str
	CancelInProgress Str // "", "true", "false" or an expression
}

// A Job is one container, one unit of caching, one node of the graph.
type Job struct {
	ID          Str
	Name        Str
	Description string
	Pos         Pos
	If          Str // expression without ${{ }}; "" means success()
	Needs       []Str
	// HasInputs tells `inputs: []` from no inputs at all; a job without the key sees all files that git tracks.
	HasInputs bool
	Inputs    []Str // paths, globs, data.NAME; may hold expressions of params, matrix, github
	Outputs   []Str // paths; a trailing slash means a folder
	Metrics   []Str // files to read metrics from; if empty, outputs named metrics.*, *.metrics.* or *_metrics.* are
	Image     Str   // effective: the job's or defaults.image; "" for none
	Build     *Build
	Pull      string // if-missing, always or never, or several joined by commas; "" means if-missing
	Platform  string // os/arch, "" for the engine's own
	Env       []Var
	Shell     Str // effective default of the steps
	Dir       Str // effective default working directory of the steps
	Resources Resources
	Network   string // on, none; effective
	User      string // "" for the caller, or "root"
	Isolate   bool
	Strategy  Strategy
	Select    Str // best(METRIC), worst(METRIC) or first; "" for none
	Caches    []Cache
	Steps     []*Step
	Single    bool // run: or uses: stood at the job itself; Steps has that one step
	Timeout   time.Duration
	StopGrace time.Duration
	// ContinueOnError is "", "true", "false" or an expression without ${{ }}.
	ContinueOnError Str
	Retry           []Retry
	Seeds           *Seeds
	Cache           Str // "", "true", "false": false runs the job every time
	CI              Str // effective: verify, reuse or "", which means reuse
	Services        []Service
	Concurrency     *Concurrency
}

// Build makes the job's image from a context directory of the repository.
type Build struct {
	Context Str
	File    Str // Dockerfile inside the context; "" means Dockerfile
	Target  Str
	Args    []Var
	Pos     Pos
}

// Resources of a job. Zero means no limit (or the engine's default).
type Resources struct {
	CPUs   float64 // cores
	Memory int64   // bytes
	Shm    int64   // bytes of /dev/shm
	Disk   int64   // bytes the workspace may take
	Pids   int64   // processes
	Log    int64   // bytes of the log that are kept
	GPUs   int     // devices; -1 means all
}

// Strategy is the matrix of a job.
type Strategy struct {
	Matrix      Matrix
	FailFast    *bool // nil means true
	MaxParallel int   // 0 means no limit
}

// A Matrix spans the legs of a job: every combination of Axes, less Exclude,
// extended by Include as GitHub Actions does.
type Matrix struct {
	Axes    []Axis
	Include []Leg
	Exclude []Leg
	Pos     Pos
}

// Axis is one key of a matrix with its values (string, float64, bool, nil, []any or map[string]any).
type Axis struct {
	Name   Str
	Values []any
	// Expr is set instead of Values when the whole list is an expression, such as ${{ fromJSON(params.depths) }}.
	Expr Str
}

// Leg is one combination of matrix values, in file order.
type Leg []LegValue

// LegValue is one value of a leg.
type LegValue struct {
	Name  string
	Value any
}

// Cache is a folder kept between runs that is never part of a fingerprint.
type Cache struct {
	Name Str
	Path Str // absolute, or below ~/, inside the container
}

// A Step is one command, or one use of an action, in a job.
type Step struct {
	ID              Str // "" if none was given
	Name            Str
	Pos             Pos
	If              Str
	Run             Str // shell text; its ${{ }} parts become environment variables
	RunMap          *SourceMap
	Uses            Str
	With            []With
	Env             []Var
	Shell           Str
	Dir             Str
	Timeout         time.Duration
	ContinueOnError Str
	Background      bool
	Wait, Cancel    []Str // ids of background steps; a step with one of these, or WaitAll, runs nothing
	WaitAll         bool
}

// With is one input of an action. Value is what the YAML says: string, float64,
// bool, nil, []any, map[string]any; strings may hold expressions.
type With struct {
	Name  Str
	Value any
}

// Retry says when a failed job is tried again, and how often.
type Retry struct {
	On        []Str // reasons
	Exit      []int
	Limit     int
	Delay     time.Duration
	Resources *Resources
}

// Seeds asks for repeated trainings with other seeds.
type Seeds struct {
	N, Max int
	When   string // always, undecided
}

// Service is a container beside a job.
type Service struct {
	Name      Str // also its host name
	Image     Str
	Env       []Var
	Command   []Str // nil for the image's own
	Ports     []int
	Health    Health
	User      string // "" for the image's own
	Resources Resources
	Pos       Pos
}

// Health says how a service tells that it is ready. Zero fields mean defaults.
type Health struct {
	Run                            Str // shell command
	Interval, Timeout, StartPeriod time.Duration
	Retries                        int
	Pos                            Pos
}

// Action is what the parser must know of a built-in action to check `uses:` and `with:`.
type Action struct {
	Name string
	// Version is raised when the action would come to something else with the same
	// inputs; it is part of the fingerprint of the jobs that use it.
	Version int
	Doc     string
	Inputs  []ActionInput
	// Measures says that the action reports metrics of what its inputs name, so that
	// of a job with seeds it is to see what each seed made.
	Measures bool
}

// ActionInput is one input of an action. Type is any of the type words:
//
//   - string, bool, number, int, range, size, duration, path, expression, metric: one value;
//   - paths, list, expressions: one text or several;
//   - word: one of Words; share: a number such as 0.1 or 10%;
//   - dataset: a dataset's name, data.NAME or a path, or one of Words;
//   - freshness: COLUMN within DURATION;
//   - columns: column lines, by column; references: DATASET.COLUMN, by column;
//   - map: any mapping, or one with these Keys;
//   - entries: one or several, each a mapping with these Keys or a text, which stands for the first of them.
type ActionInput struct {
	Name     string
	Type     string
	Required bool
	Doc      string
	Example  string // a value as YAML, for the documentation; "" for none
	// Words are those of a word or a dataset; of columns, rules beside those of [ColumnWords].
	Words []string
	// Keys are those of a map or of entries; nil for a map lets any stand.
	Keys []ActionInput
	// Kept makes the word baseline, as a dataset, stand for the file of this name
	// that the same job kept in the run that this one is compared with; see [KeptName].
	Kept string
}

// Input returns the input called name, or nil.
func (a *Action) Input(name string) *ActionInput { return inputOf(a.Inputs, name) }

// Key returns the key called name of a map or of entries, or nil.
func (in *ActionInput) Key(name string) *ActionInput { return inputOf(in.Keys, name) }

func inputOf(list []ActionInput, name string) *ActionInput {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}
