package docker

import (
	"cmp"
	"context"
	"os"
	"strings"
	"time"

	"github.com/containerd/errdefs"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/store"
)

// createTimeout bounds create and start. They are never cancelled while under
// way: the engine would go on, and leave a container that nobody knows.
const createTimeout = 3 * time.Minute

// A placed container exists and waits for its start.
type placed struct {
	name, id string
	digest   string // of its configuration
	remote   bool   // files are copied in, not mounted
}

// Prepare creates the container of a task that will run later, so that Run
// only has to start it. The task's Spec may still change until then.
func (e *Executor) Prepare(ctx context.Context, t runner.Task) error {
	t, err := e.complete(t)
	if err != nil {
		return err
	}
	p, err := e.create(ctx, t, 0)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.prepared[p.name] = p
	return nil
}

// complete checks a task and fills in its agent.
func (e *Executor) complete(t runner.Task) (runner.Task, error) {
	for _, dir := range []string{t.Workspace, t.Control} {
		if st, err := os.Stat(dir); err != nil || !st.IsDir() {
			return t, config("", "docker: task %s: %q is not a folder", t.Name, dir)
		}
	}
	t.Spec.Pids = cmp.Or(t.Resources.Pids, defaultPids)
	var err error
	t.Agent, err = e.agentPath(t)
	return t, err
}

// obtain returns a task's container: prepared before, or new.
func (e *Executor) obtain(ctx context.Context, t runner.Task, part int) (*placed, error) {
	if err := e.connect(ctx); err != nil { // who the job runs as depends on the engine
		return nil, err
	}
	want, err := e.place(t, part)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	p := e.prepared[want.name]
	delete(e.prepared, want.name)
	if p != nil && p.digest != want.digest() {
		e.removeLocked(p.name, p.id)
		p = nil
	}
	e.mu.Unlock()
	if p != nil {
		return p, nil
	}
	return e.create(ctx, t, part)
}

// create makes a task's container, or that of one of its parts.
func (e *Executor) create(ctx context.Context, t runner.Task, part int) (*placed, error) {
	if err := e.connect(ctx); err != nil {
		return nil, err
	}
	for range 3 {
		p, err := e.place(t, part)
		if err != nil {
			return nil, err
		}
		if err := e.stage(ctx, t, p); err != nil {
			return nil, err
		}
		made, again, err := e.createOnce(ctx, p)
		if err != nil || !again {
			return made, err
		}
	}
	return nil, config(`remove it with "docker rm -f"`, "docker: create %s: the name stays taken", containerName(t.Name))
}

// stage makes what a container's mounts need, and waits until an earlier
// container of that name is gone.
func (e *Executor) stage(ctx context.Context, t runner.Task, p place) error {
	if err := e.awaitRemoval(ctx, p.name); err != nil {
		return err
	}
	if len(p.sources()) == 0 {
		return nil
	}
	if err := mountpoints(t); err != nil {
		return err
	}
	owner, err := e.owner(t)
	if err != nil || owner.uid == 0 {
		return err
	}
	c, err := openControl(t.Control)
	if err != nil {
		return err
	}
	defer c.close()
	return c.users(owner)
}

// createOnce sends one create request; again says that its answer removed an
// obstacle and another try may succeed.
func (e *Executor) createOnce(ctx context.Context, p place) (made *placed, again bool, err error) {
	remote := e.isRemote()
	cctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), createTimeout)
	defer cancel()
	resp, err := e.cli.ContainerCreate(cctx, &p.config, &p.host, nil, nil, p.name)
	made = &placed{name: p.name, id: resp.ID, digest: p.digest(), remote: remote}
	switch {
	case err == nil:
		return made, false, nil
	case errdefs.IsConflict(err) && strings.Contains(err.Error(), "name"):
		err := e.freeName(cctx, p.name)
		return nil, err == nil, err
	case !remote && invisible(err, p.sources()):
		e.setRemote()
		return nil, true, nil
	case connectionLost(err):
		// It may have been created all the same.
		e.remove(p.name, p.name)
		if err := e.await(ctx, err); err != nil {
			return nil, false, err
		}
		return nil, true, nil
	}
	return nil, false, e.explain("docker: create", p.name, err)
}

// freeName removes a container that has our name, unless it belongs to another
// process that still runs. Names hold run, job and attempt: it is one that a
// broken connection hid from us, or its maker is dead.
func (e *Executor) freeName(ctx context.Context, name string) error {
	c, err := e.cli.ContainerInspect(ctx, name)
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return e.explain("docker: inspect", name, err)
	}
	if by := maker(c.Config.Labels); by != store.Self() && by.Host == store.Self().Host && by.Alive() {
		return config("wait for it, or stop it", "docker: container %s belongs to process %d, which still runs", name, by.PID)
	}
	return e.explain("docker: remove", name, e.removeWait(c.ID))
}
