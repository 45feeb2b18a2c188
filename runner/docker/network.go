package docker

import (
	"context"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/network"

	"github.com/mlops-runner/mlops/runner"
)

// makeNetwork makes the private network of a job with services, called as its
// container. Nothing leads out of it unless the job may use the network.
func (e *Executor) makeNetwork(ctx context.Context, t runner.Task) error {
	name := containerName(t.Name)
	cctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), createTimeout)
	defer cancel()
	_, err := e.cli.NetworkCreate(cctx, name, network.CreateOptions{Driver: "bridge", Internal: !t.Network, Labels: labels(t)})
	if errdefs.IsConflict(err) {
		return nil // the name holds run, job and attempt: an answer that was lost made it for this very work
	}
	return e.explain("docker: create network", name, err)
}

// dropNetwork removes a job's network as soon as the containers that are being
// removed have left it. Close waits for that.
func (e *Executor) dropNetwork(name string, containers []string) {
	e.removals.Go(func() {
		for _, c := range containers {
			_ = e.awaitRemoval(context.Background(), c)
		}
		ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
		defer cancel()
		if err := e.removeNetwork(ctx, name); err != nil {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.failures = append(e.failures, e.explain("docker: remove network", name, err))
		}
	})
}

// removeNetwork removes a network, if it is there. An engine says that a
// container is gone before it has left its networks, so it has two seconds for that.
func (e *Executor) removeNetwork(ctx context.Context, name string) error {
	err := e.cli.NetworkRemove(ctx, name)
	for tries := 0; err != nil && !errdefs.IsNotFound(err) && tries < 20; tries++ {
		time.Sleep(100 * time.Millisecond)
		err = e.cli.NetworkRemove(ctx, name)
	}
	if errdefs.IsNotFound(err) {
		return nil
	}
	return err
}
