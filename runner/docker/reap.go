package docker

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"github.com/mlops-runner/mlops/runner/store"
)

// A Leftover is what a dead runner left on the engine.
type Leftover struct {
	Kind string // container, network or volume
	Name string
	Size int64 // bytes; 0 if the engine does not tell

	id string
}

// Reap removes containers, networks and volumes that were made on this host, in the executor's
// scope, by processes that no longer live, and returns their names; with dryRun it only names them.
func (e *Executor) Reap(ctx context.Context, dryRun bool) ([]string, error) {
	left, err := e.clear(ctx, dryRun, false)
	var names []string
	for _, l := range left {
		names = append(names, l.Name)
	}
	return names, err
}

// Clear is Reap for people: it says what it removed, and how large it was,
// which the engine takes its time to find out.
func (e *Executor) Clear(ctx context.Context, dryRun bool) ([]Leftover, error) {
	return e.clear(ctx, dryRun, true)
}

func (e *Executor) clear(ctx context.Context, dryRun, sizes bool) (removed []Leftover, err error) {
	if err := e.connect(ctx); err != nil {
		return nil, err
	}
	var errs []error
	// In this order, because an engine keeps networks and volumes that are in use.
	// Before a run only a container tells that there may be some: they are made
	// with one, and asking for them each time would be two requests for nothing.
	for _, list := range []func(context.Context, filters.Args, bool) ([]Leftover, error){e.deadContainers, e.deadNetworks, e.deadVolumes} {
		left, err := list(ctx, e.wanted(), sizes)
		if len(left) == 0 && len(removed) == 0 && !sizes {
			return nil, errors.Join(append(errs, err)...)
		}
		errs = append(errs, err)
		for _, l := range left {
			if !dryRun {
				if err := e.reap(ctx, l); err != nil {
					errs = append(errs, err)
					continue
				}
			}
			removed = append(removed, l)
		}
	}
	return removed, errors.Join(errs...)
}

// wanted asks the engine for what was made on this host, in the executor's scope.
func (e *Executor) wanted() filters.Args {
	wanted := filters.NewArgs(filters.Arg("label", labelHost+"="+store.Self().Host))
	if e.opts.Scope != "" {
		wanted.Add("label", labelScope+"="+e.opts.Scope)
	}
	return wanted
}

func (e *Executor) deadContainers(ctx context.Context, wanted filters.Args, sizes bool) ([]Leftover, error) {
	list, err := e.cli.ContainerList(ctx, container.ListOptions{All: true, Filters: wanted, Size: sizes})
	if err != nil {
		return nil, e.explain("docker: list", "containers", err)
	}
	var left []Leftover
	for _, c := range list {
		if owned(c.Labels) {
			continue
		}
		name := strings.TrimPrefix(strings.Join(c.Names[:min(1, len(c.Names))], ""), "/")
		left = append(left, Leftover{"container", name, c.SizeRw, c.ID})
	}
	return left, nil
}

func (e *Executor) deadNetworks(ctx context.Context, wanted filters.Args, _ bool) ([]Leftover, error) {
	list, err := e.cli.NetworkList(ctx, network.ListOptions{Filters: wanted})
	if err != nil {
		return nil, e.explain("docker: list", "networks", err)
	}
	var left []Leftover
	for _, n := range list {
		if !owned(n.Labels) {
			left = append(left, Leftover{"network", n.Name, 0, n.ID})
		}
	}
	return left, nil
}

func (e *Executor) deadVolumes(ctx context.Context, wanted filters.Args, sizes bool) ([]Leftover, error) {
	list, err := e.cli.VolumeList(ctx, volume.ListOptions{Filters: wanted})
	if err != nil {
		return nil, e.explain("docker: list", "volumes", err)
	}
	var left []Leftover
	for _, v := range list.Volumes {
		if !owned(v.Labels) {
			left = append(left, Leftover{"volume", v.Name, 0, v.Name})
		}
	}
	if !sizes || len(left) == 0 {
		return left, nil
	}
	usage, err := e.cli.DiskUsage(ctx, types.DiskUsageOptions{Types: []types.DiskUsageObject{types.VolumeObject}})
	if err != nil {
		return left, nil // they are removed all the same
	}
	for _, v := range usage.Volumes {
		i := slices.IndexFunc(left, func(l Leftover) bool { return l.Name == v.Name })
		if i >= 0 && v.UsageData != nil {
			left[i].Size = max(0, v.UsageData.Size)
		}
	}
	return left, nil
}

func (e *Executor) reap(ctx context.Context, l Leftover) (err error) {
	switch l.Kind {
	case "container":
		err = e.cli.ContainerRemove(ctx, l.id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	case "network":
		err = e.removeNetwork(ctx, l.id)
	case "volume":
		err = e.cli.VolumeRemove(ctx, l.id, false)
	}
	if err == nil || errdefs.IsNotFound(err) || errdefs.IsConflict(err) && l.Kind == "container" {
		return nil
	}
	return e.explain("docker: remove "+l.Kind, l.Name, err)
}

// maker is the process that created a container, the zero Process if its
// labels do not tell.
func maker(labels map[string]string) store.Process {
	pid, err := strconv.Atoi(labels[labelPID])
	if err != nil || pid <= 0 {
		return store.Process{}
	}
	return store.Process{PID: pid, Start: labels[labelStart], Host: labels[labelHost]}
}

// owned tells whether the process that made a container still lives. Labels that
// do not tell are no licence to remove.
func owned(labels map[string]string) bool {
	by := maker(labels)
	return by == (store.Process{}) || by.Alive()
}
