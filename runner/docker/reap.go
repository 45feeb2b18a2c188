package docker

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/mlops-runner/mlops/runner/store"
)

// Reap removes containers, and networks of jobs with services, that were started on this host, in the executor's
// scope, by processes that no longer live, and returns their names; with dryRun it only names them. A
// restarted runner that wants to take over its containers calls it afterwards.
func (e *Executor) Reap(ctx context.Context, dryRun bool) ([]string, error) {
	if err := e.connect(ctx); err != nil {
		return nil, err
	}
	wanted := filters.NewArgs(filters.Arg("label", labelHost+"="+store.Self().Host))
	if e.opts.Scope != "" {
		wanted.Add("label", labelScope+"="+e.opts.Scope)
	}
	list, err := e.cli.ContainerList(ctx, container.ListOptions{All: true, Filters: wanted})
	if err != nil {
		return nil, e.explain("docker: list", "containers", err)
	}
	var names []string
	var errs []error
	for _, c := range list {
		if owned(c.Labels) {
			continue
		}
		name := strings.TrimPrefix(strings.Join(c.Names[:min(1, len(c.Names))], ""), "/")
		if !dryRun {
			if err := e.reap(ctx, name, c.ID); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		names = append(names, name)
	}
	networks, err := e.reapNetworks(ctx, dryRun)
	return append(names, networks...), errors.Join(append(errs, err)...)
}

func (e *Executor) reap(ctx context.Context, name, id string) error {
	err := e.cli.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	if err == nil || errdefs.IsNotFound(err) || errdefs.IsConflict(err) {
		return nil
	}
	return e.explain("docker: remove", name, err)
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

// owned tells whether a living process looks after a container: the one that
// made it, or one that took it over later. Labels that do not tell are no
// licence to remove.
func owned(labels map[string]string) bool {
	by := maker(labels)
	if by == (store.Process{}) || by.Alive() {
		return true
	}
	c, err := openControl(labels[labelControl])
	if err != nil {
		return false
	}
	defer c.close()
	b, err := c.read(ownerFile)
	if err != nil {
		return false
	}
	heir, err := store.ParseProcess(string(b))
	return err == nil && heir.Alive()
}
