package runner

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/worktree"
	"github.com/mlops-runner/mlops/spec"
)

// taskName names an attempt so that no other one has its name, and a person who
// lists containers sees which job it is.
func (x *execution) taskName(n *plan.Node, number int) string {
	run := x.writer.ID()
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			return r
		}
		return '-'
	}, n.ID)
	return fmt.Sprintf("mlops-%s-%s-%s-%d", run[len(run)-12:], plain[:min(len(plain), 40)], store.Sum([]byte(n.ID)).Hex()[:8], number)
}

// furnish gives an attempt its folders.
func (x *execution) furnish(a *attempt) (err error) {
	if a.place, err = x.places.lend(); err != nil {
		return err
	}
	a.workspace, a.control = filepath.Join(a.place, workspaceName), filepath.Join(a.place, controlName)
	return nil
}

// Inputs of this many files or bytes are mounted read-only instead of copied,
// where the executor can.
const (
	manyFiles = 256
	manyBytes = 64 << 20
)

// supply puts the inputs into the workspace, and mounts what is too large for
// that. The container is made meanwhile.
func (x *execution) supply(ctx context.Context, n *plan.Node, d decision, a *attempt, devices []string) (Task, error) {
	mounts, repo, err := x.mountRepository(n, d.inputs.repo)
	if err != nil {
		return Task{}, err
	}
	more, blobs, err := x.mountBlobs(ctx, n, slices.Concat(d.inputs.blobs, d.inputs.past))
	if err != nil {
		return Task{}, err
	}
	fetched, data, err := x.mountRemote(ctx, n, d.inputs.remote)
	if err != nil {
		return Task{}, err
	}
	caches, err := x.cacheMounts(n)
	if err != nil {
		return Task{}, err
	}
	secrets, err := x.confide(n, d)
	if err != nil {
		return Task{}, err
	}
	place := resources(n.Resources)
	place.Devices, devices = share(place.GPUs, devices)
	services, err := x.services(n, d.services, devices)
	if err != nil {
		return Task{}, err
	}
	t := x.task(n, d, a, secrets)
	t.Mounts, t.Resources, t.Services = slices.Concat(mounts, more, fetched, caches), place, services
	made := x.prepare(ctx, t)
	err = x.Tree.Fill(ctx, x.Store, a.workspace, repo, append(blobs, data...))
	<-made
	return t, err
}

// prepare lets the executor make what the task needs ahead of its start, and
// says when it is done. A failure is Run's to tell, which tries again.
func (x *execution) prepare(ctx context.Context, t Task) <-chan struct{} {
	done := make(chan struct{})
	p, ok := x.Executor.(Preparer)
	if !ok {
		close(done)
		return done
	}
	go func() {
		defer close(done)
		if err := p.Prepare(ctx, t); err != nil {
			x.log().Debug("prepare", "task", t.Name, "error", err)
		}
	}()
	return done
}

// mountable are the plain inputs of a node: those without wildcards, which
// name one folder or file.
func (x *execution) mountable(n *plan.Node) []string {
	if x.images.imager == nil || n.Tracked {
		return nil // without a container there is nothing to mount into
	}
	patterns, exclude := splitPatterns(n)
	var out []string
	for _, p := range patterns {
		if name := strings.TrimSuffix(p.Pattern, "/"); !plan.Glob(name) && name != "." && len(exclude) == 0 && !x.writesInto(n, name) {
			out = append(out, name)
		}
	}
	return out
}

// writesInto reports whether the node's own outputs lie inside a folder.
func (x *execution) writesInto(n *plan.Node, folder string) bool {
	for _, o := range n.Outputs {
		if plan.Reads(folder, o) {
			return true
		}
	}
	return false
}

func (x *execution) mountRepository(n *plan.Node, es []store.Entry) ([]Mount, []store.Entry, error) {
	var mounts []Mount
	for _, name := range x.mountable(n) {
		inside, rest := split(es, name)
		if !large(inside) || x.written.below(name) {
			continue
		}
		mounts = append(mounts, Mount{Source: filepath.Join(x.Root, filepath.FromSlash(name)), Target: name})
		es = rest
	}
	return mounts, es, nil
}

// mountBlobs mounts large folders that other jobs wrote from the store's trees.
func (x *execution) mountBlobs(ctx context.Context, n *plan.Node, es []store.Entry) ([]Mount, []store.Entry, error) {
	var mounts []Mount
	for _, name := range x.mountable(n) {
		inside, rest := split(es, name)
		if !large(inside) || len(inside) == 1 && inside[0].Path == name {
			continue
		}
		m, err := x.mountTree(ctx, inside, name)
		if err != nil {
			return nil, nil, err
		}
		mounts = append(mounts, m)
		es = rest
	}
	return mounts, es, nil
}

// mountTree mounts entries below a folder from the store's trees.
func (x *execution) mountTree(ctx context.Context, es []store.Entry, folder string) (Mount, error) {
	inside := slices.Clone(es)
	for i := range inside {
		inside[i].Path = strings.TrimPrefix(inside[i].Path, folder+"/")
	}
	tree, err := x.Store.PutTree(ctx, inside)
	if err != nil {
		return Mount{}, err
	}
	if err := x.pin.Keep(ctx, tree); err != nil {
		return Mount{}, err
	}
	source, err := x.Store.Folder(ctx, tree)
	return Mount{Source: source, Target: folder}, err
}

// split parts entries at or below a path from the others.
func split(es []store.Entry, name string) (inside, rest []store.Entry) {
	for _, e := range es {
		if worktree.Match([]string{name}, e.Path) {
			inside = append(inside, e)
		} else {
			rest = append(rest, e)
		}
	}
	return inside, rest
}

func large(es []store.Entry) bool {
	size := int64(0)
	for _, e := range es {
		size += e.Size
	}
	return len(es) >= manyFiles || size >= manyBytes
}

// cacheMounts shows folders that are kept between runs. Jobs of this machine
// use the caches that it has anyway, unless their steps have homes of their own.
func (x *execution) cacheMounts(n *plan.Node) ([]Mount, error) {
	var out []Mount
	for _, c := range n.Caches {
		if x.images.imager == nil && !(n.Isolate && strings.HasPrefix(c.Path, "~/")) {
			continue
		}
		dir := filepath.Join(x.Store.Root(), "caches", store.Sum([]byte(x.Plan.Pipeline + "\x00" + c.Name)).Hex()[:16])
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		out = append(out, Mount{Source: dir, Target: c.Path, Writable: true})
	}
	return out, nil
}

// task is the order for the executor, without what of the machine it is about. If
// the job has secrets, its variables are among them, evaluated.
func (x *execution) task(n *plan.Node, d decision, a *attempt, secrets *agent.Secrets) Task {
	self, env := store.Self(), d.env
	if len(n.Secrets) > 0 {
		env = nil
	}
	return Task{
		Name: a.name,
		Labels: map[string]string{
			"mlops.run": x.writer.ID(), "mlops.job": n.ID, "mlops.attempt": strconv.Itoa(a.number),
			"mlops.scope": x.scope(),
			"mlops.host":  self.Host, "mlops.pid": strconv.Itoa(self.PID), "mlops.pid-start": self.Start,
		},
		Image: d.image, Workspace: a.workspace, Control: a.control,
		Spec: agent.Spec{
			Version: agent.Version, Job: n.ID, Workspace: a.workspace, Control: a.control,
			Env: env, Contexts: x.contexts.forAgent(n, d.needs, env), Secrets: secrets, Steps: steps(n.Steps), Outputs: n.Outputs, Metrics: n.Metrics,
			Timeout: n.Timeout, Grace: n.Grace, GPUs: n.Resources.GPUs,
			Transient: x.images.imager == nil, Isolate: n.Isolate,
			LogLimit: cmp.Or(n.Resources.Log, defaultLog), Disk: n.Resources.Disk, DiskFloor: x.diskFloor(), Pids: n.Resources.Pids,
		},
		Network: n.Network, User: n.User, Agent: x.Options.AgentPath,
		Untrusted: x.Overlay != nil && x.Overlay.Untrusted,
	}
}

// defaultLog is how many bytes of a job's log are kept: more is seldom read, and
// a job that prints in a loop must not fill the disk.
const defaultLog = 256 << 20

// DefaultDiskFloor is how many bytes stay free on the store's file system.
const DefaultDiskFloor = 512 << 20

// diskFloor is how many bytes of the disk jobs must leave.
func (r *Runner) diskFloor() int64 {
	if r.Options.DiskFloor < 0 {
		return 0
	}
	return cmp.Or(r.Options.DiskFloor, DefaultDiskFloor)
}

func resources(r spec.Resources) Resources {
	return Resources{CPUs: r.CPUs, Memory: r.Memory, Shm: r.Shm, Disk: r.Disk, Pids: r.Pids, GPUs: r.GPUs}
}

func steps(in []plan.Step) []agent.Step {
	out := make([]agent.Step, len(in))
	for i, s := range in {
		out[i] = agent.Step{
			ID: s.ID, Name: s.Name, If: s.If, Run: s.Run, Exprs: agentVars(s.Exprs), Shell: s.Shell, Uses: s.Uses, With: s.With,
			Env: agentVars(s.Env), Dir: s.Dir, Timeout: s.Timeout, ContinueOnError: s.ContinueOnError, Background: s.Background,
			Wait: s.Wait, WaitAll: s.WaitAll, Cancel: s.Cancel,
		}
	}
	return out
}

func agentVars(in []plan.Var) []agent.Var {
	if len(in) == 0 {
		return nil
	}
	out := make([]agent.Var, len(in))
	for i, v := range in {
		out[i] = agent.Var{Name: v.Name, Value: v.Value}
	}
	return out
}
