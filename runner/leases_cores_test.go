package runner_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// sharedMachine is a fake machine that several runs use at once. It adds up what
// their jobs take.
type sharedMachine struct {
	has runner.Capacity
	nap time.Duration // how long a job takes

	mu      sync.Mutex
	cpus    float64
	memory  int64
	tooMuch []string
	began   []string
}

// sharedRun is the machine as one run sees it.
type sharedRun struct {
	*fake
	*sharedMachine
}

func (m *sharedRun) Capacity(context.Context) (runner.Capacity, error) { return m.has, nil }

func (m *sharedRun) Run(ctx context.Context, t runner.Task, watch func(agent.Event)) (agent.Result, error) {
	m.add(t, 1)
	time.Sleep(max(m.nap, 2*time.Millisecond))
	m.add(t, -1)
	return m.fake.Run(ctx, t, watch)
}

func (m *sharedMachine) add(t runner.Task, sign int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cpus += float64(sign) * max(t.Resources.CPUs, 1)
	m.memory += sign * t.Resources.Memory
	if m.cpus > m.has.CPUs || m.memory > m.has.Memory {
		m.tooMuch = append(m.tooMuch, fmt.Sprintf("%s: %v cores, %d bytes", t.Spec.Job, m.cpus, m.memory))
	}
	if sign > 0 {
		m.began = append(m.began, t.Spec.Job)
	}
}

// run runs a pipeline of its own to its end.
func (m *sharedMachine) run(t *testing.T, locks, pipeline string, o runner.Options) {
	p := newPlace(t)
	p.write("mlops.yaml", pipeline)
	r, done := p.runner(o)
	defer done()
	r.Executor, r.Locks = &sharedRun{p.fake, m}, locks
	f, err := r.Run(context.Background(), context.Background())
	if err != nil || f.Record.Status != "success" {
		t.Errorf("%v, %+v", err, f)
	}
}

// Runs that know nothing of each other but the folder of locks never take more
// together than there is, whatever their jobs need, and all come to their end.
func TestMachineIsShared(t *testing.T) {
	t.Parallel()
	m := &sharedMachine{has: runner.Capacity{CPUs: 4, Memory: 3<<30 + 5}}
	locks := filepath.Join(t.TempDir(), "machine")
	var wg sync.WaitGroup
	for i := range 4 {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		var b strings.Builder
		b.WriteString("jobs:\n")
		for j := range 12 {
			fmt.Fprintf(&b, "  j%d: {inputs: [], outputs: [o%d], resources: {cpus: %d, memory: %dMiB}, run: sum}\n", j, j, 1+r.IntN(4), 64+r.IntN(3008))
		}
		wg.Go(func() { m.run(t, locks, b.String(), runner.Options{Jobs: 4}) })
	}
	wg.Wait()
	if len(m.tooMuch) > 0 || len(m.began) != 48 {
		t.Errorf("%d jobs began; more than the machine has: %v", len(m.began), m.tooMuch)
	}
}

// With Options.Alone a run takes no notice of others.
func TestMachineAlone(t *testing.T) {
	t.Parallel()
	m := &sharedMachine{has: runner.Capacity{CPUs: 1, Memory: 1 << 30}}
	locks := filepath.Join(t.TempDir(), "machine")
	p := newPlace(t)
	p.write("mlops.yaml", "jobs: {a: {inputs: [], run: sum}}\n")
	r, done := p.runner(runner.Options{})
	defer done()
	r.Locks = locks
	r.Executor = &inside{&sharedRun{p.fake, m}, func() { m.run(t, locks, "jobs: {b: {inputs: [], run: sum}}\n", runner.Options{Alone: true}) }}
	if _, err := r.Run(context.Background(), context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(m.began) != 2 || len(m.tooMuch) != 0 {
		t.Errorf("%v, %v", m.began, m.tooMuch)
	}
}

// inside does something while a job has its part of the machine.
type inside struct {
	*sharedRun
	do func()
}

func (i *inside) Run(ctx context.Context, t runner.Task, watch func(agent.Event)) (agent.Result, error) {
	i.do()
	return i.sharedRun.Run(ctx, t, watch)
}

// A run with many short jobs does not keep another one from its turn: of two runs
// that want all there is, neither gets it three times while the other waits.
func TestMachineIsSharedFairly(t *testing.T) {
	t.Parallel()
	m := &sharedMachine{has: runner.Capacity{CPUs: 2, Memory: 1 << 30}, nap: 250 * time.Millisecond} // who waits looks ten times a second
	locks := filepath.Join(t.TempDir(), "machine")
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b"} {
		var b strings.Builder
		b.WriteString("jobs:\n")
		for j := range 6 {
			fmt.Fprintf(&b, "  %s%d: {inputs: [], outputs: [o%d], resources: {cpus: 2}, run: sum}\n", name, j, j)
		}
		wg.Go(func() { m.run(t, locks, b.String(), runner.Options{Jobs: 2}) })
	}
	wg.Wait()
	order := ""
	for _, job := range m.began {
		order += job[:1]
	}
	first, last := strings.IndexByte(order, order[0]^3), strings.LastIndexByte(order, order[len(order)-1]^3)
	if beside := order[first : last+1]; strings.Contains(beside, "aaa") || strings.Contains(beside, "bbb") {
		t.Errorf("the order was %s", order)
	}
}
