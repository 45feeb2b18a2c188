package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// insideCommand as first argument makes this program run one of its own
// workloads and print the seconds it took. Workloads run in a process of their
// own so that this one stays small: a child's peak memory as wait4 reports it
// includes its parent's at the fork.
const insideCommand = "inside"

// usage is what a finished process has taken.
type usage struct {
	wall   time.Duration
	cpu    time.Duration // user and system, of it and of the children it waited for
	memory int64         // peak resident bytes of the largest of them
	faults int64         // page faults that needed no disk
	stdout []byte
}

// execute runs a command to its end. Output beyond stdout is kept for the error.
func execute(ctx context.Context, dir string, argv ...string) (usage, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	u := usage{wall: time.Since(began), stdout: stdout.Bytes()}
	if cmd.ProcessState != nil {
		if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			u.memory, u.faults = ru.Maxrss*1024, ru.Minflt // Linux counts KiB
		}
		u.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	if err != nil {
		return u, fmt.Errorf("%s: %w%s", strings.Join(argv, " "), err, tail(stderr.Bytes(), stdout.Bytes()))
	}
	return u, nil
}

// measured is a sample of a value that took this.
func (u usage) measured(value float64) measurement {
	return measurement{Value: value, Memory: u.memory, CPU: u.cpu.Seconds(), Faults: u.faults}
}

// tail returns the last words of a failed command, to be appended to its error.
func tail(outputs ...[]byte) string {
	const most = 400
	for _, out := range outputs {
		text := strings.TrimSpace(string(out))
		if text == "" {
			continue
		}
		if len(text) > most {
			text = "… " + text[len(text)-most:]
		}
		return ": " + text
	}
	return ""
}

// command is a contestant whose value is a command's wall time.
func command(name string, r role, dir string, argv ...string) contestant {
	return contestant{name: name, role: r, sample: func(ctx context.Context) (measurement, error) {
		u, err := execute(ctx, dir, argv...)
		return u.measured(u.wall.Seconds()), err
	}}
}

// byCPU takes the CPU time of a contestant for its value.
func byCPU(k contestant) contestant {
	if wall := k.sample; wall != nil {
		k.sample = func(ctx context.Context) (measurement, error) {
			m, err := wall(ctx)
			m.Value = m.CPU
			return m, err
		}
	}
	return k
}

// inside is a contestant that is a workload of this program: its value is the
// seconds that the workload says it took, without the start of its process.
func inside(name string, r role, workload string, args ...string) contestant {
	return contestant{name: name, role: r, sample: func(ctx context.Context) (measurement, error) {
		self, err := os.Executable()
		if err != nil {
			return measurement{}, err
		}
		u, err := execute(ctx, "", append([]string{self, insideCommand, workload}, args...)...)
		if err != nil {
			return measurement{}, err
		}
		seconds, err := strconv.ParseFloat(strings.TrimSpace(string(u.stdout)), 64)
		return u.measured(seconds), err
	}}
}

// slope is a contestant whose value is the cost of one more: the difference of
// the two contestants' samples, divided by how many more the second does.
func slope(name string, r role, few, many contestant, more int) contestant {
	return contestant{name: name, role: r, skip: few.skip, sample: func(ctx context.Context) (measurement, error) {
		var values [2]float64
		var memory int64
		for i, k := range []contestant{few, many} {
			if k.reset != nil {
				if err := k.reset(); err != nil {
					return measurement{}, err
				}
			}
			m, err := k.sample(ctx)
			if err != nil {
				return measurement{}, err
			}
			values[i], memory = m.Value, max(memory, m.Memory)
		}
		return measurement{Value: (values[1] - values[0]) / float64(more), Memory: memory}, nil
	}}
}

// skipped is a contestant that is not there.
func skipped(name string, r role, err error) contestant {
	return contestant{name: name, role: r, skip: err.Error()}
}

// errUsage reports that a workload was called with wrong arguments.
var errUsage = errors.New("usage: bench inside WORKLOAD [ARGUMENT]")
