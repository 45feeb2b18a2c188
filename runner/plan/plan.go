// Package plan turns a checked mlops.yaml into the graph of what could run.
//
// A [Plan] is pure data: job instances in an order that respects every edge,
// with the lines from which their fingerprints are made. Making one reads no
// file of the repository and asks nobody anything; the digests of inputs and
// images join later, in the package that runs the plan.
//
// # Edges
//
// A job waits for the jobs in its `needs`, and for each job that writes a path
// which it reads. A matrix job is one node per leg; with `select` there is one
// more node, named like the job, that chooses among its legs.
//
// # Fingerprints
//
// A fingerprint is the SHA-256 of sorted lines `kind name value`. The lines of
// [Node.Definition] are known here: steps, parameters, matrix values. The rest
// (inputs, image, values of other jobs) is known once the jobs before have
// ended. Because the lines are kept, [Diff] of two lists says why a job runs
// again. Timeouts, retries, resources, names and descriptions are in no line:
// they do not change what a successful job produces.
package plan

import (
	"sync"
	"time"

	"github.com/mlops-runner/mlops/spec"
)

// A Plan is the graph of a pipeline.
type Plan struct {
	Pipeline string
	File     string  // path of the mlops.yaml, as given
	Nodes    []*Node // in an order that respects Needs; file order otherwise
	Metrics  []Metric
	Gates    []spec.Str
	Baseline Baseline
	Data     []Dataset
	// Params are the leaves of the parameters, ParamTree the same as a tree and
	// ParamFile the file they come from ("" if they stand in File).
	Params    []spec.Param
	ParamTree map[string]any
	ParamFile string
	Group     Group // of runs
	// Git is whether an expression reads the github context, so that a plan
	// made for one commit may not hold for another.
	Git  bool
	byID func() map[string]int
}

// A Baseline says what runs are compared with.
type Baseline struct {
	Asked string // merge-base, ref:v1, …; "" if the file does not say
	Run   bool   // where there is no run of it, make one
	Gates bool   // a gate compares with it
}

// A Metric says how a number is to be read; Better is higher, lower or "".
type Metric struct{ Name, Better, Unit string }

// A Dataset is a named input.
type Dataset struct {
	Name   string
	Path   string // file, glob or folder in the workspace
	Source string // address that it comes from; "" if it lies in the repository
	Digest string // that its content must have; "" if nothing pins it
	Keep   bool   // whether its bytes are kept in the store
}

// Param returns the parameter leaf called name.
func (p *Plan) Param(name string) (spec.Param, bool) {
	for _, leaf := range p.Params {
		if leaf.Name == name {
			return leaf, true
		}
	}
	return spec.Param{}, false
}

// Kind tells the sorts of node apart.
type Kind uint8

// A Run node is a container with steps; a Select node picks one of its legs.
const (
	Run Kind = iota
	Select
)

// A Node is one job instance.
type Node struct {
	ID    string // train, or train@depth=4
	Job   string // train
	Kind  Kind
	Leg   spec.Leg
	Pos   spec.Pos
	Needs []Need
	If    string // expression; "" means success()

	Inputs  []Input
	Tracked bool     // `inputs` is absent: every file that git tracks
	Outputs []string // slash-separated; a trailing slash means a folder
	Metrics []string // files to read metrics from, of this job's outputs or beside them
	Publish bool     // outputs go into the repository folder (not those of legs under select)

	Image     string
	Build     *Build
	Pull      string
	Platform  string
	Network   bool
	User      string
	Isolate   bool
	Resources spec.Resources
	Caches    []Cache
	Services  []Service
	Env       []Var // may hold expressions; later ones win
	Steps     []Step
	Secrets   []Secret // that Env, Steps and the Env of Services read, by name

	Timeout         time.Duration
	Grace           time.Duration
	ContinueOnError string
	FailFast        bool
	MaxParallel     int
	Retry           []spec.Retry
	NoCache         bool
	Verify          bool  // in a CI service, results of other machines are checked before they are used
	Group           Group // of jobs

	Select Selection // of a Select node

	// Config is, of a leg of a job with seeds, the name that it has in common with
	// those of other seeds: train, train@depth=4. Seeds and MaxSeeds are how many
	// each of them has, and may have while gates are undecided.
	Config          string
	Seeds, MaxSeeds int
	Spare           bool // a leg of a seed beyond Seeds: no run concerns it unless it is asked for

	// Definition holds the lines of the fingerprint that are known when planning.
	Definition Definition
	// Late names what expressions read of other jobs, such as
	// needs.prepare.outputs.rows; the values join the fingerprint when known.
	Late []string
	// Past names files that the same job kept in the run that this one is compared
	// with; they become inputs.
	Past []string
	// Later names keys of the job that no executor carries out yet; the job cannot run.
	Later []string
}

// A Group is a concurrency group, of which one member is at work at a time. Both
// may hold expressions, which are evaluated when the run or the job starts.
type Group struct {
	Name   string // "" for none
	Cancel string // "", true, false or an expression without ${{ }}: whether who is at work is asked to stop
}

// A Need is an edge: the node waits for another one.
type Need struct {
	Node  int      // index into Plan.Nodes
	Order bool     // by `needs`
	Paths []string // outputs of that node which this one reads
}

// An Input is one entry of `inputs`, expanded.
type Input struct {
	Pattern string // path, folder or glob
	Data    string // name of the dataset, if the entry was data.NAME
	Digest  string // pinned digest of a remote dataset
	Source  string // address of a remote dataset; Pattern is then where it is seen in the workspace
}

// Build is an image to be made from a context folder of the repository.
type Build struct {
	Context, File, Target string
	Args                  []Var
}

// Cache is a folder kept between runs.
type Cache struct{ Name, Path string }

// A Service is a container beside the job, reached by its name.
type Service struct {
	Name      string
	Image     string
	Env       []Var // of which those that read secrets are still texts with expressions
	Command   []string
	Ports     []int
	Health    Health
	User      string
	Resources spec.Resources
}

// Health says how a service tells that it is ready. Zero fields mean defaults.
type Health struct {
	Run                            string
	Interval, Timeout, StartPeriod time.Duration
	Retries                        int
}

// Var is a name and a value; the value may hold expressions.
type Var struct{ Name, Value string }

// A Step is a step ready for the agent: expressions of its script stand in
// Exprs and the script refers to them by environment variables.
type Step struct {
	ID, Name        string
	Pos             spec.Pos
	If              string
	Run             string
	Exprs           []Var
	Shell           string
	Dir             string
	Uses            string
	With            map[string]any
	Env             []Var
	Timeout         time.Duration
	ContinueOnError string
	Background      bool
	Wait, Cancel    []string // ids of background steps, of a step that runs nothing
	WaitAll         bool
}

// Selection is the rule by which a Select node chooses: the leg with the
// highest (or lowest) value of a metric.
type Selection struct {
	Metric  string
	Highest bool
	// Follow is the id of the Select node that chose among the seeds of the job
	// before: what was made of the seed that it chose is chosen here; "" for none.
	Follow string
}

// Node returns the node called id, or nil.
func (p *Plan) Node(id string) *Node {
	if i, ok := p.byID()[id]; ok {
		return p.Nodes[i]
	}
	return nil
}

// Index returns the place of the node called id in Nodes, or -1.
func (p *Plan) Index(id string) int {
	if i, ok := p.byID()[id]; ok {
		return i
	}
	return -1
}

// reindex prepares the look-up by id after Nodes changed. It is made when it
// is asked for.
func (p *Plan) reindex() {
	p.byID = sync.OnceValue(func() map[string]int {
		at := make(map[string]int, len(p.Nodes))
		for i, n := range p.Nodes {
			at[n.ID] = i
		}
		return at
	})
}
