package main

import (
	"fmt"
	"path/filepath"
)

// dockerRows measure containers. Without an engine they are skipped whole.
func dockerRows() []row {
	return []row{
		{"container-step", "one more step in a job's container (slope over 1 … 51 steps)", seconds, setupContainerStep},
		{"container-job", "a container job of one step that does nothing, create to exit", seconds, setupContainerJob},
		{"container-log", "what 100 MB of log out of a container add, shown and kept", seconds, setupContainerLog},
	}
}

func setupContainerStep(b *bench) (contest, error) {
	const few, many = 1, 51
	if _, err := b.lookups().docker(); err != nil {
		return contest{contestants: []contestant{skipped("mlops run", ours, err)}, targets: []target{{limit: 0.005}}}, nil
	}
	dir, err := b.dir("container-step")
	if err != nil {
		return contest{}, err
	}
	var mine, act [2]contestant
	for i, n := range []int{few, many} {
		if mine[i], err = b.stepsContestant(dir, n, benchImage, "docker"); err != nil {
			return contest{}, err
		}
		mine[i] = b.recorded(mine[i], filepath.Join(dir, fmt.Sprintf("mlops%d", n)), firstToLast)
		if act[i], err = b.actContestant(dir, benchImage, n); err != nil {
			return contest{}, err
		}
	}
	name, remove, err := b.container()
	if err != nil {
		return contest{}, err
	}
	ks := []contestant{
		slope("mlops run", ours, mine[0], mine[1], many-few),
		command("docker exec", peer, "", "docker", "exec", name, "true"),
		slope("act", peer, act[0], act[1], many-few),
		inside("ForkExec on the host", floor, "fork-exec", "1"),
	}
	return contest{contestants: ks, targets: []target{{limit: 0.005}, {"docker exec", 1.0 / 15}, {"act", 1.0 / 40}}, end: remove}, nil
}

func setupContainerJob(b *bench) (contest, error) {
	const run = "docker run --rm"
	if _, err := b.lookups().docker(); err != nil {
		return contest{contestants: []contestant{skipped("mlops run", ours, err)}, targets: []target{{run, 0.75}}}, nil
	}
	dir, err := b.dir("container-job")
	if err != nil {
		return contest{}, err
	}
	mine, err := b.stepsContestant(dir, 1, benchImage, "docker")
	whole := mine
	whole.name, whole.role = "mlops run, the whole program with the removal", peer
	ks := []contestant{
		b.recorded(mine, filepath.Join(dir, "mlops1"), createToExit),
		whole,
		command(run, peer, "", "docker", "run", "--rm", benchImage, "true"),
		command("docker run --rm --network none", peer, "", "docker", "run", "--rm", "--network", "none", benchImage, "true"),
	}
	return contest{contestants: ks, targets: []target{{run, 0.75}}}, err
}

// setupContainerLog measures what 100 MB of output add to a container that prints
// one line, and beside it how long the containers take as a whole: their start
// is the engine's.
func setupContainerLog(b *bench) (contest, error) {
	const run = "docker run, json-file"
	if _, err := b.lookups().docker(); err != nil {
		return contest{contestants: []contestant{skipped("mlops run", ours, err)}, targets: []target{{run, 1.0 / 8}}}, nil
	}
	var mine, theirs [2]contestant
	for i, lines := range []int{1, logLines} {
		dir, err := b.dir(fmt.Sprintf("container-log-%d", lines))
		if err != nil {
			return contest{}, err
		}
		if err := writeLogFile(dir, lines); err != nil {
			return contest{}, err
		}
		if mine[i], err = b.loggingRun(dir, "docker", lines); err != nil {
			return contest{}, err
		}
		theirs[i] = command("docker run, json-file, with the container's start", peer, dir, "sh", "-c",
			"docker run --rm --log-driver json-file -v "+quoted(dir)+":/logs:ro "+benchImage+" cat /logs/"+logFile+" > docker.shown")
	}
	ks := []contestant{
		slope("mlops run --output plain", ours, mine[0], mine[1], 1),
		slope(run, peer, theirs[0], theirs[1], 1),
		mine[1],
		theirs[1],
	}
	ks[2].role = peer
	return contest{contestants: ks, targets: []target{{run, 1.0 / 8}}}, nil
}
