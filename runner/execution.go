package runner

import (
	"context"
	"slices"
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
	lost   lostRecords
	pin    *store.Pin
	used   usedFiles
	places places
	budget *budget

	remotes    remotes
	publishing publishing
	records    records

	reapOnce sync.Once
	reaping  sync.WaitGroup
}

// An outcome is what became of a node, for those that need it. One is kept of
// each node until the run ends, so there is no more in it than that.
type outcome struct {
	status agent.Status
	reason agent.Reason
	exit   int
	cached bool
	// assumed: a forecast takes the job to succeed, and does not know its result.
	assumed bool
	// soft: the job failed and continue-on-error says that this is no failure.
	soft     bool
	product  *product // of success
	leg      string   // that a Select node chose
	config   string   // of that leg: what it has in common with those of other seeds, else leg
	place    bool     // the place failed, not the job
	err      string   // for people
	fix      string
	uncached bool // it may not be reused
	ended    bool // it is in the record and in the summary, as all but a Select node that chose
	cost     cost
}

// A cost is what a job took in this run.
type cost struct {
	wall, cpu time.Duration
	peak      int64 // bytes
}

// A product is what a job that succeeded made, for the jobs and gates that read it.
type product struct {
	outputs []store.Entry
	values  map[string]string // outputs of its steps
	metrics []record.Metric
	wall    time.Duration // that the job took when it was executed
	until   time.Time     // until when it holds; zero means forever
}

func (r *Result) product() *product {
	return &product{entries(r.Outputs), r.Values, r.Metrics, r.Wall, r.Until}
}

// word is the outcome as expressions see it: needs.X.result.
func (o *outcome) word() string {
	if o.soft {
		return string(agent.Success)
	}
	return string(o.status)
}

// lostRecords are the jobs that could not be recorded when they ended, to be
// tried again when the record is sealed.
type lostRecords struct {
	mu   sync.Mutex // guards jobs
	jobs []record.Job
}

func (l *lostRecords) add(job record.Job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.jobs = append(l.jobs, job)
}

// usedFiles collects what the decisions of a run rested on.
type usedFiles struct {
	mu     sync.Mutex              // guards all below
	files  map[string]store.Digest // zero for a link
	inputs []store.Digest          // by node: of what it saw of the repository; zero for one that did not look
	data   map[string]DataRead
}

// addInputs notes what a node saw of the repository.
func (u *usedFiles) addInputs(node int, in inputs) {
	u.add(in.repo)
	digest := in.digest()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.inputs[node] = digest
}

func (u *usedFiles) add(es []store.Entry) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, e := range es {
		u.files[e.Path] = e.Digest
	}
}

// expect makes room for the files that a plan names, as far as they are not named twice.
func (u *usedFiles) expect(p *plan.Plan, w *written) {
	named := map[string]struct{}{}
	for _, n := range p.Nodes {
		for _, in := range n.Inputs {
			if !plan.Glob(in.Pattern) && !w.files[in.Pattern] {
				named[in.Pattern] = struct{}{}
			}
		}
	}
	u.files = make(map[string]store.Digest, len(named)+len(w.files))
}

// patterns are those by which the nodes that looked have chosen files, each once.
func (u *usedFiles) patterns(p *plan.Plan) (out []string) {
	for i, n := range p.Nodes {
		if u.inputs[i].IsZero() {
			continue
		}
		chosen, _ := splitPatterns(n)
		for _, in := range chosen {
			out = append(out, in.Pattern)
		}
		if n.Build != nil {
			out = append(out, n.Build.Context)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
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
