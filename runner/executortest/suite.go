package executortest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// A Factory returns an executor for one test, and cleans up after it through t.
type Factory func(t *testing.T) runner.Executor

// A Capability is something that not every place can do.
type Capability string

// The capabilities.
const (
	NetworkNone    Capability = "network none"     // a job without network sees none
	MemoryLimit    Capability = "memory limit"     // with out-of-memory kills attributed to their step
	PidsLimit      Capability = "process limit"    //
	ReadOnlyMounts Capability = "read-only mounts" //
	NoCapabilities Capability = "dropped caps"     // steps hold no Linux capabilities and cannot gain privileges
	Streaming      Capability = "streaming"        // Output events when Spec.Stream is set
	Actions        Capability = "actions"          // `uses: echo`, see Command
	LocalProcesses Capability = "local processes"  // its processes show in this machine's /proc
)

// Options say how the suite has to use an executor. The zero value is for one
// that needs no image and can do everything.
type Options struct {
	Image  runner.Image // for all tasks; has a POSIX shell and busybox's tools
	Agent  string       // Task.Agent
	Cannot []Capability
	// PlaceOnly leaves out the cases that the agent alone decides, whatever
	// surrounds it, for places where a job costs much. The agent's own process,
	// with and without a pid namespace, passes those in this package's tests.
	PlaceOnly bool
	// Timeout of one job of the suite; 0 = 60 s.
	Timeout time.Duration
}

func (o Options) can(c Capability) bool {
	for _, not := range o.Cannot {
		if not == c {
			return false
		}
	}
	return true
}

// Run runs the suite. Its cases are parallel subtests of t.
func Run(t *testing.T, f Factory, o Options) {
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	for _, group := range [][]testCase{processCases(), outputCases(), commandCases(), secretCases(), flowCases(), stopCases(), fileCases(), placeCases(), isolateCases()} {
		for _, c := range group {
			if o.PlaceOnly && agentAlone(c.name) {
				continue
			}
			t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
				t.Parallel()
				if c.needs != "" && !o.can(c.needs) {
					t.Skipf("this place has no %s", c.needs)
				}
				c.run(&suite{T: t, opts: o, exec: f(t)})
			})
		}
	}
}

// agentAlone tells whether a case is decided by the agent and not by its place.
func agentAlone(name string) bool {
	switch name {
	case "no steps", "exit codes", "signals", "shells", "missing shell", "long script", "working directory", "own session",
		"order of both streams", "half of a command line", "index", "limit", "held output",
		"bad command file", "command files can be replaced",
		"conditions", "bad condition", "continue on error", "background step",
		"job timeout", "timeout of a deaf step",
		"failed jobs have no outputs", "links that lead out", "special files",
		"working directory apart", "action apart", "index apart", "limit apart", "last line without newline apart",
		"bad command file apart", "conditions apart", "continue on error apart", "job timeout apart", "missing output apart",
		"skipped steps apart", "success apart", "environment apart", "command files apart", "secrets apart", "step timeout apart",
		"cancel leaves time for a checkpoint apart", "kill after cancel apart", "cancelled before apart", "outputs apart":
		return true
	}
	return false
}

type testCase struct {
	name  string
	needs Capability // "" for none
	run   func(s *suite)
}

// A suite runs the jobs of one case.
type suite struct {
	*testing.T
	opts    Options
	exec    runner.Executor
	isolate bool // trials keep their steps apart
}

// A trial is a task with what is watched of it.
type trial struct {
	runner.Task
	s  *suite
	on map[string]func() // text of the log → called once, when it appears

	mu     sync.Mutex
	events []agent.Event
	seen   []byte // Output events
	log    string // read when the job is over
	took   time.Duration
}

// steps makes a trial of scripts, one a step, in sh.
func (s *suite) steps(scripts ...string) *trial {
	var list []agent.Step
	for i, script := range scripts {
		list = append(list, agent.Step{Name: fmt.Sprint("s", i), Run: script, Shell: "sh"})
	}
	return s.trial(list...)
}

func (s *suite) trial(steps ...agent.Step) *trial {
	s.Helper()
	dir := s.TempDir()
	tr := &trial{s: s, on: map[string]func(){}, Task: runner.Task{
		Name:   fmt.Sprintf("mlops-test-%d-%08x", os.Getpid(), rand.Uint32()),
		Labels: map[string]string{"mlops.test": "executortest"},
		Image:  s.opts.Image, Agent: s.opts.Agent,
		Workspace: filepath.Join(dir, "workspace"), Control: filepath.Join(dir, "control"),
		Spec: agent.Spec{Version: agent.Version, Job: "train", Steps: steps, Grace: 5 * time.Second, Isolate: s.isolate},
	}}
	for _, d := range []string{tr.Workspace, tr.Control} {
		if err := os.Mkdir(d, 0o755); err != nil {
			s.Fatal(err)
		}
	}
	return tr
}

// when calls f as soon as text appears in the log.
func (tr *trial) when(text string, f func()) *trial {
	tr.on[text] = f
	return tr
}

// watch records events and looks for the texts of when.
func (tr *trial) watch(e agent.Event) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.seen = append(tr.seen, e.Data...)
	e.Data = nil
	tr.events = append(tr.events, e)
	if len(tr.on) == 0 || e.Kind != agent.LogGrew && e.Kind != agent.Output {
		return
	}
	log := string(tr.seen)
	if e.Kind == agent.LogGrew {
		b, _ := os.ReadFile(filepath.Join(tr.Control, agent.LogFile))
		log = string(b[:min(int64(len(b)), e.Offset)])
	}
	for text, f := range tr.on {
		if strings.Contains(log, text) {
			delete(tr.on, text)
			f()
		}
	}
}

// run runs the trial to its end. Errors of the place end the test.
func (tr *trial) run() agent.Result { return tr.runContext(context.Background()) }

func (tr *trial) runContext(ctx context.Context) agent.Result {
	s := tr.s
	s.Helper()
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.Timeout, runner.ErrKill)
	defer cancel()
	start := time.Now()
	r, err := s.exec.Run(ctx, tr.Task, tr.watch)
	tr.took = time.Since(start)
	if err != nil {
		s.Fatalf("Run: %v", err)
	}
	b, err := os.ReadFile(filepath.Join(tr.Control, agent.LogFile))
	if err != nil {
		s.Fatal(err)
	}
	tr.log = string(b)
	return r
}

// succeed runs the trial and fails the test if the job does not succeed.
func (tr *trial) succeed() agent.Result {
	tr.s.Helper()
	r := tr.run()
	if r.Status != agent.Success {
		tr.s.Fatalf("the job ended with %s (%s: %s); log:\n%s", r.Status, r.Reason, r.Error, tail(tr.log))
	}
	return r
}

// fail runs the trial and fails the test unless the job fails for a reason.
func (tr *trial) fail(why agent.Reason) agent.Result {
	tr.s.Helper()
	r := tr.run()
	if r.Status != agent.Failure || r.Reason != why {
		tr.s.Fatalf("the job ended with %s (%s: %s), want a failure by %s; log:\n%s", r.Status, r.Reason, r.Error, why, tail(tr.log))
	}
	return r
}

func tail(log string) string { return log[max(0, len(log)-4<<10):] }

// kinds lists the kinds of the events of one step, those of the log left out.
func (tr *trial) kinds(step int) string {
	var out []string
	for _, e := range tr.events {
		if e.Step == step && e.Kind != agent.LogGrew && e.Kind != agent.Output && e.Kind != agent.Ended {
			out = append(out, string(e.Kind))
		}
	}
	return strings.Join(out, " ")
}

// read returns a file of the workspace.
func (tr *trial) read(name string) string {
	tr.s.Helper()
	b, err := os.ReadFile(filepath.Join(tr.Workspace, name))
	if err != nil {
		tr.s.Fatal(err)
	}
	return string(b)
}

// equal fails the test if got is not want.
func equal[V comparable](s *suite, what string, got, want V) {
	s.Helper()
	if got != want {
		s.Errorf("%s is %#v, want %#v", what, got, want)
	}
}

func (s *suite) contains(what, text, part string) {
	s.Helper()
	if !strings.Contains(text, part) {
		s.Errorf("%s lacks %q:\n%s", what, part, tail(text))
	}
}
