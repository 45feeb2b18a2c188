package report

import (
	"math"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// Version is the version of a report's JSON form. It is raised when an older
// reader would misunderstand; new fields alone do not raise it.
const Version = 1

// A Report is all that is told of a run: what it came to beside its baseline
// and what the gates make of that. It is what renderings are made from, and
// what a bundle holds, so it has no Markdown and no HTML in it, and nothing of
// it may be trusted to be harmless text: names, values and messages are as
// people and programs wrote them.
type Report struct {
	Version  int      `json:"version"`
	Pipeline string   `json:"pipeline"` // key of the report
	Decision Decision `json:"decision"`
	Why      string   `json:"why"` // one line: what the decision rests on
	// Unverified says who reported the figures, if nobody vouches for them; "" for
	// those of a run that mlops has seen itself.
	Unverified string `json:"unverified,omitempty"`

	Head     Side     `json:"head"`
	Base     *Side    `json:"base,omitempty"` // nil if there is nothing to compare with
	Baseline Baseline `json:"baseline"`

	Metrics []Metric     `json:"metrics,omitempty"` // those of gates first, then by name
	Gates   []Judged     `json:"gates,omitempty"`   // in the order of the file
	Changed []GateChange `json:"changedGates,omitempty"`
	Params  []Change     `json:"params,omitempty"` // that differ, by name
	// ParamCount is how many parameters the run has, changed or not.
	ParamCount int                `json:"paramCount,omitempty"`
	Inputs     []InputChange      `json:"inputs,omitempty"` // that differ, by path
	Code       Code               `json:"code,omitzero"`
	Jobs       []Job              `json:"jobs,omitempty"` // in the order of the plan
	Outputs    Sameness           `json:"outputs,omitzero"`
	Cost       Cost               `json:"cost,omitzero"`
	BaseCost   *Cost              `json:"baseCost,omitempty"`
	Sections   []Section          `json:"sections,omitempty"`   // what actions add: slices, data checks, drift
	Promotions []record.Promotion `json:"promotions,omitempty"` // what became of the models that it made
	Notes      []string           `json:"notes,omitempty"`      // what a reader must know beside: a line each
}

// Decision is what a run comes to as a whole.
type Decision string

// The decisions, best first.
const (
	Promote      Decision = "promote"      // every gate passed
	Unjudged     Decision = "no gates"     // there is no gate to pass or fail
	NoComparison Decision = "no baseline"  // gates want a baseline and there is none; the others passed
	Inconclusive Decision = "inconclusive" // a gate can't tell
	Blocked      Decision = "blocked"      // a gate failed
	Broken       Decision = "error"        // a job failed or was cancelled, or a gate could not be judged, so that nothing is known
)

// A Side is one of the two runs that are compared.
type Side struct {
	Run     string        `json:"run,omitempty"`    // id; "" for metrics from a file
	Digest  store.Digest  `json:"digest,omitzero"`  // of the run's record
	Name    string        `json:"name,omitempty"`   // as people call it: main, v1.2, churn@production
	Commit  string        `json:"commit,omitempty"` // full hash
	Branch  string        `json:"branch,omitempty"`
	Subject string        `json:"subject,omitempty"` // first line of the commit message
	Dirty   bool          `json:"dirty,omitempty"`   // the tree differed from the commit
	Started time.Time     `json:"started,omitzero"`
	Status  record.Status `json:"status,omitempty"`
	URL     string        `json:"url,omitempty"` // page of the CI run
	Attempt int           `json:"attempt,omitempty"`
}

// A Baseline says what the run was compared with, and how that was chosen.
type Baseline struct {
	Asked  string        `json:"asked"`            // merge-base, ref:v1.2, …
	Wanted string        `json:"wanted,omitempty"` // commit that this means; "" if it means none
	Found  string        `json:"found,omitempty"`  // commit of the run that was taken: Wanted or an ancestor
	Behind int           `json:"behind,omitempty"` // commits from Found to Wanted on the first-parent line
	Tip    int           `json:"tip,omitempty"`    // commits from Wanted to the tip of the base branch; -1 if unknown
	Age    time.Duration `json:"age,omitempty"`    // of the run that was taken, when this one began
	Why    string        `json:"why"`              // one line for people, also if there is none
}

// Verdict is the word for how a metric moved.
type Verdict string

// The verdicts of metrics.
const (
	Better    Verdict = "better"
	Same      Verdict = "same"
	Worse     Verdict = "worse"
	CantTell  Verdict = "can't tell"
	Different Verdict = "changed" // its direction is not known
	Added     Verdict = "new"     // the baseline has no such metric
	Gone      Verdict = "missing" // the run has no such metric
)

// A Metric is one metric of both runs. Numbers may be NaN or infinite.
type Metric struct {
	Name   string            `json:"name"`
	Slice  map[string]string `json:"slice,omitempty"`
	Better string            `json:"better,omitempty"` // higher, lower or "" (unknown)
	Unit   string            `json:"unit,omitempty"`
	Gated  bool              `json:"gated,omitempty"`  // a gate reads it
	Job    string            `json:"job,omitempty"`    // that reported it; of legs that differ in their seed, without the seed
	Others []string          `json:"others,omitempty"` // jobs that reported another value, which does not count

	Head     *Number `json:"head,omitempty"`  // nil if the run has none
	Seeds    int     `json:"seeds,omitempty"` // whose mean Head is; 0 for one value
	Base     *Number `json:"base,omitempty"`
	Change   *Number `json:"change,omitempty"`   // Head - Base, in the metric's unit; nil without both
	Relative *Number `json:"relative,omitempty"` // Change / |Base|; nil where Base is 0

	// Interval is where the true change lies; nil if nothing is known of the noise.
	Interval *Interval `json:"interval,omitempty"`
	Verdict  Verdict   `json:"verdict,omitempty"` // "" without a baseline
	// Own is where Head itself would be with other rows and seeds of the same kind;
	// nil if that is not known.
	Own  *Interval `json:"own,omitempty"`
	Note string    `json:"note,omitempty"` // what makes the numbers less than they seem

	HeadCurve []Point `json:"headCurve,omitempty"` // step by step, thinned for plots
	BaseCurve []Point `json:"baseCurve,omitempty"`
	Past      []Point `json:"past,omitempty"` // values of earlier runs of the baseline's branch, oldest first; the step counts runs
}

// An Interval is a confidence interval of a change.
type Interval struct {
	Low    Number  `json:"low"`
	High   Number  `json:"high"`
	Level  float64 `json:"level"`            // 0.95
	P      *Number `json:"p,omitempty"`      // two-sided, of no change; nil if the method has none
	Method string  `json:"method"`           // DeLong, paired t over seeds, …
	N      int     `json:"n"`                // rows, seeds or runs it rests on
	Needs  int     `json:"needs,omitempty"`  // about how many more would decide it; 0 if it is decided or unknown
	Unit   string  `json:"of,omitempty"`     // what N counts: rows, seeds, runs
	Paired bool    `json:"paired,omitempty"` // the same rows or seeds on both sides
	// Error says why runs that were to be compared pair by pair cannot be; "" if they
	// were, or nobody asked for it.
	Error string `json:"error,omitempty"`
}

// Unknown is the interval of a change of which nothing is known, and method says
// why: no verdict follows from it.
func Unknown(method string) Interval {
	return Interval{Low: Number(math.Inf(-1)), High: Number(math.Inf(1)), Level: 0.95, Method: method}
}

// Unpaired is the interval of a change that was to be told by pairs which there are
// not; why says so, and how to come to some.
func Unpaired(method, why string) Interval {
	i := Unknown(method)
	i.Error = why
	return i
}

// A Point is one value of a curve; in JSON it is [step, value].
type Point = record.Point

// A GateChange is a gate that the run's own file has otherwise than the file
// whose gates judged it.
type GateChange struct {
	Old string `json:"old,omitempty"` // "" for a gate that was added
	New string `json:"new,omitempty"` // "" for one that was removed
}

// A Change is a value that differs; nil on the side that lacks it.
type Change struct {
	Name string  `json:"name"`
	Old  *string `json:"old,omitempty"` // as the language formats it
	New  *string `json:"new,omitempty"`
}

// An InputChange is a file, folder or dataset that the runs read in different versions.
type InputChange struct {
	Name      string       `json:"name,omitempty"` // of the dataset
	Path      string       `json:"path"`
	OldPath   string       `json:"oldPath,omitempty"` // of a dataset that moved; "" if it did not
	Old       store.Digest `json:"old,omitzero"`      // zero if the baseline did not read it
	New       store.Digest `json:"new,omitzero"`
	OldSize   int64        `json:"oldSize,omitempty"` // bytes
	NewSize   int64        `json:"newSize,omitempty"`
	OldFiles  int64        `json:"oldFiles,omitempty"`
	NewFiles  int64        `json:"newFiles,omitempty"`
	IsDataset bool         `json:"dataset,omitempty"`
}

// Code is how the repositories of the runs differ.
type Code struct {
	Files   []string `json:"files,omitempty"`   // that differ, by path; at most [MaxFiles]
	Count   int      `json:"count,omitempty"`   // of all that differ
	Commits int      `json:"commits,omitempty"` // between the two, if known
}

// MaxFiles is how many changed files a report names.
const MaxFiles = 100

// A Job is what became of one job instance in both runs.
type Job struct {
	ID     string        `json:"id"`
	Status record.Status `json:"status"`
	Cached bool          `json:"cached,omitempty"`
	Reason string        `json:"reason,omitempty"` // why it failed: oom, exit, …
	Error  string        `json:"error,omitempty"`
	Exit   int           `json:"exit,omitempty"`  // of the step that failed
	Why    []string      `json:"why,omitempty"`   // why it ran
	Wall   time.Duration `json:"wall,omitempty"`  // nanoseconds
	Equal  bool          `json:"equal,omitempty"` // same fingerprint as in the baseline
	// Changed are the ingredients of the fingerprint that differ from the baseline's.
	Changed []Change      `json:"changed,omitempty"`
	Outputs Sameness      `json:"outputs,omitzero"`
	Only    string        `json:"only,omitempty"` // head or base, if only one has it
	Base    record.Status `json:"base,omitempty"`
	Log     []string      `json:"log,omitempty"` // last lines of a failed job
}

// Sameness counts outputs that are bit-identical in both runs.
type Sameness struct {
	Same int `json:"same"`
	All  int `json:"all"` // in either run
}

// A Cost is what a run took.
type Cost struct {
	Wall       time.Duration `json:"wall"`          // nanoseconds from start to end
	CPU        time.Duration `json:"cpu,omitempty"` // of the executed jobs
	GPUSeconds float64       `json:"gpuSeconds,omitempty"`
	Jobs       int           `json:"jobs"`
	Cached     int           `json:"cached"`          // jobs that were reused
	Price      float64       `json:"price,omitempty"` // in the currency of the file; 0 if unknown
}

// A Section is what an action has to say: a table with a line above it, and plots.
// It is the seam for slices, data checks, drift and evaluations.
type Section struct {
	ID       string     `json:"id"` // slices, data, …
	Title    string     `json:"title"`
	Summary  string     `json:"summary"`            // counts, so that it need not be opened
	Failing  bool       `json:"failing,omitempty"`  // it is shown open
	Columns  []Column   `json:"columns,omitempty"`  //
	Rows     [][]string `json:"rows,omitempty"`     // most important first; len == len(Columns)
	Plots    []Plot     `json:"plots,omitempty"`    // most important first; formats without room show fewer
	Patch    []string   `json:"patch,omitempty"`    // lines of a diff to take over, shown as they are
	Priority int        `json:"priority,omitempty"` // higher is dropped later when space is short
}

// A Column heads a section's table.
type Column struct {
	Name    string `json:"name"`
	Numeric bool   `json:"numeric,omitempty"` // aligned to the right
}
