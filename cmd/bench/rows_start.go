package main

import (
	"context"
	"os"
)

// startRows measure the program as such: its start, size and memory.
func startRows() []row {
	return []row{
		{"start", "mlops --version, process start to end", seconds, setupStart},
		{"binary", "size of the program", size, setupBinary},
		{"memory/1000", "peak memory of a first run of 1,000 host jobs", size, setupMemory},
	}
}

func setupStart(b *bench) (contest, error) {
	ks := []contestant{
		command("mlops --version", ours, "", b.mlops, "--version"),
		peerCommand("git --version", "", "git", "--version"),
		peerCommand("docker --version", "", "docker", "--version"),
		peerCommand("python3 -c pass", "", "python3", "-c", "pass"),
	}
	if path, err := b.lookups().act(); err == nil {
		ks = append(ks, command("act --version", peer, "", path, "--version"))
	} else {
		ks = append(ks, skipped("act --version", peer, err))
	}
	ks = append(ks, command("true", floor, "", "/bin/true"))
	return contest{contestants: ks, targets: []target{{limit: 0.010}}}, nil
}

func setupBinary(b *bench) (contest, error) {
	k := contestant{name: "bin/mlops", role: ours, sample: func(context.Context) (measurement, error) {
		info, err := os.Stat(b.mlops)
		if err != nil {
			return measurement{}, err
		}
		return measurement{Value: float64(info.Size())}, nil
	}}
	return contest{contestants: []contestant{k}, targets: []target{{limit: 30e6}}}, nil
}

func setupMemory(b *bench) (contest, error) {
	dir, err := b.dir("memory")
	if err != nil {
		return contest{}, err
	}
	g, err := newGraph(dir, 1000)
	if err != nil {
		return contest{}, err
	}
	k := contestant{name: "mlops run --force", role: ours, sample: func(ctx context.Context) (measurement, error) {
		u, err := execute(ctx, g.dir, b.mlops, "run", "--executor", "host", "--output", "quiet", "--force")
		return measurement{Value: float64(u.memory)}, err
	}}
	return contest{contestants: []contestant{k}, targets: []target{{limit: 100e6}}}, nil
}
