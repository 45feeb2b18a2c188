package docker

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/mount"

	"github.com/mlops-runner/mlops/runner"
)

// volumes are what the containers of a job share whose steps are kept apart, on
// an engine that does not see our files: the folders that would have been
// mounted. They are made with the first container and filled by its upload.
func volumes(t runner.Task) ([]mount.Mount, error) {
	for _, m := range t.Mounts {
		if m.Writable && !isFolder(m.Source) {
			return nil, config("mount a folder", "docker: task %s: what steps write to %s could not be kept for the steps after them", t.Name, m.Source)
		}
	}
	var ms []mount.Mount
	names := volumeNames(t)
	for i, target := range volumeTargets(t) {
		ms = append(ms, mount.Mount{Type: mount.TypeVolume, Source: names[i], Target: target,
			VolumeOptions: &mount.VolumeOptions{NoCopy: true, Labels: labels(t)}})
	}
	return ms, nil
}

func volumeNames(t runner.Task) []string {
	var out []string
	for i := range volumeTargets(t) {
		out = append(out, fmt.Sprintf("%s-%d", containerName(t.Name), i))
	}
	return out
}

// volumeTargets are where the volumes appear: at the workspace, the control
// directory, and the folders that lie in neither.
func volumeTargets(t runner.Task) []string {
	out := []string{Workspace, control}
	for _, m := range t.Mounts {
		if isFolder(m.Source) && !strings.HasPrefix(target(m.Target), Workspace+"/") {
			out = append(out, target(m.Target))
		}
	}
	return out
}

func isFolder(name string) bool {
	st, err := os.Stat(name)
	return err == nil && st.IsDir()
}

// dropVolumes removes a job's volumes as soon as its containers are gone. Close
// waits for that.
func (j *job) dropVolumes(names []string) {
	if !j.e.isRemote() {
		return
	}
	containers := j.names
	j.e.removals.Go(func() {
		for _, c := range containers {
			_ = j.e.awaitRemoval(context.Background(), c)
		}
		ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
		defer cancel()
		for _, name := range names {
			if err := j.e.cli.VolumeRemove(ctx, name, false); err != nil && !errdefs.IsNotFound(err) {
				j.e.mu.Lock()
				j.e.failures = append(j.e.failures, j.e.explain("docker: remove volume", name, err))
				j.e.mu.Unlock()
			}
		}
	})
}
