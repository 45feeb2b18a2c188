package runner

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec"
)

// A Service is a container beside a task, which reaches it by its name. It is
// started before the task and ready (see [Health]) when the first step begins,
// and goes with it on every path. A service that does not become ready fails
// the task; its Result then says which and why. What it printed is in the
// control directory when Run returns, in the file [ServiceLog].
type Service struct {
	Name      string
	Image     Image
	Env       []agent.Var
	Secrets   []agent.Var // variables that nothing must show: they come by standard input
	Command   []string    // nil for the image's own
	Ports     []int
	Health    Health
	User      string // as the image knows it, or UID:GID; "" for the image's own
	Resources Resources
}

// Health says how a service tells that it is ready: a shell command that exits
// 0 in it; without one the image's own check; without that the first port that
// accepts a connection; without that it only has to run. Zero fields mean
// defaults, see [Health.Complete].
type Health struct {
	Run         string
	Interval    time.Duration // between two tries; 0 = 1 s
	Timeout     time.Duration // of one try; 0 = 5 s
	StartPeriod time.Duration // in which failed tries do not count
	Retries     int           // tries that may fail; 0 = 30
}

// Complete returns h with the defaults filled in.
func (h Health) Complete() Health {
	h.Interval = cmp.Or(h.Interval, time.Second)
	h.Timeout = cmp.Or(h.Timeout, 5*time.Second)
	h.Retries = cmp.Or(h.Retries, 30)
	return h
}

// ServiceLog is the name of the file with what a service printed, in the
// control directory and in the record of its job. Long logs lose their start.
func ServiceLog(service string) string { return "service-" + service + ".log" }

// AttemptServiceLog is the name in the record for an attempt that another one
// followed; it counts from 1. That of the last one is ServiceLog's. Services
// have no dots in their names.
func AttemptServiceLog(service string, attempt int) string {
	return fmt.Sprintf("service-%s.attempt-%d.log", service, attempt)
}

// serviceImages finds the images of a node's services. With forecast, open is
// the name of one that must be pulled first, or "".
func (x *execution) serviceImages(ctx context.Context, n *plan.Node, forecast bool) (images []Image, open string, err error) {
	if len(n.Services) > 0 && x.images.imager == nil {
		return nil, "", &ExecError{Reason: agent.ReasonConfig, Fix: "use --executor docker, or start them yourself and remove `services`",
			Err: errors.New("the job has services, which need containers")}
	}
	for _, s := range n.Services {
		of := *n
		of.ID, of.Image, of.Build, of.Platform = n.ID, s.Image, nil, ""
		img, known, err := x.image(ctx, &of, forecast)
		if err != nil {
			return nil, "", fmt.Errorf("service %s: %w", s.Name, err)
		}
		if !known {
			return nil, s.Image, nil
		}
		images = append(images, img)
	}
	return images, "", nil
}

// serviceLines are what the fingerprint holds of the images, beside what the
// plan knows.
func serviceLines(n *plan.Node, images []Image) []plan.Line {
	var out []plan.Line
	for i, img := range images {
		out = append(out, plan.Line{Kind: "service", Name: n.Services[i].Name + ".image", Value: img.ID})
	}
	return out
}

// services are a node's, ready to be placed. devices are the GPUs that the job
// leaves to them.
func (x *execution) services(n *plan.Node, images []Image, devices []string) ([]Service, error) {
	var out []Service
	for i, s := range n.Services {
		r := resources(s.Resources)
		r.Devices, devices = share(r.GPUs, devices)
		env, secrets, err := x.serviceEnv(n, s)
		if err != nil {
			return nil, &jobError{"", fmt.Errorf("service %s: env: %s", s.Name, x.secret.Text(err.Error()))}
		}
		out = append(out, Service{
			Name: s.Name, Image: images[i], Env: env, Secrets: secrets, Command: s.Command, Ports: s.Ports, User: s.User, Resources: r,
			Health: Health{
				Run: s.Health.Run, Interval: s.Health.Interval, Timeout: s.Health.Timeout,
				StartPeriod: s.Health.StartPeriod, Retries: s.Health.Retries,
			},
		})
	}
	return out, nil
}

// serviceEnv parts the variables of a service that hold secrets, evaluated, from
// the others, which have their values from the plan.
func (x *execution) serviceEnv(n *plan.Node, s plan.Service) (env, secrets []agent.Var, err error) {
	for _, v := range s.Env {
		one := agent.Var{Name: v.Name, Value: v.Value}
		if !readsSecrets(v.Value) {
			env = append(env, one)
			continue
		}
		if one.Value, err = evalText(v.Value, x.trueScope(n, nil)); err != nil {
			return nil, nil, err
		}
		secrets = append(secrets, one)
	}
	return env, secrets, nil
}

// share cuts the GPUs of one container from those of a job with its services.
// Who asks for all shares them with the rest.
func share(want int, devices []string) (mine, rest []string) {
	if want < 0 {
		return devices, devices
	}
	n := min(want, len(devices))
	return devices[:n:n], devices[n:]
}

// whole are the resources of a node with its services.
func whole(n *plan.Node) spec.Resources {
	r := n.Resources
	for _, s := range n.Services {
		r.CPUs += s.Resources.CPUs
		r.Memory += s.Resources.Memory
		if r.GPUs < 0 || s.Resources.GPUs < 0 {
			r.GPUs = -1
		} else {
			r.GPUs += s.Resources.GPUs
		}
	}
	return r
}

// maxServiceTail is how many lines of a service's log are shown when its job fails.
const maxServiceTail = 50

// tellServices shows how the services of an attempt end if it failed: there is
// often the reason.
func (x *execution) tellServices(n *plan.Node, a *attempt, t *tail) {
	if len(n.Services) == 0 {
		return
	}
	a.masks = x.learn(a.control)
	if a.status() != agent.Failure {
		return
	}
	for _, s := range n.Services {
		text, err := os.ReadFile(filepath.Join(a.control, ServiceLog(s.Name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it never ran
		}
		if err != nil {
			x.log().Warn("show the log of a service", "service", s.Name, "error", err)
			continue // keeping it fails as well, and is told then
		}
		t.send(Event{Kind: JobOutput, Data: lastLines(s.Name, a.masks.apply(text))})
	}
}

// lastLines introduces the end of a service's log.
func lastLines(name string, text []byte) []byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	if last := len(lines) - 1; len(lines[last]) == 0 {
		lines = lines[:last]
	}
	shown := lines[max(0, len(lines)-maxServiceTail):]
	head := fmt.Sprintf("service %s: its last %d of %d lines\n", name, len(shown), len(lines))
	if len(lines) == 0 {
		head = fmt.Sprintf("service %s printed nothing\n", name)
	}
	return append([]byte(head), bytes.Join(shown, nil)...)
}

// keepServiceLogs moves what the services of all attempts printed into the
// record, beside the job's own log: masked, also what only a later attempt was
// told to mask.
func (x *execution) keepServiceLogs(n *plan.Node, job *record.Job, as []*attempt) error {
	var masks *serviceMasks
	for _, a := range as {
		masks = masks.join(a.masks)
	}
	for i, a := range as {
		for _, s := range n.Services {
			name := ServiceLog(s.Name)
			if i < len(as)-1 {
				name = AttemptServiceLog(s.Name, a.number)
			}
			err := x.keepServiceLog(job, name, filepath.Join(a.control, ServiceLog(s.Name)), masks)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("log of service %s: %w", s.Name, err)
			}
		}
	}
	return nil
}

func (x *execution) keepServiceLog(job *record.Job, name, path string, masks *serviceMasks) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if masked := masks.apply(text); !bytes.Equal(masked, text) {
		if err := os.WriteFile(path, masked, 0o644); err != nil {
			return err
		}
	}
	return x.writer.TakeFile(job.ID, name, path)
}
