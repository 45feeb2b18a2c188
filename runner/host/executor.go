// Package host runs jobs on this machine without containers.
//
// The agent runs in the calling process ([agent.Run]), because starting a
// binary per job would cost more than many jobs do. Steps get an environment of
// their own: PATH, HOME and a few names that programs need to find the network
// and the language, a TMPDIR inside the control directory, and what the Spec
// says; nothing else of the caller's environment, so that a job does not depend
// on it by accident.
//
// Nothing of a job outlives it: what its steps leave behind is killed, also when
// it left their process group, and what a dead runner left is found by
// [Executor.Reap]. A process that clears its whole environment escapes; see
// package agent.
//
// # What a machine cannot promise
//
// There is no isolation: a step can do what the caller can. Not enforced are
// the memory, CPU, process and /dev/shm limits, `network: none`, and that
// mounts are read-only. A job that asks for these runs, and is told so by a
// notice; [Limits] lists them. Refused are jobs that could not mean the same
// here: services, mounts at absolute places, and `user: root` for a caller who is
// not root. A job's GPUs are named to it by CUDA_VISIBLE_DEVICES, which it could
// ignore.
//
// Steps with `isolate: true` get as much as there is: each has an empty HOME and
// an empty TMPDIR, which go with it, and processes do not outlive their step. What
// they install elsewhere stays, and a notice says so. Why not refuse such jobs:
// what they do is the same, only nobody sees to it that they rely on nothing else.
//
// # Mounts
//
// A mount is a symbolic link in the workspace, made before the job and removed
// after it; at its own path it needs nothing. The link does not make its target
// read-only: a step that writes there changes the source. Callers that lend
// files which must not change keep them without write permission, as the store
// does, which stops everybody but root.
//
// Why links and not copies: data sets are large, and a writable mount (a cache)
// must be the same folder. Why not bind mounts: they need root.
//
// Why not RLIMIT_AS for memory: it counts reserved addresses, of which CUDA, Go
// and Java programs take many times what they use, so that they would fail with
// the limit they need. Why not a namespace for the network: without root it
// needs a user namespace, which changes who owns the files, and which many
// systems forbid.
package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// Executor runs tasks on this machine. It has no state and is safe for
// concurrent use.
type Executor struct {
	// Environ is the environment, as os.Environ returns it, of which steps see
	// the names in [Inherited]. Without it steps find programs in the usual
	// folders, and their home is inside the control directory.
	Environ []string
	// Root tells whether the caller may do what `user: root` asks for.
	Root bool
}

// New returns an executor for the calling user. environ is os.Environ() or a
// selection of it; steps see only what [Inherited] names. Nothing can fail: the
// machine is always there.
func New(environ []string) *Executor {
	return &Executor{Environ: environ, Root: os.Geteuid() == 0}
}

var (
	_ runner.Executor = (*Executor)(nil)
	_ runner.Reaper   = (*Executor)(nil)
)

// Name returns "host".
func (e *Executor) Name() string { return "host" }

// Run runs a task in this process; see [runner.Executor]. Task.Image and
// Task.Agent are not used: an action is this very binary, started again. It
// fails with a *[runner.ExecError], before anything ran, for a task that could
// not mean the same here, and when the machine could not keep the job's files.
func (e *Executor) Run(ctx context.Context, t runner.Task, watch func(agent.Event)) (agent.Result, error) {
	if t.User == "root" && !e.Root {
		return agent.Result{}, config("run mlops as root, or use --executor docker", "host: job %s wants to run as root", t.Spec.Job)
	}
	if len(t.Services) > 0 {
		return agent.Result{}, config("use --executor docker, or start them yourself and remove `services`", "host: job %s has services, which need containers", t.Spec.Job)
	}
	home, t := homeLinks(t)
	undo, err := link(t)
	if err != nil {
		return agent.Result{}, err
	}
	defer undo()
	s := t.Spec
	s.Version = cmp.Or(s.Version, agent.Version)
	s.Workspace, s.Control, s.HomeLinks = t.Workspace, t.Control, home
	if s.Env, err = e.environment(s, t.Resources.Devices); err != nil {
		return agent.Result{}, placeError(err)
	}
	if limits := Limits(t); len(limits) > 0 && watch != nil {
		watch(agent.Event{Kind: agent.Notice, Time: time.Now().UTC(), Level: "notice", Text: "not enforced without a container: " + strings.Join(limits, ", ")})
	}
	r, err := agent.Run(ctx, s, watch)
	if err != nil {
		return r, placeError(err)
	}
	return r, nil
}

// Limits names what a task asks for and this machine does not enforce.
func Limits(t runner.Task) []string {
	var out []string
	r := t.Resources
	for _, l := range []struct {
		name  string
		asked bool
	}{
		{"memory limit", r.Memory > 0}, {"CPU limit", r.CPUs > 0}, {"process limit", r.Pids > 0},
		{"size of /dev/shm", r.Shm > 0},
		{"read-only mounts", slices.ContainsFunc(t.Mounts, func(m runner.Mount) bool { return !m.Writable })},
		{"isolation of steps outside of HOME and TMPDIR", t.Spec.Isolate},
	} {
		if l.asked {
			out = append(out, l.name)
		}
	}
	return out
}

// Inherited are the variables that steps get from the caller's environment.
func Inherited() []string {
	return []string{
		"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
		"CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH",
	}
}

// environment is what steps see: inherited variables first, the Spec's last.
// Steps that are kept apart get their home and TMPDIR from the agent.
func (e *Executor) environment(s agent.Spec, devices []string) ([]agent.Var, error) {
	tmp := filepath.Join(s.Control, "tmp")
	if err := os.Mkdir(tmp, 0o755); err != nil && !isFolder(tmp) {
		return nil, err
	}
	names := Inherited()
	if s.Isolate {
		names = slices.DeleteFunc(names, func(name string) bool { return name == "HOME" })
	}
	env := make([]agent.Var, 0, len(names)+len(s.Env)+1)
	for _, kv := range e.Environ {
		if name, value, ok := strings.Cut(kv, "="); ok && slices.Contains(names, name) {
			env = append(env, agent.Var{Name: name, Value: value})
		}
	}
	if !s.Isolate {
		env = append(env, agent.Var{Name: "TMPDIR", Value: tmp})
	}
	return append(append(env, deviceVars(devices)...), s.Env...), nil
}

func isFolder(name string) bool {
	st, err := os.Stat(name)
	return err == nil && st.IsDir()
}

// homeLinks takes the mounts below the home out of a task whose steps have homes
// of their own, for the agent to show them there.
func homeLinks(t runner.Task) ([]agent.Var, runner.Task) {
	if !t.Spec.Isolate {
		return nil, t
	}
	var links []agent.Var
	var rest []runner.Mount
	for _, m := range t.Mounts {
		if rel, ok := strings.CutPrefix(m.Target, "~/"); ok && filepath.IsLocal(rel) {
			links = append(links, agent.Var{Name: rel, Value: m.Source})
		} else {
			rest = append(rest, m)
		}
	}
	t.Mounts = rest
	return links, t
}

// link shows a task's mounts as symbolic links in the workspace. undo removes them.
func link(t runner.Task) (undo func(), err error) {
	var made []string
	undo = func() {
		for _, p := range slices.Backward(made) {
			if _, err := os.Readlink(p); err == nil {
				_ = os.Remove(p)
			}
		}
	}
	for _, m := range t.Mounts {
		place, err := mountPoint(t.Workspace, m)
		if err == nil && place != "" {
			err = linkOne(m.Source, place)
		}
		if err != nil {
			undo()
			return nil, err
		}
		if place != "" {
			made = append(made, place)
		}
	}
	return undo, nil
}

// mountPoint is where a mount's link goes; "" if the folder is there already.
func mountPoint(workspace string, m runner.Mount) (string, error) {
	if m.Target == m.Source {
		return "", nil
	}
	if !filepath.IsLocal(m.Target) || filepath.Clean(m.Target) == "." {
		return "", config("use --executor docker", "host: mount %s at %s: only places inside the workspace can be had without a container", m.Source, m.Target)
	}
	return filepath.Join(workspace, m.Target), nil
}

func linkOne(source, place string) error {
	if _, err := os.Stat(source); err != nil {
		return config("", "host: mount %s: %w", source, err)
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return placeError(fmt.Errorf("host: mount %s: %w", source, err))
	}
	_ = unix.Rmdir(place) // an empty folder made for the mount
	err := os.Symlink(source, place)
	if errors.Is(err, fs.ErrExist) {
		return config("mount it at another place, or leave what is there out of the job's inputs", "host: mount %s: %w", source, err)
	}
	if err != nil {
		return placeError(fmt.Errorf("host: mount %s: %w", source, err))
	}
	return nil
}

func config(fix, format string, args ...any) error {
	return &runner.ExecError{Reason: agent.ReasonConfig, Fix: fix, Err: fmt.Errorf(format, args...)}
}

// placeError says that the machine failed, not the job.
func placeError(err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return &runner.ExecError{Reason: agent.ReasonDiskFull, Fix: `free space on this disk: "mlops cache gc"`, Err: err}
	}
	return &runner.ExecError{Reason: agent.ReasonConfig, Err: err}
}
