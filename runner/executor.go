package runner

import (
	"context"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
)

// An Executor places one agent, waits for it and says how the job ended.
//
// Run is called once per attempt and may be called from several goroutines
// with different tasks. Task.Workspace and Task.Control exist and belong to
// the caller. A job that fails is a Result with a Status and a Reason, not an
// error; an error means that the place failed, and is an *ExecError if its
// reason is known. Run returns only when nothing of the task runs any more.
//
// watch, if not nil, is called from one goroutine at a time, in order, and not
// after Run has returned. Unless Task.Spec.Stream is set, log bytes are not
// events: they are in the file Control/log, and LogGrew says how far.
//
// With Task.Spec.Isolate each step has a place of its own, where only Workspace,
// Control and the Mounts are those of the steps before it; what a place cannot
// keep apart it says in a notice.
//
// Cancelling ctx asks the steps to stop (SIGTERM, Spec.Grace, SIGKILL) and Run
// then returns the agent's Result with status "cancelled". Cancelling with the
// cause [ErrKill] kills at once.
type Executor interface {
	Name() string // docker, host
	Run(ctx context.Context, t Task, watch func(agent.Event)) (agent.Result, error)
}

// ErrKill as a context's cause skips the grace period. A context that was
// cancelled already can be killed if [agent.WithKill] made it.
var ErrKill = agent.ErrKill

// An Imager is an Executor whose tasks run in images. Resolve finds, pulls or
// builds the image and returns its identity; it is called once per image and
// run, before any task that uses it. Executors that are no Imager ignore Task.Image.
type Imager interface {
	Resolve(ctx context.Context, r ImageRequest) (Image, error)
}

// A Preparer creates what a task needs (a container) ahead of its Run.
type Preparer interface {
	Prepare(ctx context.Context, t Task) error
}

// A Reaper removes what dead runners left behind, and says what it removed.
type Reaper interface {
	Reap(ctx context.Context, dryRun bool) ([]string, error)
}

// An ImageRequest asks for an image by name, or for one to be built.
type ImageRequest struct {
	Name     string // docker reference; "" with Build nil means the empty image of built-in actions
	Platform string // os/arch; "" for the engine's own
	Pull     string // if-missing, always or never, or several joined by commas to be tried in order; "" means if-missing
	Pin      Pin    // what the name has to mean; zero means whatever it means where the job runs
	Look     bool   // only look whether the image is here: neither pull nor build it
	Build    *Build
	// Progress, if not nil, is told what goes on, in lines for people.
	Progress func(string)
}

// A Pin fixes the meaning of an image's name, whatever became of its tag. One
// of its fields is set; the zero Pin pins nothing.
type Pin struct {
	Digest string // sha256:… under which the name's repository has it
	ID     string // sha256:… of an image that came from no registry
}

// PinKey is the name under which [Runner.Pins] has an image: its own, and the
// platform if one is asked for, since an image ID is that of one platform.
func PinKey(name, platform string) string {
	if platform == "" {
		return name
	}
	return name + " " + platform
}

// Build describes an image to make. Context is an absolute directory.
type Build struct {
	Context string
	File    string
	Target  string
	Args    map[string]string
	Pins    map[string]Pin // what names after FROM mean, by PinKey; names without one mean what they mean where the image is built
	Digest  string         // of context, file, target and args; names the image, so that an equal context is not built twice
}

// An Image is what a name meant when a run asked for it.
type Image struct {
	Name     string   `json:"name"`
	ID       string   `json:"id"`                // sha256:… of the image's configuration: equal content, equal ID
	Digests  []string `json:"digests,omitempty"` // repository digests, if it came from a registry
	Platform string   `json:"platform"`          // os/arch
	Size     int64    `json:"size,omitempty"`    // bytes
	User     string   `json:"user,omitempty"`
	Digest   string   `json:"digest,omitempty"` // sha256:… under which the name's own repository has it; "" if it did not come from there
}

// Pin returns what fixes the meaning of the image's name: the digest in its
// repository, else the image's ID.
func (i Image) Pin() Pin {
	if i.Digest != "" {
		return Pin{Digest: i.Digest}
	}
	return Pin{ID: i.ID}
}

// A Task is one attempt of one job instance, ready to be placed.
type Task struct {
	Name      string            // of run, job instance and attempt, so that no two attempts share it; letters, digits, - and _
	Labels    map[string]string // mlops.run, mlops.job, mlops.scope, mlops.host, mlops.pid, mlops.pid-start, …
	Image     Image
	Workspace string  // host directory that becomes the working directory
	Control   string  // host directory for spec, log, events and result
	Mounts    []Mount // further folders
	Spec      agent.Spec
	Resources Resources
	Services  []Service // that are ready before the first step and gone after the last
	Network   bool      // whether the job may reach the network
	User      string    // "" for the caller, "root" for root
	Untrusted bool      // nobody knows who wrote it: what root runs is somebody without rights, where there is a container
	Agent     string    // path of the mlops binary for the container's platform; "" means this executable
}

// A Mount shows a host folder or file inside the task's place.
type Mount struct {
	Source   string // absolute host path
	Target   string // absolute, or relative to the workspace
	Writable bool
}

// Resources limit a task; zero means no limit or the default.
type Resources struct {
	CPUs   float64 // cores
	Memory int64   // bytes
	Shm    int64   // bytes of /dev/shm
	Disk   int64   // bytes of workspace; the agent watches Spec.Disk
	Pids   int64   // 0 means 4096; see also Spec.Pids
	GPUs   int     // -1 means all
	// Devices are the GPUs to use, by their names in [Capacity]; without names
	// the executor chooses.
	Devices []string
}

// An ExecError is a failure of the place, not of the job.
type ExecError struct {
	Reason agent.Reason // image-pull, daemon-lost, disk-full, config
	Fix    string       // what to do about it; may be empty
	Err    error
}

func (e *ExecError) Error() string { return e.Err.Error() }
func (e *ExecError) Unwrap() error { return e.Err }

// DefaultGrace is how long steps have between SIGTERM and SIGKILL.
const DefaultGrace = 10 * time.Second
