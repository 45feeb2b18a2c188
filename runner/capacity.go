package runner

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/spec"
)

// A Measurer is an Executor that knows how much its machine can hold. Capacity
// is called at most once in a run, and only if a job runs or declares
// resources. Where it fails, and with executors that are no Measurer, only the
// number of jobs is bounded.
type Measurer interface {
	Capacity(ctx context.Context) (Capacity, error)
}

// Capacity is what a machine, or a container engine, can hold. The zero value
// knows nothing and promises everything.
type Capacity struct {
	CPUs   float64 // cores; 0 means unknown
	Memory int64   // bytes; 0 means unknown
	// GPUs are the names by which Resources.Devices asks for them. Without names
	// and without NoGPU there are GPUs that cannot be told apart; jobs then have
	// them one at a time.
	GPUs []string
	// Where names the engine, or the part of a machine, that the GPUs are counted
	// in; "" is this machine.
	Where string
	// NoGPU says why jobs cannot have GPUs, best as an *ExecError with its cure.
	NoGPU error
	// Platforms are those that run here, natively (the first) or by emulation; nil
	// means unknown.
	Platforms []string
}

// machine is the executor's capacity, asked once.
type machine struct {
	once  sync.Once
	asked atomic.Bool
	Capacity
}

// capacityFor is the capacity as far as a node needs to know it: where no job
// of the run says what it needs, and no other run shares the machine, the number
// of jobs is all that counts, and the executor is not asked.
func (x *execution) capacityFor(ctx context.Context, n *plan.Node, image Image) *Capacity {
	foreign := image.Platform != "" && !samePlatform(image.Platform, platform())
	if foreign || x.Locks != "" && !x.Options.Alone || x.machine.asked.Load() || whole(n) != (spec.Resources{}) {
		return x.capacity(ctx)
	}
	return &Capacity{}
}

// capacity asks the executor, the first time.
func (x *execution) capacity(ctx context.Context) *Capacity {
	x.machine.once.Do(func() {
		defer x.machine.asked.Store(true)
		m, ok := x.Executor.(Measurer)
		if !ok {
			return
		}
		c, err := m.Capacity(ctx)
		if err != nil {
			x.log().Warn("measure the machine", "error", err)
			return // a place that does not answer is reported by the job that needs it
		}
		x.machine.Capacity = c
	})
	return &x.machine.Capacity
}

// endless stands for what is unknown; sums of a few do not overflow.
const endless = math.MaxInt64 / 4

// packer shares the machine out.
func (c *Capacity) packer() *packer {
	total := demand{cores: endless, memory: endless, gpus: len(c.GPUs)}
	if c.CPUs > 0 {
		total.cores = int64(c.CPUs * 1000)
	}
	if c.Memory > 0 {
		total.memory = c.Memory
	}
	if c.NoGPU == nil && total.gpus == 0 {
		total.gpus = 1
	}
	return newPacker(total, c.GPUs)
}

// demand is what a node with its services takes of a machine on which up to
// jobs run at once. A job that declares no cores of its own counts as one, or as
// its share if the person asked for more jobs than there are cores; that never
// makes it larger than the machine.
func (c *Capacity) demand(n *plan.Node, jobs int) demand {
	r := whole(n)
	d := demand{cores: int64(math.Ceil(r.CPUs * 1000)), memory: r.Memory, gpus: r.GPUs}
	switch total := int64(c.CPUs * 1000); {
	case n.Resources.CPUs > 0:
	case total > 0:
		d.cores = min(d.cores+min(1000, total/int64(jobs)), total)
	default:
		d.cores += 1000
	}
	switch {
	case r.GPUs < 0 && len(c.GPUs) > 0:
		d.gpus = len(c.GPUs)
	case r.GPUs != 0 && len(c.GPUs) == 0:
		d.gpus = 1 // nobody knows which, so one job has all
	}
	return d
}

// refuse says what a job asks for that this machine can never give, and nil if
// it can. The error is an *ExecError with a cure.
func (c *Capacity) refuse(job string, r spec.Resources, platform string) error {
	larger := func(key, want, have string) error {
		return &ExecError{Reason: agent.ReasonConfig, Fix: "lower resources." + key + " of the job to " + have + ", or run it on a larger machine",
			Err: fmt.Errorf("job %s asks for %s, and this machine has %s", job, want, have)}
	}
	switch {
	case c.CPUs > 0 && r.CPUs > c.CPUs:
		return larger("cpus", cores(r.CPUs), cores(c.CPUs))
	case c.Memory > 0 && r.Memory > c.Memory:
		return larger("memory", size(r.Memory), size(c.Memory))
	case r.GPUs != 0 && c.NoGPU != nil:
		return fmt.Errorf("job %s asks for %s: %w", job, gpus(r.GPUs), c.NoGPU)
	case len(c.GPUs) > 0 && r.GPUs > len(c.GPUs):
		return larger("gpus", gpus(r.GPUs), gpus(len(c.GPUs)))
	case platform != "" && len(c.Platforms) > 0 && !slices.ContainsFunc(c.Platforms, func(p string) bool { return samePlatform(p, platform) }):
		_, arch, _ := strings.Cut(platform, "/")
		return &ExecError{Reason: agent.ReasonConfig,
			Fix: "leave out platform, run the job on such a machine, or install its emulation (apt-get install qemu-user-static binfmt-support)",
			Err: fmt.Errorf("job %s is for %s, and this machine runs %s and emulates no %s", job, platform, c.Platforms[0], arch)}
	}
	return nil
}

// samePlatform compares os/arch, and variants where both have one.
func samePlatform(a, b string) bool {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	n := min(len(x), len(y))
	return n >= 2 && slices.Equal(x[:n], y[:n])
}

func cores(n float64) string {
	if n == 1 {
		return "1 core"
	}
	return strconv.FormatFloat(n, 'f', -1, 64) + " cores"
}

func gpus(n int) string {
	switch n {
	case -1:
		return "all GPUs"
	case 1:
		return "1 GPU"
	}
	return strconv.Itoa(n) + " GPUs"
}

// lacking says in words what a waiting job waits for.
func (p *packer) lacking(c *claim) string {
	var out []string
	d := c.need
	if c.barred != "" {
		return c.barred
	}
	if d.cores > p.free.cores {
		out = append(out, fmt.Sprintf("%s (%s of %s free)", cores(float64(d.cores)/1000), number(p.free.cores), number(p.total.cores)))
	}
	if d.memory > p.free.memory {
		out = append(out, fmt.Sprintf("%s of memory (%s of %s free)", size(d.memory), size(p.free.memory), size(p.total.memory)))
	}
	if d.gpus > p.free.gpus {
		out = append(out, fmt.Sprintf("%s (%d of %d free)", gpus(d.gpus), p.free.gpus, p.total.gpus))
	}
	if out == nil {
		return "its turn"
	}
	return strings.Join(out, " and ")
}

func number(millicores int64) string {
	return strconv.FormatFloat(float64(millicores)/1000, 'f', -1, 64)
}

// preflight fails before anything starts if a job that will run for certain
// asks for what this machine does not have. What may be cached is left for its
// turn: a result from a larger machine can be used on a small one.
func (x *execution) preflight(ctx context.Context) error {
	unfit := map[string]error{}
	for i, n := range x.Plan.Nodes {
		r := whole(n)
		if n.Kind != plan.Run || !x.selected(i) || r == (spec.Resources{}) && n.Platform == "" {
			continue
		}
		if err := x.capacity(ctx).refuse(n.ID, r, n.Platform); err != nil {
			unfit[n.ID] = err
		}
	}
	if len(unfit) == 0 {
		return nil
	}
	fs, err := x.Forecast(ctx)
	if err != nil {
		return err
	}
	for _, f := range fs {
		err := unfit[f.Job]
		if err == nil {
			continue
		}
		// An image for another platform may not even be here to decide by, and
		// would be pulled for nothing.
		foreign := x.Plan.Node(f.Job).Platform != ""
		if f.Fate == WillRun || f.Fate == MayRun && foreign {
			return err
		}
	}
	return nil
}
