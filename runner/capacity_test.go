package runner_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/store"
)

// measured is a fake machine that knows what it can hold, and notes what its
// tasks held and how many of them ran at once.
type measured struct {
	*fake
	capacity runner.Capacity
	meet     int  // tasks wait until so many have met, or for a second
	images   bool // it runs images, so that jobs can have services

	mu      sync.Mutex
	devices map[string][]string // by job
	running int
	most    int
}

// gated is a machine whose tasks wait until it is open.
type gated struct {
	*measured
	open chan struct{}
}

func (g *gated) Run(ctx context.Context, t runner.Task, watch func(agent.Event)) (agent.Result, error) {
	<-g.open
	return g.measured.Run(ctx, t, watch)
}

// imaging is a machine on which every image is there.
type imaging struct{ *measured }

func (imaging) Resolve(_ context.Context, r runner.ImageRequest) (runner.Image, error) {
	return runner.Image{Name: r.Name, ID: store.Sum([]byte(r.Name)).String(), Platform: "linux/" + runtime.GOARCH}, nil
}

func (m *measured) Capacity(context.Context) (runner.Capacity, error) { return m.capacity, nil }

func (m *measured) Run(ctx context.Context, t runner.Task, watch func(agent.Event)) (agent.Result, error) {
	m.mu.Lock()
	m.devices[t.Spec.Job] = t.Resources.Devices
	m.running++
	m.most = max(m.most, m.running)
	m.mu.Unlock()
	for n := 0; n < 100 && m.count() < m.meet; n++ {
		time.Sleep(10 * time.Millisecond)
	}
	r, err := m.fake.Run(ctx, t, watch)
	m.mu.Lock()
	m.running--
	m.mu.Unlock()
	return r, err
}

func (m *measured) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.most
}

// on runs the pipeline on a machine and returns what became of each job.
func (p *place) on(m *measured, o runner.Options) (map[string]string, error) {
	p.t.Helper()
	r, done := p.runner(o)
	defer done()
	m.fake, m.devices = p.fake, map[string][]string{}
	r.Executor = m
	if m.images {
		r.Executor = imaging{m}
	}
	f, err := r.Run(context.Background(), context.Background())
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, j := range f.Summary.Jobs {
		out[j.Job] = j.Status
	}
	return out, nil
}

// A job counts its own core beside those of its services, as far as the machine
// has so many: of two such jobs with a core for the service each, a machine with
// three cores runs one at a time.
func TestServicesCountBesideTheJob(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write("mlops.yaml", "jobs:\n  t: {inputs: [], outputs: ['o${{ matrix.k }}'], image: i, services: {db: {image: d, resources: {cpus: 1}}}, strategy: {matrix: {k: [1, 2, 3]}}, run: sum}\n")
	for _, tt := range []struct {
		cores float64
		most  int
	}{{1, 1}, {3, 1}, {4, 2}, {6, 3}} {
		m := &measured{capacity: runner.Capacity{CPUs: tt.cores}, meet: tt.most, images: true}
		got, err := p.on(m, runner.Options{Jobs: 3, Force: true})
		if err != nil {
			t.Fatal(err)
		}
		if m.most != tt.most || got["t@k=1"] != "success" {
			t.Errorf("%v cores: %d at once, %v", tt.cores, m.most, got)
		}
	}
}

// Jobs with a GPU each run at once on GPUs of their own, and no more of them
// than there are.
func TestGPUsAreSharedOut(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write("mlops.yaml", "jobs:\n  t: {inputs: [], outputs: ['o${{ matrix.k }}'], resources: {gpus: 1}, strategy: {matrix: {k: [1, 2, 3, 4, 5]}}, run: sum}\n")
	m := &measured{capacity: runner.Capacity{CPUs: 8, GPUs: []string{"0", "1"}}, meet: 2}
	if _, err := p.on(m, runner.Options{Jobs: 8}); err != nil {
		t.Fatal(err)
	}
	if m.most != 2 {
		t.Errorf("%d jobs ran at once on 2 GPUs", m.most)
	}
	var got []string
	for job, d := range m.devices {
		if len(d) != 1 {
			t.Errorf("%s has the GPUs %v", job, d)
		}
		got = append(got, d...)
	}
	slices.Sort(got)
	if len(got) != 5 || got[0] != "0" || got[4] != "1" {
		t.Errorf("GPUs %v", got)
	}
}

// What a larger machine made can be used on a smaller one; what must run there
// is refused before anything starts.
func TestPreflight(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write("in", "1")
	p.write("mlops.yaml", "jobs:\n  a: {inputs: [], outputs: [a], run: sum}\n  b: {inputs: [in], outputs: [b], resources: {cpus: 16, gpus: 1}, run: sum}\n")
	large := &measured{capacity: runner.Capacity{CPUs: 16, GPUs: []string{"0"}}}
	if _, err := p.on(large, runner.Options{}); err != nil {
		t.Fatal(err)
	}
	lacking := &runner.ExecError{Fix: "buy one", Err: errors.New("no GPU here")}
	small := &measured{capacity: runner.Capacity{CPUs: 2, NoGPU: lacking}}
	if got, err := p.on(small, runner.Options{}); err != nil || got["b"] != "success" {
		t.Errorf("a kept result: %v, %v", got, err)
	}
	p.write("in", "2")
	_, err := p.on(small, runner.Options{Force: true})
	var exec *runner.ExecError
	if !errors.As(err, &exec) || !strings.Contains(err.Error(), "job b asks for 16 cores, and this machine has 2 cores") || len(small.devices) > 0 {
		t.Errorf("%v, after %v ran", err, small.devices)
	}
	small.capacity.CPUs = 16
	if _, err := p.on(small, runner.Options{}); !errors.Is(err, lacking) {
		t.Errorf("without a GPU: %v", err)
	}
}

// A failure ends also those that waited for room, without running them.
func TestFailureEndsTheQueue(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write("mlops.yaml", "jobs:\n  bad: {inputs: [], resources: {cpus: 2}, run: fail}\n  next: {inputs: [], resources: {cpus: 2}, run: sum}\n")
	m := &measured{capacity: runner.Capacity{CPUs: 2}, meet: 0}
	got, err := p.on(m, runner.Options{Jobs: 2})
	if err != nil {
		t.Fatal(err)
	}
	// Which of the two asks first is chance.
	if _, ran := m.devices["next"]; got["bad"] != "failure" || !ran && got["next"] != "skipped" || ran && got["next"] != "success" {
		t.Errorf("%v, ran %v", got, m.devices)
	}
	if m.most != 1 {
		t.Errorf("%d at once", m.most)
	}
}
