package docker

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// pinned finds the image that a name is pinned to. The tag of that name may
// have moved, here or in the registry: it is not looked at, but for the error.
func (e *Executor) pinned(ctx context.Context, r runner.ImageRequest) (runner.Image, error) {
	want := r
	want.Name, want.Pin = r.Pin.ID, runner.Pin{}
	if r.Pin.Digest != "" {
		ref, err := reference.ParseNormalizedNamed(r.Name)
		if err != nil {
			return runner.Image{}, config("write NAME:TAG", "docker: image %q: %w", r.Name, err)
		}
		want.Name = reference.FamiliarName(ref) + "@" + r.Pin.Digest
	}
	// What a digest means never changes, so that there is nothing to ask for again.
	want.Pull = strings.ReplaceAll(r.Pull, pullAlways, pullMissing)
	found, err := e.byPolicies(ctx, want)
	if err == nil {
		found.Name = r.Name
		return found, nil
	}
	if !unavailable(err) {
		return runner.Image{}, err
	}
	return runner.Image{}, e.unpinned(ctx, r, err)
}

// unpinned says that the pinned image cannot be had, and what the name means
// here instead.
func (e *Executor) unpinned(ctx context.Context, r runner.ImageRequest, cause error) error {
	pin, fix := r.Pin.ID, "bring the pinned image back (docker load, docker build), or pin "
	if r.Pin.Digest != "" {
		pin, fix = r.Pin.Digest, execError(cause).Fix+"; or pin "
	}
	what := fmt.Sprintf("docker: image %s is pinned to %s", r.Name, short(pin))
	switch here, err := e.local(ctx, r.Name, r.Platform); {
	case err == nil:
		what += fmt.Sprintf(", and the one of that name here is %s", short(cmp.Or(here.Digest, here.ID)))
		fix += fmt.Sprintf(`what the name means now: "mlops lock --update %s"`, r.Name)
	case errdefs.IsNotFound(err):
		what += ", and none of that name is here"
		fix += fmt.Sprintf(`another: "mlops lock --update %s"`, r.Name)
	default:
		return err
	}
	return &runner.ExecError{Reason: agent.ReasonImagePull, Fix: fix, Err: fmt.Errorf("%s: %w", what, cause)}
}

// short is a digest as people compare it.
func short(digest string) string {
	algorithm, hex, ok := strings.Cut(digest, ":")
	if !ok || len(hex) < 12 {
		return digest
	}
	return algorithm + ":" + hex[:12]
}
