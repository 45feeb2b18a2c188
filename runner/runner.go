// Package runner runs a plan: it decides which jobs are cached, executes the
// others, keeps their outputs, publishes them into the repository folder and
// records what happened. It knows nothing of machine learning, of terminals or
// of containers: jobs run through an [Executor], news go out as [Event]s.
//
// # A job's way
//
// When all that a job needs has ended, its condition is evaluated, its inputs
// are digested and its fingerprint is made ([plan.Fingerprint]). If the store has a
// result under that fingerprint, with all its blobs, the outputs are linked
// back. Otherwise the inputs go into a fresh workspace, an attempt runs there,
// and the agent's proof is checked against what is found: outputs are hashed
// again while they move into the store. Then the inputs are digested once more;
// if one moved meanwhile, the result is shown but not kept.
//
// # Room on the machine
//
// Before a job runs it claims its resources, with those of its services, from
// what the executor's machine has ([Capacity]); one that declares no cores
// counts as one. Claims are granted in order, but those that fit pass those
// that do not: eight times, or for five minutes, then the machine drains for
// who waits longest. GPUs are handed out one by one. Cached jobs claim nothing;
// a job that waited is decided about again. What can never fit is an error
// before anything starts. What one run has of a machine no other one gets
// (Runner.Locks); runs that wait get their turn one after the other.
//
// # Foretelling
//
// [Runner.Forecast] takes the same decisions from the same functions, and takes
// every job that must run to succeed. What depends on outputs that do not exist
// yet may run or be cached, unless no result of its definition was ever kept;
// then it will run for certain.
//
// # After a failure
//
// Nothing new is started, except with Options.KeepGoing what does not depend on
// the failure, and always what a condition with always() or failure() asks for.
// Jobs that run go on to their end; the legs of a matrix with fail-fast are
// cancelled when one of them fails.
//
// # Concurrency groups
//
// A run with a group waits for its turn before any job is decided upon; a job
// with one, when it is known that it has to run, without a slot. A run holds its
// group while its jobs wait for theirs, so two runs whose jobs are in each
// other's groups wait for ever, as on GitHub; a job in its own run's group is refused.
package runner

import (
	"context"
	"log/slog"
	"runtime"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/worktree"
)

// A Runner is a plan with all that running it needs. Run and Forecast may be
// called one after the other, not at once.
type Runner struct {
	Root     string // absolute folder that the plan's paths are relative to
	Plan     *plan.Plan
	Store    *store.Dir
	Tree     *worktree.Tree
	Executor Executor
	Overlay  *Overlay // nil: results are kept in Store and published into Root
	Cache    Cache    // results that other machines made; nil for none
	Source   Source   // brings datasets from their addresses; nil: only what the store has is used
	// Pins say what images' names mean, by PinKey; names without one mean what they
	// mean where the job runs.
	Pins map[string]Pin
	// Contexts are the github and inputs contexts that expressions may read.
	Contexts map[string]any
	// Secrets are the values of the secrets that jobs name, by name in capitals.
	// They are masked in all that a run writes and in no fingerprint; a value of
	// fewer than mask.MinLength bytes cannot be.
	Secrets map[string]string
	// Judge decides on a run of the whole plan when all of its jobs have succeeded;
	// nil means that there is nothing to decide. run is its record as far as it is
	// known, not to be changed; jobs is the jobs context: result and outputs by job.
	// The contexts are those of Run; an error that ends with them cancels the run,
	// any other is mlops' own.
	// It may ask for more nodes of the plan to be run first ([Judgement.More]), and
	// is then called again.
	Judge func(hard, soft context.Context, run *record.Run, jobs map[string]any) (*Judgement, error)
	// Past reads a file that a job kept in the run that this one is compared with,
	// and behind it what it kept in the runs before that one, newest first; nothing
	// if there is no such run or file. nil means that there is never one.
	Past func(ctx context.Context, job, name string) ([][]byte, error)
	// Hold keeps garbage collections away from what the run needs and makes until its
	// owner releases it, for who works on with what an ended run has made; nil means
	// that the run lets go of it when it ends.
	Hold *store.Pin
	// Watch, if not nil, gets every event, one at a time.
	Watch func(Event)
	// Locks is a folder of lock files by which the runs of one person on this
	// machine share its cores, memory and GPUs, made when a job is about to run
	// and the folder is missing; "" means that this run is the only one.
	Locks   string
	Log     *slog.Logger     // nil discards
	Now     func() time.Time // nil means time.Now
	Jitter  func() float64   // in [0, 1), for pauses between attempts; nil means math/rand
	Options Options
}

// A Judgement is what Judge has decided.
type Judgement struct {
	Gates    []record.Gate // in the order of the file
	Baseline string        // run or commit that it was compared with; "" for none
	// More are ids of nodes that are to run before anything is decided, none of which
	// has an outcome and all of whose needs have. The rest is then left out.
	More  []string
	Files map[string][]byte // further files of the record, by name; see [record.Writer.AddFile]
}

// Options are a person's wishes for one run. The zero value runs everything
// that is not cached, as many jobs at once as there are cores.
type Options struct {
	Selected  []bool          // which nodes are concerned (plan.Plan.Select); nil means all
	Only      map[string]bool // jobs or instances named by the person; empty means all
	Force     bool            // run what Only names although it is cached
	Jobs      int             // jobs at once; 0 means the number of cores
	KeepGoing bool
	Alone     bool              // give jobs cores and memory as if no other run had any; GPUs are shared
	Withheld  map[string]string // nodes that must not run, by ID, with the reason
	Notices   []string          // shown when the run begins
	// Verify checks kept results that other machines made before they are used, of
	// the nodes whose plan says so.
	Verify bool
	// DiskFloor is how many bytes a job must leave free on the store's file
	// system; 0 means [DefaultDiskFloor], less than 0 none.
	DiskFloor int64
	AgentPath string     // mlops binary for containers; "" means this executable
	Header    record.Run // what the record says beside the jobs
}

// A Finished run: its record, and which files it rests on.
type Finished struct {
	Record  *record.Run // without Jobs, which are in its files
	Summary Summary
	// Settled is whether the run had nothing to do that it would do again: all
	// jobs succeeded, were reused or skipped by their condition.
	Settled bool
	// Until is until when it stays so if nothing changes; zero means forever.
	Until time.Time
	// Files are the repository files that decided about the jobs, inputs and
	// published outputs, with the digests that they had; that of a link is zero.
	// Folders are the patterns whose matches did.
	Files   map[string]store.Digest
	Folders []string
	// Data are the datasets that the jobs read, in the order of their names.
	Data []DataRead
	// Still reports whether all of them are as they were when the run looked.
	// It may be called until the tree is closed.
	Still func(context.Context) bool
}

func (r *Runner) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

func (r *Runner) log() *slog.Logger {
	if r.Log != nil {
		return r.Log
	}
	return slog.New(slog.DiscardHandler)
}

func (r *Runner) selected(i int) bool {
	if r.Options.Selected == nil {
		return !r.Plan.Nodes[i].Spare
	}
	return r.Options.Selected[i]
}

// whole reports whether the run concerns all jobs.
func (r *Runner) whole() bool {
	for i := range r.Plan.Nodes {
		if !r.selected(i) && !r.Plan.Nodes[i].Spare {
			return false
		}
	}
	return true
}

func (r *Runner) jobs() int {
	if r.Options.Jobs > 0 {
		return r.Options.Jobs
	}
	return runtime.NumCPU()
}

// forced reports whether a node must run although it may be cached.
func (r *Runner) forced(n *plan.Node) bool {
	o := r.Options
	return o.Force && (len(o.Only) == 0 || o.Only[n.ID] || o.Only[n.Job])
}

// open starts what Run and Forecast share.
func (r *Runner) open(ctx context.Context) *execution {
	x := &execution{
		Runner: r, outcomes: make([]*outcome, len(r.Plan.Nodes)),
		images: newImages(r.Executor), contexts: newContexts(r.Plan, r.Contexts),
		written: newWritten(r.Plan), started: r.now(), definitions: newDefinitions(r.Store, len(r.Plan.Nodes)), secret: r.masks(),
		claims: make(chan *claim), used: usedFiles{inputs: make([]store.Digest, len(r.Plan.Nodes))}, budget: r.newBudget(), key: agent.NewKey(),
	}
	x.used.expect(r.Plan, x.written)
	return x
}
