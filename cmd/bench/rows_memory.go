package main

import (
	"context"
	"fmt"
)

// memoryRows measure what a run keeps in memory for each job, beside its node
// in the plan.
func memoryRows() []row {
	return []row{memoryRow(1000, 64e6), memoryRow(10000, 110e6)}
}

// memoryRow is the peak memory of runs of n trivial host jobs: one that
// executes all of them, and one that decides on all of them anew and finds them cached.
func memoryRow(n int, limit float64) row {
	name := fmt.Sprintf("run-memory/%d", n)
	return row{name, fmt.Sprintf("peak memory of a run that executes %d host jobs", n), size, func(b *bench) (contest, error) {
		dir, err := b.dir(name)
		if err != nil {
			return contest{}, err
		}
		if _, err := newGraph(dir, n); err != nil {
			return contest{}, err
		}
		peak := func(name string, r role, flag string) contestant {
			return contestant{name: name, role: r, sample: func(ctx context.Context) (measurement, error) {
				u, err := execute(ctx, dir, b.mlops, "run", "--executor", "host", "--output", "quiet", flag)
				return u.measured(float64(u.memory)), err
			}}
		}
		ks := []contestant{peak("mlops run --force", ours, "--force"), peak("mlops run --refresh, all cached", floor, "--refresh")}
		return contest{contestants: ks, targets: []target{{limit: limit}}}, nil
	}}
}
