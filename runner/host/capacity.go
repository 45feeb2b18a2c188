package host

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

var _ runner.Measurer = (*Executor)(nil)

// Capacity is what this machine has: its cores, its memory and those of its
// GPUs that CUDA_VISIBLE_DEVICES leaves to the caller. It cannot fail.
func (e *Executor) Capacity(context.Context) (runner.Capacity, error) {
	c := runner.Capacity{CPUs: float64(runtime.NumCPU())}
	var s unix.Sysinfo_t
	if unix.Sysinfo(&s) == nil {
		c.Memory = int64(uint64(s.Totalram) * uint64(s.Unit))
	}
	devices, err := filepath.Glob("/dev/nvidia[0-9]*")
	if err != nil {
		return c, err
	}
	if c.GPUs = visible(devices, e.Environ); len(c.GPUs) == 0 {
		c.NoGPU = noGPU(len(devices))
	}
	c.Where = share(e.Environ)
	return c, nil
}

// share is the part of this machine whose GPUs are meant, "" for the whole:
// Slurm counts the GPUs of each of its jobs from 0.
func share(environ []string) string {
	for _, kv := range slices.Backward(environ) {
		if id, ok := strings.CutPrefix(kv, "SLURM_JOB_ID="); ok {
			return "slurm " + id
		}
	}
	return ""
}

func noGPU(devices int) error {
	if devices > 0 {
		return config("name some in CUDA_VISIBLE_DEVICES, or unset it", "CUDA_VISIBLE_DEVICES hides the %s of this machine", plural(devices))
	}
	return config("install the NVIDIA driver, run the job on a machine with a GPU, or remove resources.gpus",
		"this machine has no NVIDIA GPU, or no driver for it (no /dev/nvidia0)")
}

func plural(n int) string {
	if n == 1 {
		return "GPU"
	}
	return fmt.Sprint(n, " GPUs")
}

// visible are the names of the GPUs that the caller may use: those that its
// CUDA_VISIBLE_DEVICES lists, or the numbers of all.
func visible(devices, environ []string) []string {
	for _, kv := range slices.Backward(environ) {
		list, ok := strings.CutPrefix(kv, "CUDA_VISIBLE_DEVICES=")
		if !ok {
			continue
		}
		var out []string
		for name := range strings.SplitSeq(list, ",") {
			if name = strings.TrimSpace(name); name == "" || name == "-1" {
				break // CUDA stops at the first that is none
			}
			out = append(out, name)
		}
		return out[:min(len(out), len(devices))]
	}
	out := make([]string, 0, len(devices))
	for _, d := range devices {
		out = append(out, strings.TrimPrefix(d, "/dev/nvidia"))
	}
	slices.SortFunc(out, func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return cmp.Compare(x, y)
	})
	return out
}

// deviceVars let a job's programs see its GPUs and no others.
func deviceVars(devices []string) []agent.Var {
	if len(devices) == 0 {
		return nil
	}
	list := strings.Join(devices, ",")
	return []agent.Var{{Name: "CUDA_VISIBLE_DEVICES", Value: list}, {Name: "NVIDIA_VISIBLE_DEVICES", Value: list}}
}
