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
		{"first/100", "CPU time of a first run of 100 host jobs, for one job, above the commands' own", seconds, setupFirstRun},
		{"host-step", "one more step in a host job (slope over 1 … 51 steps)", seconds, setupHostStep},
	}
}

// setupFirstRun subtracts, sample by sample, the CPU that starting the same
// hundred shells takes.
func setupFirstRun(b *bench) (contest, error) {
	const jobs = 100
	dir, err := b.dir("first")
	if err != nil {
		return contest{}, err
	}
	if _, err := newGraph(dir, jobs); err != nil {
		return contest{}, err
	}
	shells := insideCPU("ForkExec loop, 100 × sh -e FILE", peer, jobs, "fork-exec", fmt.Sprint(jobs))
	run := contestant{name: "mlops run --force", role: ours, sample: func(ctx context.Context) (measurement, error) {
		base, err := shells.sample(ctx)
		if err != nil {
			return measurement{}, err
		}
		u, err := execute(ctx, dir, b.mlops, "run", "--executor", "host", "--output", "quiet", "--force")
		return measurement{Value: u.cpu.Seconds()/jobs - base.Value, Memory: u.memory}, err
	}}
	return contest{contestants: []contestant{run, shells}, targets: []target{{limit: 0.003}}}, nil
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
		return measurement{Value: u.cpu.Seconds() / float64(n), Memory: u.memory}, err
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
