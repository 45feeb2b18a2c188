package docker

import (
	"context"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// removeTimeout bounds one removal; large images on slow disks take seconds.
const removeTimeout = 2 * time.Minute

// remove starts the removal of a container, which may still run. Close waits
// for it.
func (e *Executor) remove(name, id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.removeLocked(name, id)
}

func (e *Executor) removeLocked(name, id string) {
	gone := make(chan struct{})
	e.removing[name] = gone
	e.removals.Go(func() {
		e.removeNow <- struct{}{}
		err := e.removeWait(id)
		<-e.removeNow
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.removing[name] == gone {
			delete(e.removing, name)
		}
		if err != nil {
			e.failures = append(e.failures, fmt.Errorf("docker: remove container %s: %w", name, err))
		}
		close(gone)
	})
}

// removeWait removes a container with its anonymous volumes. One that is gone
// already is fine.
func (e *Executor) removeWait(id string) error {
	ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
	defer cancel()
	err := e.cli.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	for tries := 0; err != nil && errdefs.IsConflict(err) && tries < 50; tries++ {
		// Somebody else is removing it: the name is free when they are done.
		time.Sleep(100 * time.Millisecond)
		err = e.cli.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	}
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil && connectionLost(err) {
		return e.removeLater(ctx, id, err)
	}
	return err
}

// removeLater removes a container when an engine that went away is back. If it
// stays away, the next run reaps the container: what the job did is not undone
// by that.
func (e *Executor) removeLater(ctx context.Context, id string, cause error) error {
	if e.await(ctx, cause) != nil {
		return nil
	}
	err := e.cli.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) {
		return nil
	}
	return err
}

// awaitRemoval waits until a removal of ours of that name has ended.
func (e *Executor) awaitRemoval(ctx context.Context, name string) error {
	e.mu.Lock()
	gone := e.removing[name]
	e.mu.Unlock()
	if gone == nil {
		return nil
	}
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
