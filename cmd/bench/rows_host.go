package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// hostRows measure what running a process on the host costs.
func hostRows() []row {
	return []row{
		firstRow(100, 0.003), firstRow(10000, 0.01),
		{"host-step", "one more step in a host job (slope over 1 … 51 steps)", seconds, setupHostStep},
		{"host-log", "what 100 MB of log out of a host job add, shown and kept to the last byte", seconds, setupHostLog},
	}
}

// firstRow is what scheduling n jobs costs in CPU.
func firstRow(n int, limit float64) row {
	name := fmt.Sprintf("first/%d", n)
	work := fmt.Sprintf("CPU time of a first run of %d host jobs, for one job, above the commands' own", n)
	return row{name, work, seconds, func(b *bench) (contest, error) { return setupFirstRun(b, name, n, limit) }}
}

// setupFirstRun subtracts, sample by sample, the CPU that starting as many
// shells takes.
func setupFirstRun(b *bench, name string, jobs int, limit float64) (contest, error) {
	dir, err := b.dir(name)
	if err != nil {
		return contest{}, err
	}
	if _, err := newGraph(dir, jobs); err != nil {
		return contest{}, err
	}
	shells := insideCPU(fmt.Sprintf("ForkExec loop, %d × sh -e FILE", jobs), peer, jobs, "fork-exec", fmt.Sprint(jobs))
	run := contestant{name: "mlops run --force", role: ours, sample: func(ctx context.Context) (measurement, error) {
		base, err := shells.sample(ctx)
		if err != nil {
			return measurement{}, err
		}
		u, err := execute(ctx, dir, b.mlops, "run", "--executor", "host", "--output", "quiet", "--force")
		return u.measured(u.cpu.Seconds()/float64(jobs) - base.Value), err
	}}
	return contest{contestants: []contestant{run, shells}, targets: []target{{limit: limit}}}, nil
}

// insideCPU is a workload whose value is the CPU time of its process and
// children, divided by n.
func insideCPU(name string, r role, n int, workload string, args ...string) contestant {
	return contestant{name: name, role: r, sample: func(ctx context.Context) (measurement, error) {
		self, err := os.Executable()
		if err != nil {
			return measurement{}, err
		}
		u, err := execute(ctx, "", append([]string{self, insideCommand, workload}, args...)...)
		return u.measured(u.cpu.Seconds() / float64(n)), err
	}}
}

func setupHostStep(b *bench) (contest, error) {
	const few, many = 1, 51
	dir, err := b.dir("host-step")
	if err != nil {
		return contest{}, err
	}
	var mine, act [2]contestant
	for i, n := range []int{few, many} {
		if mine[i], err = b.stepsContestant(dir, n, "", "host"); err != nil {
			return contest{}, err
		}
		if act[i], err = b.actContestant(dir, "-self-hosted", n); err != nil {
			return contest{}, err
		}
	}
	const loop = "ForkExec loop of sh -e FILE"
	ks := []contestant{
		slope("mlops run", ours, mine[0], mine[1], many-few),
		slope("act, host mode", peer, act[0], act[1], many-few),
		slope(loop, floor, inside("", floor, "fork-exec", "1"), inside("", floor, "fork-exec", fmt.Sprint(many)), many-few),
	}
	return contest{contestants: ks, targets: []target{{loop, 1.25}, {"act, host mode", 0.25}}}, nil
}

// stepsContestant runs a job of n empty steps by mlops.
func (b *bench) stepsContestant(dir string, n int, image, executor string) (contestant, error) {
	folder := filepath.Join(dir, fmt.Sprintf("mlops%d", n))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return contestant{}, err
	}
	if err := os.WriteFile(filepath.Join(folder, "mlops.yaml"), []byte(stepsFile(n, image)), 0o644); err != nil {
		return contestant{}, err
	}
	return command("mlops run", ours, folder, b.mlops, "run", "--executor", executor, "--output", "quiet"), nil
}
