package docker

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/store"
)

// Paths inside every container. Home is where ~ points to; a Mount's target
// may begin with "~/".
const (
	Workspace = "/workspace"
	Home      = "/home/mlops"
	control   = "/mlops/control"
	program   = "/mlops/bin/mlops"
)

// Labels that this package writes itself, beside those of the task.
const (
	labelHost    = "mlops.host"
	labelScope   = "mlops.scope" // the store that the run keeps its results in
	labelPID     = "mlops.pid"
	labelStart   = "mlops.pid-start"
	labelService = "mlops.service" // name of the service; jobs have none
)

const defaultPids = 4096

// A place is a description of one container: everything about a task that the
// engine is told.
type place struct {
	name   string
	config container.Config
	host   container.HostConfig
}

// place describes the container of a task, or that of one of its parts.
func (e *Executor) place(t runner.Task, part int) (place, error) {
	remote := e.isRemote()
	owner, err := e.owner(t)
	if err != nil {
		return place{}, err
	}
	p := place{name: partName(t.Name, part)}
	p.config = containerConfig(t, owner)
	if p.host, err = hostConfig(t, owner); err != nil {
		return p, err
	}
	switch {
	case !remote:
		p.host.Tmpfs = scratch(t)
		p.host.Mounts = e.mounts(t, owner)
	case t.Spec.Isolate:
		if p.host.Mounts, err = volumes(t); err != nil {
			return p, err
		}
	}
	p.config.Labels = labels(t)
	return p, nil
}

// containerName keeps a task's name recognisable among other containers.
func containerName(task string) string {
	if strings.HasPrefix(task, "mlops-") {
		return task
	}
	return "mlops-" + task
}

// An identity is a user inside a container.
type identity struct {
	uid, gid int
	root     bool // the job asked for root, with the capabilities to use it
	lent     bool // files are its own while the job runs; see lend.go
}

func (i identity) String() string { return strconv.Itoa(i.uid) + ":" + strconv.Itoa(i.gid) }

// owner returns who a task runs as.
func (e *Executor) owner(t runner.Task) (identity, error) {
	switch {
	case t.User == "root" && t.Untrusted:
		return identity{}, config("leave out `user: root`", "docker: task %s is not trusted and asks for root", t.Name)
	case t.User == "root":
		return identity{root: true}, nil
	case t.User != "":
		return identity{}, config(`write "user: root", or leave it out to run as yourself`, "docker: task %s: user %q", t.Name, t.User)
	case e.isRootless():
		return identity{}, nil // the engine's root is the caller, and nobody with more rights
	case t.Untrusted && os.Getuid() == 0:
		return identity{uid: nobody, gid: nobody, lent: true}, nil
	default:
		return identity{uid: os.Getuid(), gid: os.Getgid()}, nil
	}
}

// containerConfig is what runs, without labels.
func containerConfig(t runner.Task, owner identity) container.Config {
	stop := int(patience(t.Spec) / time.Second)
	private := t.Spec.Secrets != nil || t.Spec.Isolate
	return container.Config{
		Hostname:   "mlops", // an ID would make each run differ
		User:       owner.String(),
		Env:        []string{"HOME=" + Home},
		Image:      imageRef(t.Image),
		WorkingDir: Workspace,
		Entrypoint: []string{program, "agent", control},
		// The image's health check would be one more process each 30 seconds.
		Healthcheck: &container.HealthConfig{Test: []string{"NONE"}},
		StopSignal:  "SIGTERM",
		StopTimeout: &stop,
		// Secrets come this way: what is said here, or lies in a file, can be looked at.
		AttachStdin: private, OpenStdin: private, StdinOnce: private,
	}
}

// imageRef names an image so that no tag can move in between.
func imageRef(i runner.Image) string {
	if i.Name == EmptyImage {
		return i.Name
	}
	return cmp.Or(i.ID, i.Name)
}

// hostConfig is how it runs: limits and isolation, without mounts.
func hostConfig(t runner.Task, owner identity) (container.HostConfig, error) {
	no := false
	h := container.HostConfig{
		NetworkMode: "none",
		LogConfig:   container.LogConfig{Type: "none"},
		CapDrop:     []string{"ALL"},
		SecurityOpt: securityOptions(),
		Init:        &no, // the agent reaps and forwards signals itself
		// When the machine runs out of memory, jobs go before its daemons.
		OomScoreAdj: 200,
		ShmSize:     t.Resources.Shm,
	}
	if t.Network {
		h.NetworkMode = "default"
	}
	if len(t.Services) > 0 {
		h.NetworkMode = container.NetworkMode(containerName(t.Name)) // see network.go
	}
	if owner.root {
		h.CapAdd = rootCapabilities()
	}
	var err error
	h.Resources, err = limits(t.Resources)
	return h, err
}

// rootCapabilities are what a root needs to install packages, and an image that
// starts as root to give files to its own user and become it.
func rootCapabilities() []string {
	return []string{"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}
}

// securityOptions forbid new privileges. Where SELinux confines containers,
// labels are switched off: relabelling a person's folders would be worse.
func securityOptions() []string {
	opts := []string{"no-new-privileges"}
	if _, err := os.Stat("/sys/fs/selinux/enforce"); err == nil {
		opts = append(opts, "label=disable")
	}
	return opts
}

// limits translates resources. Swap is not added to memory: a job that swaps
// is slower than one that fails with a reason.
func limits(r runner.Resources) (container.Resources, error) {
	if r.CPUs < 0 || r.Memory < 0 || r.Shm < 0 || r.Pids < 0 || r.GPUs < -1 {
		return container.Resources{}, config("give zero or more", "docker: negative resources %+v", r)
	}
	pids := cmp.Or(r.Pids, defaultPids)
	l := container.Resources{Memory: r.Memory, MemorySwap: r.Memory, NanoCPUs: int64(r.CPUs * 1e9), PidsLimit: &pids}
	if r.GPUs != 0 {
		l.DeviceRequests = []container.DeviceRequest{devices(r)}
	}
	return l, nil
}

// devices asks for GPUs: for certain ones where they have names, since the
// engine would give the first ones to every job that asks for a number.
func devices(r runner.Resources) container.DeviceRequest {
	d := container.DeviceRequest{Capabilities: [][]string{{"gpu"}}}
	if len(r.Devices) > 0 {
		d.DeviceIDs = r.Devices
	} else {
		d.Count = r.GPUs
	}
	return d
}

// scratch returns the tmpfs of a container: /tmp, the home, and the parents of
// mounts below the home, which the engine would else create for root alone.
func scratch(t runner.Task) map[string]string {
	const options = "rw,exec,nosuid,nodev,mode=1777"
	m := map[string]string{"/tmp": options, Home: options}
	for _, mt := range t.Mounts {
		for dir := path.Dir(target(mt.Target)); strings.HasPrefix(dir, Home+"/"); dir = path.Dir(dir) {
			m[dir] = options
		}
	}
	return m
}

// target is where a mount appears inside the container.
func target(name string) string {
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		return path.Join(Home, rest)
	}
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(Workspace, name)
}

// mounts lists the host's files that a task sees.
func (e *Executor) mounts(t runner.Task, owner identity) []mount.Mount {
	bind := func(source, target string, writable bool) mount.Mount {
		return mount.Mount{Type: mount.TypeBind, Source: source, Target: target, ReadOnly: !writable}
	}
	ms := []mount.Mount{
		bind(t.Agent, program, false),
		bind(t.Control, control, true),
		bind(t.Workspace, Workspace, true),
	}
	if owner.uid != 0 {
		ms = append(ms,
			bind(filepath.Join(t.Control, passwdFile), "/etc/passwd", false),
			bind(filepath.Join(t.Control, groupFile), "/etc/group", false))
	}
	for _, m := range t.Mounts {
		ms = append(ms, bind(m.Source, target(m.Target), m.Writable))
	}
	return ms
}

// labels are the task's own, completed so that a container can always be
// traced to a process.
func labels(t runner.Task) map[string]string {
	self := store.Self()
	l := map[string]string{
		labelHost:  self.Host,
		labelPID:   strconv.Itoa(self.PID),
		labelStart: self.Start,
	}
	maps.Copy(l, t.Labels)
	return l
}

// digest identifies the configuration, labels apart: two containers with one
// digest do the same if they find the same spec.
func (p place) digest() string {
	p.config.Labels = nil
	b, err := json.Marshal(struct {
		Config container.Config
		Host   container.HostConfig
	}{p.config, p.host})
	if err != nil {
		panic(fmt.Sprintf("docker: a container's configuration is plain data: %v", err))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// sources lists the host paths that the engine must see.
func (p place) sources() []string {
	var s []string
	for _, m := range p.host.Mounts {
		if m.Type == mount.TypeBind {
			s = append(s, m.Source)
		}
	}
	return s
}

// inside rewrites a spec for the container and encodes it.
func inside(s agent.Spec, remote bool) ([]byte, error) {
	s.Version = cmp.Or(s.Version, agent.Version)
	if !remote {
		s.Outside = s.Workspace
	}
	s.Workspace, s.Control = Workspace, control
	s.Stream = s.Stream || remote
	s.SecretsFollow = s.Secrets != nil
	b, err := json.Marshal(s)
	if err != nil {
		return nil, config("", "docker: encode the job's spec: %w", err)
	}
	return b, nil
}

// platformOf returns os/arch of an image, ours when it is unknown.
func platformOf(i runner.Image) string {
	return cmp.Or(i.Platform, "linux/"+runtime.GOARCH)
}
