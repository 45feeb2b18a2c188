package runner_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// gpuMachine is a fake machine that several runs use at once, each by a runner
// of its own. It notes which GPUs are in use, and whether one is twice.
type gpuMachine struct {
	has   runner.Capacity
	begun func(job string)

	guard sync.Mutex
	inUse []string
	twice []string
}

// gpuRun is the machine as one run sees it.
type gpuRun struct {
	*fake
	*gpuMachine
}

func (m *gpuRun) Capacity(context.Context) (runner.Capacity, error) { return m.has, nil }

func (m *gpuRun) Run(ctx context.Context, t runner.Task, watch func(agent.Event)) (agent.Result, error) {
	devices := t.Resources.Devices
	if len(m.has.GPUs) == 0 {
		devices = []string{"the one there is"}
	}
	m.guard.Lock()
	for _, d := range devices {
		if slices.Contains(m.inUse, d) {
			m.twice = append(m.twice, d)
		}
		m.inUse = append(m.inUse, d)
	}
	m.guard.Unlock()
	m.begun(t.Spec.Job)
	m.guard.Lock()
	m.inUse = slices.DeleteFunc(m.inUse, func(d string) bool { return slices.Contains(devices, d) })
	m.guard.Unlock()
	return m.fake.Run(ctx, t, watch)
}

// begin starts a run of a job on the machine. waits gets what it waits for, once.
func (p *place) begin(m *gpuMachine, locks, job string) (waits chan string, ended chan error) {
	p.t.Helper()
	r, done := p.runner(runner.Options{})
	r.Executor, r.Locks = &gpuRun{&fake{}, m}, locks
	waits, ended = make(chan string, 9), make(chan error, 1)
	r.Watch = func(e runner.Event) {
		if e.Kind == runner.Waiting && e.Text != "" {
			waits <- e.Text
		}
	}
	r.Options.Selected, _ = r.Plan.Select([]string{job}, false)
	go func() {
		f, err := r.Run(context.Background(), context.Background())
		if err == nil && f.Record.Status != "success" {
			p.t.Errorf("%s: %s", job, f.Record.Error)
		}
		done() // before the test may end and its folder goes
		ended <- err
	}()
	return waits, ended
}

const gpuPipeline = `
jobs:
  one: {inputs: [], outputs: [one.txt], resources: {gpus: 1}, run: sum}
  other: {inputs: [], outputs: [other.txt], resources: {gpus: 1}, run: sum}
  both: {inputs: [], outputs: [both.txt], resources: {gpus: 2}, run: sum}
`

// TestGPULocks shows that two runs never have one GPU at once: the second takes
// another one, or waits and says for what.
func TestGPULocks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		has           []string
		first, second string
		waits         bool
	}{
		{"there is another GPU", []string{"0", "1"}, "one", "other", false},
		{"there is none left", []string{"0"}, "one", "other", true},
		{"there are too few", []string{"0", "1"}, "one", "both", true},
		{"all are in use", []string{"0", "1"}, "both", "one", true},
		{"GPUs without names", nil, "one", "other", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.write("mlops.yaml", gpuPipeline)
			begun, release := make(chan string, 2), make(chan bool)
			m := &gpuMachine{has: runner.Capacity{CPUs: 8, GPUs: c.has}, begun: func(job string) { begun <- job; <-release }}
			locks := filepath.Join(t.TempDir(), "gpus")
			_, firstEnded := p.begin(m, locks, c.first)
			if job := <-begun; job != c.first {
				t.Fatal(job)
			}
			waits, secondEnded := p.begin(m, locks, c.second)
			select {
			case text := <-waits:
				if !c.waits || !strings.HasSuffix(text, ", which another run on this machine has") {
					t.Errorf("waits: %q", text)
				}
			case <-begun:
				if c.waits {
					t.Fatalf("%s has begun beside %s; in use: %v", c.second, c.first, m.inUse)
				}
			}
			release <- true
			if err := <-firstEnded; err != nil {
				t.Error(err)
			}
			if c.waits {
				if job := <-begun; job != c.second {
					t.Fatal(job)
				}
			}
			release <- true
			if err := <-secondEnded; err != nil {
				t.Error(err)
			}
			if len(m.twice) > 0 || len(m.inUse) > 0 {
				t.Errorf("in use twice: %v; still in use: %v", m.twice, m.inUse)
			}
		})
	}
}

// A folder that others can write to is not used, and a run that has nothing to do
// makes none.
func TestLocksFolder(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write("mlops.yaml", "jobs:\n  none: {inputs: [], outputs: [none.txt], run: sum}\n  one: {inputs: [], resources: {gpus: 1}, run: sum}\n")
	m := &gpuMachine{has: runner.Capacity{CPUs: 8, GPUs: []string{"0"}}, begun: func(string) {}}
	locks := filepath.Join(t.TempDir(), "gpus")
	for _, round := range []string{"first", "second, cached"} {
		if _, ended := p.begin(m, locks, "none"); <-ended != nil {
			t.Errorf("the %s run failed", round)
		}
		if es, err := os.ReadDir(locks); round == "first" && len(es) == 0 || round != "first" && !os.IsNotExist(err) {
			t.Errorf("after the %s run: %v, %v", round, es, err)
		}
		if err := os.RemoveAll(locks); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(locks, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(locks, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, ended := p.begin(m, locks, "one"); <-ended != nil {
		t.Error("the run with a GPU failed")
	}
	if es, err := os.ReadDir(locks); err != nil || len(es) > 0 {
		t.Errorf("files were made where others can write: %v, %v", es, err)
	}
}
