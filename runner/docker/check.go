package docker

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/go-units"
	"golang.org/x/sys/unix"
)

// A Level says how much a Finding matters.
type Level string

// The levels. A job may run with warnings; it cannot with a failure.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Fail Level = "fail"
)

// A Finding is one fact about the engine, for "mlops doctor".
type Finding struct {
	Name  string // engine, API, cgroups, …
	Value string // the fact
	Level Level
	Fix   string // what to do about it; "" when nothing
}

// minFree is the free disk space below which images and outputs soon fail.
const minFree = 5 << 30

// Check reports what an engine is and lacks, with two requests. An engine that
// does not answer is a finding too.
func (e *Executor) Check(ctx context.Context) []Finding {
	if err := e.connect(ctx); err != nil {
		return []Finding{failure("engine", err)}
	}
	v, err := e.cli.ServerVersion(ctx)
	if err != nil {
		return []Finding{failure("engine", e.explain("docker: ask for", "version", err))}
	}
	info, err := e.cli.Info(ctx)
	if err != nil {
		return []Finding{failure("engine", e.explain("docker: ask for", "facts", err))}
	}
	return slices.Concat(e.engineFacts(v, info), e.hostFacts(info), e.otherEngines())
}

// otherEngines names sockets that were passed over, for those who meant one of
// them.
func (e *Executor) otherEngines() []Finding {
	var others []string
	for _, s := range sockets(e.opts.Getenv) {
		if host := "unix://" + s; host != e.addr.host && writable(s) {
			others = append(others, host)
		}
	}
	if len(others) == 0 {
		return nil
	}
	return []Finding{{Name: "other sockets", Value: strings.Join(others, ", "), Level: OK, Fix: "if you mean one of them: export DOCKER_HOST=" + others[0]}}
}

func failure(name string, err error) Finding {
	f := Finding{Name: name, Value: err.Error(), Level: Fail}
	if x := execError(err); x != nil {
		f.Fix = x.Fix
	}
	return f
}

// engineFacts are about the program that answers.
func (e *Executor) engineFacts(v types.Version, info system.Info) []Finding {
	return []Finding{
		{Name: "engine", Value: engineName(v) + " at " + e.addr.String(), Level: OK},
		{Name: "API", Value: e.cli.ClientVersion() + " of " + v.APIVersion, Level: OK},
		{Name: "platform", Value: fmt.Sprintf("linux/%s, %d CPUs, %s", v.Arch, info.NCPU, units.BytesSize(float64(info.MemTotal))), Level: OK},
		storage(info), e.rootlessFact(info), seccomp(info),
		{Name: "files", Value: map[bool]string{false: "mounted", true: "copied through the API"}[e.isRemote()], Level: OK},
	}
}

func engineName(v types.Version) string {
	for _, c := range v.Components {
		if strings.Contains(c.Name, "Podman") {
			return "Podman " + c.Version
		}
	}
	return "Docker " + v.Version
}

func storage(info system.Info) Finding {
	f := Finding{Name: "storage driver", Value: info.Driver, Level: OK}
	if info.Driver == "vfs" {
		f.Level, f.Fix = Warn, "vfs copies the whole image for each container: use overlay2 or fuse-overlayfs"
	}
	return f
}

func (e *Executor) rootlessFact(info system.Info) Finding {
	f := Finding{Name: "rootless", Value: "no; jobs run as uid " + strconv.Itoa(os.Getuid()), Level: OK}
	switch {
	case e.isRootless():
		f.Value = "yes; jobs run as uid 0, which is you"
	case hasOption(info.SecurityOptions, "rootless"):
		f.Value, f.Level = "yes, of another user", Warn
		f.Fix = "use an engine of your own: its jobs can write to your folders"
	case hasOption(info.SecurityOptions, "userns"):
		f.Value, f.Level = "no, but users are remapped", Warn
		f.Fix = "jobs cannot write to your folders under userns-remap: use rootless Docker, or an engine without it"
	}
	return f
}

func seccomp(info system.Info) Finding {
	if hasOption(info.SecurityOptions, "seccomp") {
		return Finding{Name: "seccomp", Value: "on", Level: OK}
	}
	return Finding{Name: "seccomp", Value: "off", Level: Warn, Fix: "run an engine and a kernel with seccomp: jobs may use every system call"}
}

func hasOption(options []string, name string) bool {
	return slices.ContainsFunc(options, func(o string) bool {
		return o == "name="+name || strings.HasPrefix(o, "name="+name+",") || o == name
	})
}

// hostFacts are about the machine below the engine.
func (e *Executor) hostFacts(info system.Info) []Finding {
	return []Finding{cgroups(info), gpus(e.gpuFacts(info)), e.platforms(info), e.disk(info)}
}

// platforms tells whose images can run.
func (e *Executor) platforms(info system.Info) Finding {
	if !e.here(info) {
		return Finding{Name: "platforms", Value: "unknown: the engine runs elsewhere", Level: OK}
	}
	return Finding{Name: "platforms", Value: strings.Join(platforms(binfmtDir), ", "), Level: OK}
}

func cgroups(info system.Info) Finding {
	version := info.CgroupVersion
	if version == "" {
		version = "1"
	}
	f := Finding{Name: "cgroups", Value: "v" + version + ", " + info.CgroupDriver, Level: OK}
	var missing []string
	for name, there := range map[string]bool{"memory": info.MemoryLimit, "cpu": info.CPUCfsQuota, "pids": info.PidsLimit} {
		if !there {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		f.Level, f.Value = Warn, f.Value+", no limits for "+strings.Join(missing, ", ")
		f.Fix = "delegate the controllers to your user (systemd: Delegate=cpu memory pids), or run without resources"
	}
	return f
}

// gpus tells whether jobs with resources.gpus can run; not to have any is fine.
func gpus(f gpuFacts) Finding {
	names, err := f.judge()
	if err != nil {
		return Finding{Name: "GPU runtime", Value: "none: " + err.Error(), Level: OK, Fix: "for jobs with resources.gpus: " + execError(err).Fix}
	}
	value := "NVIDIA, by " + strings.Join(f.runtimes, ", ")
	if len(names) > 0 {
		value = fmt.Sprintf("NVIDIA, devices %s", strings.Join(names, ", "))
	}
	return Finding{Name: "GPU runtime", Value: value, Level: OK}
}

func (e *Executor) disk(info system.Info) Finding {
	f := Finding{Name: "free disk", Value: "unknown: " + info.DockerRootDir + " is not visible from here", Level: OK}
	var st unix.Statfs_t
	if e.isRemote() || unix.Statfs(info.DockerRootDir, &st) != nil {
		return f
	}
	free := int64(st.Bavail) * st.Bsize
	f.Value = units.BytesSize(float64(free)) + " in " + info.DockerRootDir
	if free < minFree {
		f.Level, f.Fix = Warn, `free space: "docker system prune", "mlops cache gc"`
	}
	return f
}
