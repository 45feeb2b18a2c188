package docker

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"

	"github.com/docker/docker/client"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

const startFix = "start Docker (sudo systemctl start docker) or Podman (systemctl --user start podman.socket), set DOCKER_HOST to a running engine, or use --executor host"

// config returns an error that only a change of the set-up can cure.
func config(fix, format string, args ...any) error {
	return &runner.ExecError{Reason: agent.ReasonConfig, Fix: fix, Err: fmt.Errorf(format, args...)}
}

// lost returns an error that says the engine could not be asked any more.
func lost(fix, format string, args ...any) error {
	return &runner.ExecError{Reason: agent.ReasonDaemonLost, Fix: fix, Err: fmt.Errorf(format, args...)}
}

// A symptom is a phrase in an engine's error and what a person can do about it.
// Engines give no codes for these, so the phrases are all there is.
type symptom struct {
	phrase *regexp.Regexp
	reason agent.Reason
	fix    string
}

// symptoms lists, most specific first, what engines say when a container
// cannot be created or started.
func symptoms() []symptom {
	say := func(re string, reason agent.Reason, fix string) symptom {
		return symptom{regexp.MustCompile(re), reason, fix}
	}
	return []symptom{
		say(`no space left on device`, agent.ReasonDiskFull, `free space for the engine: "docker system prune", "mlops cache gc"`),
		say(`could not select device driver|nvidia-container-cli|unresolvable CDI devices`, agent.ReasonConfig, `install the NVIDIA container toolkit and restart the engine, or set resources.gpus to 0`),
		say(`Range of CPUs is from`, agent.ReasonConfig, `lower resources.cpus to what the engine has`),
		say(`[Mm]inimum memory limit`, agent.ReasonConfig, `raise resources.memory`),
		say(`[Nn]o such image`, agent.ReasonImagePull, `pull the image again: the engine no longer has it`),
		say(`non-overlapping IPv4 address pool`, agent.ReasonConfig, `the engine has no room for more networks: remove unused ones ("docker network prune"), or give it more by default-address-pools`),
		say(`exec format error`, agent.ReasonConfig, `the image or the agent is for another platform: set the image's platform, or give the agent for it with --agent PATH`),
		say(`bind source path does not exist|not shared from the host|mounts denied`, agent.ReasonConfig, `check that the folder exists and that the engine may see it`),
		say(`no-new-privileges|seccomp|apparmor`, agent.ReasonConfig, `the engine's security set-up refuses the container: see "mlops doctor"`),
		say(`executable file not found|no such file or directory|permission denied`, agent.ReasonConfig, `check that the engine can read the mlops binary and the job's folders (all their parent folders too)`),
		say(`cgroup`, agent.ReasonConfig, `the engine cannot set limits: see "mlops doctor", or leave out resources`),
	}
}

// explain wraps an engine's answer to an operation on a container with a
// reason and a cure. A connection that failed is told apart from an answer.
func (e *Executor) explain(op, what string, err error) error {
	if err == nil {
		return nil
	}
	var known *runner.ExecError
	if errors.As(err, &known) {
		return err
	}
	if connectionLost(err) {
		return lost(startFix, "%s %s: connection to %s: %w", op, what, e.addr, err)
	}
	text := err.Error()
	for _, s := range symptoms() {
		if s.phrase.MatchString(text) {
			return &runner.ExecError{Reason: s.reason, Fix: s.fix, Err: fmt.Errorf("%s %s: %w", op, what, err)}
		}
	}
	return config("", "%s %s: %w", op, what, err)
}

// connectionLost tells whether err is about the way to the engine and not an
// answer from it.
func connectionLost(err error) bool {
	var ne net.Error
	return client.IsErrConnectionFailed(err) || errors.As(err, &ne) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNREFUSED) ||
		strings.HasSuffix(err.Error(), "EOF")
}

// invisible tells whether an engine refused a mount because it does not see
// the file that we see.
func invisible(err error, sources []string) bool {
	if err == nil || !regexp.MustCompile(`bind source path does not exist|not shared from the host|mounts denied`).MatchString(err.Error()) {
		return false
	}
	for _, s := range sources {
		if _, err := os.Stat(s); err != nil {
			return false // nobody sees it: a mistake, not another file system
		}
	}
	return true
}

// unreachable explains why no engine answered at e.addr. The client library
// hides the system's error, so the socket is tried once more by itself.
func (e *Executor) unreachable(err error) error {
	if path, ok := strings.CutPrefix(e.addr.host, "unix://"); ok {
		conn, cause := net.Dial("unix", path)
		if cause == nil {
			conn.Close()
		} else {
			err = cause
		}
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return config(`let your user use Docker (sudo usermod -aG docker "$USER", then log in again), use rootless Docker, or use --executor host`,
			"docker: connect to %s: permission denied: %w", e.addr, err)
	case errors.Is(err, fs.ErrNotExist):
		return config(startFix, "docker: connect to %s: no engine listens there: %w", e.addr, err)
	default:
		return lost(startFix, "docker: connect to %s: %w", e.addr, err)
	}
}

// execError finds the executor's own error in a chain; nil if there is none.
func execError(err error) *runner.ExecError {
	var x *runner.ExecError
	errors.As(err, &x)
	return x
}
