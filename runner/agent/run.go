package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/mask"
	"github.com/mlops-runner/mlops/spec/expression"
)

// Run runs the steps of s in this process and returns how the job ended. The
// folders s.Workspace and s.Control exist; the second belongs to this job
// alone, and its files are readable by its owner at most as far as the folder
// is. Steps see the variables of s.Env, not those of this process.
//
// sink, if not nil, gets the events in order, one at a time; it must not keep
// Event.Data. The last is [Ended], sent when result.json is in its place.
//
// A job that fails is a Result and no error. An error means that there is no
// proof: the Result then says what is known, and must not count as success.
//
// Cancelling ctx asks the steps to stop; see the package documentation. Several
// jobs may run at once.
func Run(ctx context.Context, s Spec, sink func(Event)) (Result, error) {
	return run(ctx, s, sink, place{children: newChildren()})
}

// A place is what differs between an agent with a process of its own and one
// that shares it.
type place struct {
	children *children
	reaper   *reaper // nil: orphans are not ours to reap
	usage    *cgroup // nil: others share our control group
	all      bool    // kill whatever runs when the job ends: the pid namespace is ours
	relay    *Relay  // nil: all steps run here
}

// A job is a Spec that runs.
type job struct {
	spec     Spec
	place    place
	ctx      context.Context // ends when steps are to stop
	hard     context.Context // ends when steps are to be killed
	events   *emitter
	log      *journal
	masks    *mask.Set
	learnt   *keeper // of masks that were added while the job ran
	null     *os.File
	files    *commandFiles // of the steps that run one after another
	contexts map[string]any
	sweep    sweeper
	buf      []byte // for the output of the steps that run one after another
	alone    bool   // no step runs in the background
	spent    bool   // a step ran here
	stuck    error  // why the job could not be handed over

	cleanup     context.Context // of steps that run after an interruption; nil before
	freeCleanup context.CancelFunc

	endJob    context.CancelCauseFunc
	stopWatch func() // of the disk

	mu        sync.Mutex // guards what background steps change too
	env       *environ   // what every step sees; grows with MLOPS_ENV and MLOPS_PATH
	added     []Var      // what MLOPS_ENV added
	pathAdded bool       // by MLOPS_ENV or MLOPS_PATH
	results   []StepResult
	ended     []bool
	front     *execution // the step at the front, if others may run beside it
	stopFront context.CancelCauseFunc
	failed    int // index of the first step whose conclusion is failure; -1 if none
	stopped   int // index of the first step that a cancellation ended; -1 if none
	result    Result
}

func run(ctx context.Context, s Spec, sink func(Event), p place) (Result, error) {
	started := time.Now()
	none := Result{Version: Version, Status: Failure, Reason: ReasonConfig, Failed: -1, Started: started.UTC()}
	if err := checkSpec(&s); err != nil {
		none.Error = err.Error()
		return none, err
	}
	past, err := p.relay.receive(s.Control)
	if err != nil {
		none.Error = err.Error()
		return none, err
	}
	jobCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if past != nil {
		started, none.Started = past.Started, past.Started.UTC()
		if cause := past.cause(); cause != nil {
			cancel(cause)
		}
	}
	hard, free := hardStop(jobCtx)
	defer free()
	if s.Timeout > 0 {
		timed, stop := context.WithDeadlineCause(jobCtx, started.Add(s.Timeout), errJobTimeout)
		defer stop()
		jobCtx = timed
	}
	j := &job{spec: s, place: p, ctx: jobCtx, hard: hard, masks: s.Secrets.masks(), failed: -1, stopped: -1, result: none}
	if err := j.open(sink, past); err != nil {
		none.Error = err.Error()
		if isDiskFull(err) {
			none.Reason = ReasonDiskFull
		}
		return none, err
	}
	j.result.Reason = ReasonNone
	j.watchSpace(cancel)
	if j.steps() {
		return Result{Version: Version, Failed: -1, Started: none.Started}, nil
	}
	return j.finish(started)
}

// checkSpec refuses what cannot be run.
func checkSpec(s *Spec) error {
	if s.Version != Version {
		return fmt.Errorf("spec: version %d is not the agent's version %d", s.Version, Version)
	}
	for name, dir := range map[string]string{"workspace": s.Workspace, "control": s.Control} {
		if !filepath.IsAbs(dir) {
			return fmt.Errorf("spec: %s %q: not an absolute path", name, dir)
		}
		if st, err := os.Stat(dir); err != nil || !st.IsDir() {
			return fmt.Errorf("spec: %s %s: not a directory", name, dir)
		}
	}
	if s.Isolate && slices.ContainsFunc(s.Steps, func(s Step) bool { return s.Background }) {
		return errors.New("spec: isolate, and a step in the background")
	}
	if s.Grace <= 0 {
		s.Grace = defaultGrace
	}
	return nil
}

// open makes the files of the control directory, or opens those that the agents
// before left, if past is not nil.
func (j *job) open(sink func(Event), past *baton) (err error) {
	defer func() {
		if err != nil {
			j.close()
		}
	}()
	if past != nil {
		for _, v := range past.Masks {
			_ = j.masks.Add(v)
		}
	}
	if j.events, err = j.openEvents(sink, past != nil); err != nil {
		return err
	}
	if j.log, err = openJournal(j.spec, j.events, past.log()); err != nil {
		return err
	}
	if j.learnt, err = openKeeper(j.spec.Control, j.spec.Secrets); err != nil {
		return err
	}
	if j.null, err = os.OpenFile(os.DevNull, os.O_RDONLY, 0); err != nil {
		return err
	}
	if j.files, err = makeCommandFiles(filepath.Join(j.spec.Control, "step")); err != nil {
		return err
	}
	mark, err := NewMark()
	if err != nil {
		return err
	}
	j.sweep = sweeper{mark: mark.String(), since: time.Now()}
	j.results = make([]StepResult, len(j.spec.Steps))
	j.ended = make([]bool, len(j.spec.Steps))
	j.buf = make([]byte, smallRead)
	j.alone = true
	for _, s := range j.spec.Steps {
		j.alone = j.alone && !s.Background
	}
	if err := j.environment(mark); err != nil {
		return err
	}
	j.takeUp(past)
	return nil
}

func (j *job) openEvents(sink func(Event), more bool) (*emitter, error) {
	if j.spec.Transient {
		return &emitter{masks: j.masks, sink: sink}, nil
	}
	_ = os.Remove(filepath.Join(j.spec.Control, ResultFile)) // of an earlier attempt
	return openEvents(j.spec.Control, j.masks, sink, more)
}

// close releases what open opened and finish did not close.
func (j *job) close() {
	if j.null != nil {
		j.null.Close()
	}
	if j.freeCleanup != nil {
		j.freeCleanup()
	}
}

// environment sets up the variables that every step sees.
func (j *job) environment(mark Mark) error {
	s := &j.spec
	// The mark comes first, so that a sweep need not read a whole environment.
	j.env = newEnviron([]Var{{MarkVariable, mark.String()}})
	j.env.set(s.Env...)
	j.env.set(s.Secrets.env()...)
	// Python keeps up to 8 KiB of what it prints to a pipe: the log would lag
	// behind, and lose its order against stderr.
	j.env.suggest(Var{"CI", "true"}, Var{"PATH", defaultPath}, Var{"PYTHONUNBUFFERED", "1"})
	if apart := s.Isolate && j.place.relay == nil; j.env.get("HOME") == "" && !apart {
		home := filepath.Join(s.Control, "home")
		if s.Isolate { // an agent before this one made it
			_ = os.RemoveAll(home)
		}
		if err := os.MkdirAll(home, 0o755); err != nil {
			return err
		}
		j.env.set(Var{"HOME", home})
	}
	j.env.set(Var{MarkVariable, mark.String()}, Var{"MLOPS", "true"}, Var{"MLOPS_JOB", s.Job},
		Var{"MLOPS_WORKSPACE", s.Workspace}, Var{"GITHUB_WORKSPACE", s.Workspace})
	j.env.set(j.files.vars()...)
	return nil
}

// steps runs all steps that are to run, or one if the others are not to share
// its place; the job then was handed over.
func (j *job) steps() (handed bool) {
	back := &backstage{job: j}
	defer back.end()
	for i := range j.spec.Steps {
		if j.ended[i] {
			continue // by an agent before this one
		}
		x := j.newExecution(i)
		if !x.wanted() {
			continue
		}
		if j.spent && j.place.relay != nil && !j.killed() && j.stuck == nil {
			if j.stuck = j.handOver(i); j.stuck == nil {
				return true
			}
		}
		if j.stuck != nil {
			x.skip()
			continue
		}
		j.step(back, x)
	}
	return false
}

// step runs a step that was wanted when it was asked. What happens from the
// moment on in which the step is at the front ends its context; what happened
// before is asked for once more.
func (j *job) step(back *backstage, x *execution) {
	ctx, ok := j.stepContext()
	fore, leave := j.foreground(ctx, x)
	defer leave()
	switch {
	case !ok || x.overtaken():
		x.skip()
	case x.step.Background:
		back.launch(ctx, x)
	case x.step.controls():
		back.control(fore, x)
	default:
		j.spent = true
		x.run(fore)
	}
}

// stepContext is the context of the next step: the job's own, or once that has
// ended the one that all later steps share. ok is false after a kill.
func (j *job) stepContext() (ctx context.Context, ok bool) {
	if j.killed() {
		return j.hard, false
	}
	if j.ctx.Err() == nil {
		return j.ctx, true
	}
	if j.cleanup == nil {
		j.cleanup, j.freeCleanup = context.WithTimeoutCause(context.WithoutCancel(j.ctx), CleanupTime, errJobTimeout)
	}
	return j.cleanup, true
}

func (j *job) killed() bool { return j.hard.Err() != nil || wantsKill(j.ctx) }

// status is what the next step's condition sees.
func (j *job) status() status {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.statusNow()
}

// statusNow is status for who holds mu.
func (j *job) statusNow() status {
	s := status{failed: j.failed >= 0}
	if j.ctx.Err() != nil || j.hard.Err() != nil {
		s.interrupted = true
		s.cancelled = !errors.Is(context.Cause(j.ctx), errJobTimeout) && spaceCause(j.ctx) == nil
	}
	return s
}

// scope is what expressions read now. vars are the step's own variables.
func (j *job) scope(vars []Var) *expression.Scope {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.contexts == nil {
		j.contexts = make(map[string]any, len(j.spec.Contexts)+1)
		for name, v := range j.spec.Contexts {
			j.contexts[name] = expression.FromGo(v)
		}
		j.contexts["secrets"] = expression.FromGo(j.spec.Secrets.context())
	}
	names := make(map[string]any, len(j.contexts)+3)
	for name, v := range j.contexts {
		names[name] = v
	}
	names["env"] = j.envContext(vars)
	names["steps"] = j.stepsContext()
	names["job"] = expression.FromGo(map[string]any{"status": string(j.statusNow().word())})
	return &expression.Scope{Names: names, Funcs: map[string]expression.Func{"hashFiles": hashFilesFunc(j.spec.Workspace)}}
}

// envContext is the env context: what the file declared, what steps added, and
// the step's own variables. The caller holds mu.
func (j *job) envContext(vars []Var) *expression.Object {
	env := expression.NewObject(8)
	if declared, ok := j.contexts["env"].(*expression.Object); ok {
		for i, name := range declared.Keys() {
			env.Set(name, declared.Values()[i])
		}
	}
	for _, list := range [][]Var{j.spec.Secrets.env(), j.added, vars} {
		for _, v := range list {
			env.Set(v.Name, v.Value)
		}
	}
	return env
}

// stepsContext is the steps context: every step that has an id and has ended.
// The caller holds mu.
func (j *job) stepsContext() *expression.Object {
	steps := expression.NewObject(4)
	for i := range j.results {
		r := &j.results[i]
		if r.ID == "" || !j.ended[i] {
			continue
		}
		outputs := expression.NewObject(len(r.Outputs))
		for _, name := range sortedKeys(r.Outputs) {
			outputs.Set(name, r.Outputs[name])
		}
		one := expression.NewObject(3)
		one.Set("outputs", outputs)
		one.Set("outcome", string(r.Outcome))
		one.Set("conclusion", string(r.Conclusion))
		steps.Set(r.ID, one)
	}
	return steps
}

// took records how a step ended.
func (j *job) took(i int, r StepResult) {
	j.mu.Lock()
	j.results[i], j.ended[i] = r, true
	switch {
	case j.failed < 0 && r.Conclusion == Failure:
		j.failed = i
	case j.stopped < 0 && r.Reason == ReasonCanceled:
		j.stopped = i
	}
	for _, name := range sortedKeys(r.Outputs) {
		if j.result.Outputs == nil {
			j.result.Outputs = map[string]string{}
		}
		j.result.Outputs[name] = r.Outputs[name]
	}
	j.mu.Unlock()
	shown := j.public(r)
	j.events.emit(Event{Kind: StepEnded, Step: i, Offset: r.LogTo, Ended: &shown})
}

// apply takes over what a step wrote into its command files.
func (j *job) apply(c collected) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(c.env) > 0 || len(c.paths) > 0 {
		j.env = j.env.with(c.env) // steps in the background keep the one they started with
		j.added = append(j.added, c.env...)
	}
	j.pathAdded = j.pathAdded || len(c.paths) > 0
	if len(c.paths) > 0 {
		j.env = j.env.with([]Var{{"PATH", j.env.get("PATH")}})
		j.env.prependPath(c.paths)
	}
	j.result.Summary = joinLimited(j.result.Summary, c.summary, maxSummary)
	j.result.MetricText = joinLimited(j.result.MetricText, c.metrics, maxMetrics)
	j.result.ReportText = joinLimited(j.result.ReportText, c.report, maxReport)
	var refused []string
	if j.result.Kept, refused = keep(j.result.Kept, c.kept); len(refused) > 0 {
		j.warn(fmt.Sprintf("%s: no room for %s beside the files of earlier steps", keptVariable, strings.Join(refused, ", ")))
	}
}

const (
	maxSummary = 4 << 20  // bytes of a job's summary
	maxMetrics = 64 << 20 // bytes of a job's metric lines
)

// joinLimited joins texts so that the second starts in a line of its own. What
// would make the whole longer than max is left out.
func joinLimited(a, b string, max int) string {
	if a != "" && b != "" && a[len(a)-1] != '\n' {
		a += "\n"
	}
	if len(a)+len(b) > max {
		return a
	}
	return a + b
}

// gpus is how many devices the job holds.
func gpus(n int) int {
	if n >= 0 {
		return n
	}
	found, _ := filepath.Glob("/dev/nvidia[0-9]*")
	return len(found)
}

// workers is how many files are hashed at once.
func workers(files int) int { return max(1, min(files, runtime.GOMAXPROCS(0))) }
