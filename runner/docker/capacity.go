package docker

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/system"
	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner"
)

var _ runner.Measurer = (*Executor)(nil)

// Capacity asks the engine for its cores and memory, with one request. GPUs and
// emulated platforms are looked for on this machine, if the engine runs on it;
// elsewhere GPUs have no names and platforms are unknown.
func (e *Executor) Capacity(ctx context.Context) (runner.Capacity, error) {
	if err := e.connect(ctx); err != nil {
		return runner.Capacity{}, err
	}
	info, err := e.cli.Info(ctx)
	if err != nil {
		return runner.Capacity{}, e.explain("docker: ask for", "facts", err)
	}
	c := runner.Capacity{CPUs: float64(info.NCPU), Memory: info.MemTotal}
	c.GPUs, c.NoGPU = e.gpuFacts(info).judge()
	c.Where = e.addr.host
	if e.here(info) {
		c.Where, c.Platforms = "", platforms(binfmtDir)
	}
	return c, nil
}

// here reports whether the engine runs under this machine's kernel: one in a
// virtual machine listens on a local socket, too.
func (e *Executor) here(info system.Info) bool {
	var u unix.Utsname
	if !strings.HasPrefix(e.addr.host, "unix://") || e.isRemote() || unix.Uname(&u) != nil {
		return false
	}
	return unix.ByteSliceToString(u.Release[:]) == info.KernelVersion
}

// gpuFacts are what GPUs in containers need.
type gpuFacts struct {
	runtimes []string // that the engine has
	nvidia   bool     // one of them, or a CDI device, is NVIDIA's
	local    bool     // the rest is known
	devices  []string // /dev/nvidia0, …
	driver   bool     // the kernel has NVIDIA's driver
	hook     bool     // the container toolkit's hook is installed, which the engine looks for when it starts
}

func (e *Executor) gpuFacts(info system.Info) gpuFacts {
	f := gpuFacts{local: e.here(info)}
	for name := range info.Runtimes {
		f.runtimes = append(f.runtimes, name)
		f.nvidia = f.nvidia || strings.Contains(name, "nvidia")
	}
	for _, d := range info.DiscoveredDevices {
		f.nvidia = f.nvidia || strings.Contains(d.ID, "nvidia")
	}
	slices.Sort(f.runtimes)
	if f.local {
		f.devices, _ = filepath.Glob("/dev/nvidia[0-9]*")
		_, err := os.Stat("/proc/driver/nvidia/version")
		f.driver = err == nil
		_, err = exec.LookPath("nvidia-container-runtime-hook")
		f.hook = err == nil
	}
	return f
}

// judge returns the names of the GPUs, or an error that says all that is
// missing and how to get it.
func (f gpuFacts) judge() ([]string, error) {
	var lacks, fix []string
	if f.local && (!f.driver || len(f.devices) == 0) {
		lacks = append(lacks, "no NVIDIA driver with a GPU (/proc/driver/nvidia, /dev/nvidia0)")
		fix = append(fix, "install the NVIDIA driver")
	}
	if f.local && !f.hook && !f.nvidia {
		lacks = append(lacks, "no NVIDIA container toolkit (nvidia-container-runtime-hook)")
		fix = append(fix, "install nvidia-container-toolkit")
	}
	if !f.nvidia && !f.hook {
		lacks = append(lacks, "no nvidia runtime (docker info has "+strings.Join(f.runtimes, ", ")+")")
		fix = append(fix, "nvidia-ctk runtime configure --runtime=docker, and restart Docker")
	}
	if len(lacks) > 0 {
		return nil, config(strings.Join(fix, "; ")+"; or remove resources.gpus", "this engine cannot give GPUs to containers: %s", strings.Join(lacks, "; "))
	}
	var names []string
	for i := range f.devices {
		names = append(names, fmt.Sprint(i)) // as nvidia-smi and the toolkit count
	}
	return names, nil
}

// binfmtDir is where the kernel lists its emulators.
const binfmtDir = "/proc/sys/fs/binfmt_misc"

// platforms are those that this machine's kernel runs: its own, and those for
// which it has an emulator.
func platforms(binfmt string) []string {
	out := []string{"linux/" + runtime.GOARCH}
	switch runtime.GOARCH {
	case "amd64":
		out = append(out, "linux/386")
	case "arm64":
		out = append(out, "linux/arm")
	}
	emulators := map[string]string{"x86_64": "amd64", "i386": "386", "aarch64": "arm64", "arm": "arm", "riscv64": "riscv64", "s390x": "s390x", "ppc64le": "ppc64le"}
	found, _ := filepath.Glob(filepath.Join(binfmt, "qemu-*"))
	for _, name := range found {
		arch := emulators[strings.TrimPrefix(filepath.Base(name), "qemu-")]
		state, err := os.ReadFile(name)
		if arch != "" && err == nil && strings.HasPrefix(string(state), "enabled") {
			out = append(out, "linux/"+arch)
		}
	}
	return out
}
