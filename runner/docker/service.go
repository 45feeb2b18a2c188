package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// beside are the services of one job while it runs.
type beside struct {
	job   *job
	boxes []*serviceBox
}

// A serviceBox is one service with its container. It is used by one goroutine
// at a time.
type serviceBox struct {
	e    *Executor
	task runner.Task
	runner.Service
	name string // of the container
	id   string // "" before it exists
	// argv is what the container runs, if it has secrets: then it has to be told.
	argv []string
}

// runBeside runs a job with its services. The job's container is placed when
// all of them are ready, and all that was made goes when it has ended.
func (j *job) runBeside(ctx context.Context) (agent.Result, error) {
	b := &beside{job: j}
	for _, s := range j.task.Services {
		b.boxes = append(b.boxes, &serviceBox{e: j.e, task: j.task, Service: s, name: containerName(j.task.Name) + "-" + s.Name})
	}
	began := time.Now()
	if err := b.start(ctx); err != nil {
		b.end(ctx)
		return b.unready(ctx, err, began)
	}
	r, err := j.run(ctx)
	if x := execError(err); x != nil && x.Reason == agent.ReasonDaemonLost {
		return r, err // what still runs is reaped with its services
	}
	b.tellDead(ctx)
	b.end(ctx)
	return r, err
}

// start makes the network and brings all services up at once. While it waits it
// says for whom.
func (b *beside) start(ctx context.Context) error {
	e := b.job.e
	if err := e.connect(ctx); err != nil {
		return err
	}
	if err := e.makeNetwork(ctx, b.job.task); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	type up struct {
		name string
		err  error
	}
	ready := make(chan up, len(b.boxes))
	waiting := map[string]bool{}
	for _, box := range b.boxes {
		waiting[box.Name] = true
		wg.Go(func() { ready <- up{box.Name, box.bringUp(ctx)} })
	}
	began, tick := time.Now(), time.NewTicker(tellEvery)
	defer tick.Stop()
	for len(waiting) > 0 {
		select {
		case u := <-ready:
			if u.err != nil {
				stop()
				return u.err
			}
			delete(waiting, u.name)
		case <-tick.C:
			b.tell(waiting, time.Since(began))
		}
	}
	return nil
}

// tellEvery is how often people are told that services are awaited.
const tellEvery = 4 * time.Second

func (b *beside) tell(waiting map[string]bool, since time.Duration) {
	var names []string
	for _, box := range b.boxes {
		if waiting[box.Name] {
			names = append(names, box.Name)
		}
	}
	what := "service " + names[0]
	if len(names) > 1 {
		what = "services " + strings.Join(names, ", ")
	}
	b.job.seen.watch(agent.Event{Kind: agent.Waiting, Time: time.Now().UTC(), Text: fmt.Sprintf("waiting for %s: %d s", what, int(since.Seconds()))})
}

// A serviceError is a service that ended or never became ready: a failure of
// the job, not of the place.
type serviceError struct {
	reason agent.Reason
	exit   int
	text   string
}

func (e *serviceError) Error() string { return e.text }

// unready is the outcome of a job whose services did not come up.
func (b *beside) unready(ctx context.Context, err error, began time.Time) (agent.Result, error) {
	if ctx.Err() != nil {
		return b.job.canceled(), nil
	}
	var s *serviceError
	if !errors.As(err, &s) {
		return agent.Result{}, err
	}
	return agent.Result{
		Version: agent.Version, Status: agent.Failure, Reason: s.reason, Exit: s.exit, Failed: -1, Error: s.text,
		Started: began.UTC(), Wall: time.Since(began),
	}, nil
}

// tellDead warns of services that ended before the job did. The job's own
// outcome stands: it may not have needed them any more.
func (b *beside) tellDead(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killTimeout)
	defer cancel()
	for _, box := range b.boxes {
		var dead *serviceError
		if errors.As(box.alive(ctx), &dead) {
			b.job.seen.watch(agent.Event{Kind: agent.Notice, Time: time.Now().UTC(), Level: "warning", Text: dead.text + " while the job ran"})
		}
	}
}

// end keeps what the services printed and removes all that start made. The
// removals go on while the next job runs.
func (b *beside) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killTimeout)
	defer cancel()
	names := b.job.names
	for _, box := range b.boxes {
		if box.id == "" {
			continue
		}
		if err := box.keepLog(ctx, b.job.control); err != nil {
			b.job.seen.watch(agent.Event{Kind: agent.Notice, Time: time.Now().UTC(), Level: "warning", Text: err.Error()})
		}
		b.job.e.remove(box.name, box.id)
		names = append(names, box.name)
	}
	b.job.e.dropNetwork(containerName(b.job.task.Name), names)
}

// bringUp creates and starts the service and waits until it is ready.
func (b *serviceBox) bringUp(ctx context.Context) error {
	p, err := b.probe(ctx)
	if err != nil {
		return err
	}
	if b.argv, err = b.command(ctx); err != nil {
		return err
	}
	if err := b.create(ctx); err != nil {
		return err
	}
	if err := b.launch(ctx, p.port > 0); err != nil {
		return err
	}
	return b.await(ctx, p)
}

// create makes the container.
func (b *serviceBox) create(ctx context.Context) error {
	if err := b.e.awaitRemoval(ctx, b.name); err != nil {
		return err
	}
	cctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), createTimeout)
	defer cancel()
	for range 4 {
		p, nets, err := b.place()
		if err != nil {
			return err
		}
		made, err := b.e.cli.ContainerCreate(cctx, &p.config, &p.host, nets, nil, p.name)
		switch {
		case err == nil:
			b.id = made.ID
			return nil
		case !b.e.isRemote() && invisible(err, p.sources()):
			b.e.setRemote()
			continue
		case !errdefs.IsConflict(err):
			return b.e.explain("docker: create service", b.name, err)
		}
		if err := b.e.freeName(cctx, b.name); err != nil {
			return err
		}
	}
	return config(`remove it with "docker rm -f"`, "docker: create %s: the name stays taken", b.name)
}

// place describes the service's container. Services come with images of their
// own making, so that the image's user and a writable root stay; of the
// capabilities only those which such images need to become their own user.
func (b *serviceBox) place() (place, *network.NetworkingConfig, error) {
	no, net := false, containerName(b.task.Name)
	p := place{name: b.name}
	p.config = container.Config{
		Hostname: b.Name, User: b.User, Image: imageRef(b.Image), Cmd: b.Command,
		Healthcheck: &container.HealthConfig{Test: []string{"NONE"}}, // asked by us, and only until it is ready
	}
	for _, v := range b.Env {
		p.config.Env = append(p.config.Env, v.Name+"="+v.Value)
	}
	p.host = container.HostConfig{
		NetworkMode: container.NetworkMode(net),
		// Kept by the engine, for whoever reads it after the end: nobody follows.
		LogConfig:   container.LogConfig{Type: "json-file", Config: map[string]string{"max-size": "8m", "max-file": "2"}},
		CapDrop:     []string{"ALL"},
		CapAdd:      append(rootCapabilities(), "NET_BIND_SERVICE"),
		SecurityOpt: securityOptions(),
		Init:        &no,
		OomScoreAdj: 200,
		ShmSize:     b.Resources.Shm,
	}
	if len(b.Secrets) > 0 {
		p.config.Entrypoint, p.config.Cmd = []string{program, "confided"}, b.argv
		p.config.AttachStdin, p.config.OpenStdin, p.config.StdinOnce = true, true, true
	}
	if !b.carries() {
		p.host.Mounts = []mount.Mount{{Type: mount.TypeBind, Source: b.task.Agent, Target: program, ReadOnly: true}}
	}
	var err error
	if p.host.Resources, err = limits(b.Resources); err != nil {
		return p, nil, err
	}
	p.config.Labels = labels(b.task)
	p.config.Labels[labelService] = b.Name
	nets := &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{net: {Aliases: []string{b.Name}}}}
	return p, nets, nil
}

// launch starts the container, when there is a place among the starts.
func (b *serviceBox) launch(ctx context.Context, probed bool) error {
	if b.carries() && (probed || len(b.Secrets) > 0) {
		if err := b.uploadProgram(ctx); err != nil {
			return err
		}
	}
	select {
	case b.e.starts <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-b.e.starts }()
	sctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), createTimeout)
	defer cancel()
	start := func() error { return b.e.cli.ContainerStart(sctx, b.id, container.StartOptions{}) }
	if len(b.Secrets) > 0 {
		return b.e.explain("docker: start service", b.name, b.confide(sctx, start))
	}
	return b.e.explain("docker: start service", b.name, start())
}

// alive returns a *serviceError if the container has ended.
func (b *serviceBox) alive(ctx context.Context) error {
	c, err := b.e.cli.ContainerInspect(ctx, b.id)
	if err != nil {
		return b.e.explain("docker: inspect service", b.name, err)
	}
	switch {
	case c.State.Running:
		return nil
	case c.State.OOMKilled:
		return &serviceError{agent.ReasonOOM, c.State.ExitCode, fmt.Sprintf("service %s ran out of memory", b.Name)}
	}
	return &serviceError{agent.ReasonExit, c.State.ExitCode, fmt.Sprintf("service %s ended with exit status %d", b.Name, c.State.ExitCode)}
}

// keepLog writes what the service printed into the job's control directory.
func (b *serviceBox) keepLog(ctx context.Context, c controlDir) error {
	name := runner.ServiceLog(b.Name)
	in, err := b.e.cli.ContainerLogs(ctx, b.id, container.LogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		return b.e.explain("docker: read the log of service", b.name, err)
	}
	defer in.Close()
	if err := c.root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("docker: control directory: %w", err)
	}
	out, err := c.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("docker: control directory: %w", err)
	}
	_, err = stdcopy.StdCopy(out, out, in)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // the engine cut the last line
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("docker: keep the log of service %s: %w", b.Name, err)
	}
	return nil
}
