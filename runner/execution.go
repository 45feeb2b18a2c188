package runner

import (
	"context"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/mask"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// An execution is one run, or the forecast of one.
type execution struct {
	*Runner
	outcomes []*outcome // by node; set by the goroutine that schedules, read by those it starts
	images   *images
	contexts *contexts
	written  *written
	tracked  trackedFiles
	started  time.Time

	definitions *definitions
	secret      *mask.Set
	key         []byte // of what jobs mask while they run
	machine     machine
	claims      chan *claim // for room on the machine

	// Of runs only.
	watch  *watcher
	writer *record.Writer
	pin    *store.Pin
	used   usedFiles
	places places
	budget *budget

	publishing publishing
	records    records

	reapOnce sync.Once
	reaping  sync.WaitGroup
}

// An outcome is what became of a node, for those that need it.
type outcome struct {
	status agent.Status
	reason agent.Reason
	exit   int
	cached bool
	// assumed: a forecast takes the job to succeed, and does not know its result.
	assumed bool
	// soft: the job failed and continue-on-error says that this is no failure.
	soft   bool
	result *Result // of success
	leg    string  // that a Select node chose
	place  bool    // the place failed, not the job
	err    string  // for people
	fix    string
	record *record.Job
}

// word is the outcome as expressions see it: needs.X.result.
func (o *outcome) word() string {
	if o.soft {
		return string(agent.Success)
	}
	return string(o.status)
}

// usedFiles collects what the decisions of a run rested on.
type usedFiles struct {
	mu      sync.Mutex // guards all below
	files   map[string]store.Entry
	folders map[string]bool
	inputs  map[*plan.Node]inputs
	outputs []store.Entry // published
}

// addInputs notes what a node saw of the repository.
func (u *usedFiles) addInputs(n *plan.Node, in inputs) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.inputs == nil {
		u.inputs = map[*plan.Node]inputs{}
	}
	u.inputs[n] = in
}

func (u *usedFiles) addOutputs(es []store.Entry) {
	u.add(es)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.outputs = append(u.outputs, es...)
}

func (u *usedFiles) add(es []store.Entry) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.files == nil {
		u.files = make(map[string]store.Entry, len(es))
	}
	for _, e := range es {
		u.files[e.Path] = e
	}
}

func (u *usedFiles) addPatterns(patterns []plan.Input) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, p := range patterns {
		if u.folders == nil {
			u.folders = map[string]bool{}
		}
		u.folders[p.Pattern] = true
	}
}

// trackedFiles are the files that git tracks, listed once a run.
type trackedFiles struct {
	once    sync.Once
	entries []store.Entry
	err     error
}

func (x *execution) trackedEntries(ctx context.Context) ([]store.Entry, error) {
	x.tracked.once.Do(func() {
		x.tracked.entries, x.tracked.err = x.Tree.TrackedEntries(ctx, x.written.has)
	})
	return x.tracked.entries, x.tracked.err
}
