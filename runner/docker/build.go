package docker

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/build"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// build makes an image from a context folder unless an image of the same
// digest is there. It uses the engine's classic builder, which needs nothing
// but a tar stream and works on every engine and on Podman.
func (e *Executor) build(ctx context.Context, r runner.ImageRequest) (runner.Image, error) {
	b, err := openContext(*r.Build)
	if err != nil {
		return runner.Image{}, err
	}
	b.from = e.bases(ctx, b, r.Platform)
	tag, err := b.tag(r.Platform)
	if err != nil {
		return runner.Image{}, err
	}
	if !strings.HasPrefix(r.Pull, pullAlways) {
		found, err := e.local(ctx, tag, r.Platform)
		if err == nil || !errdefs.IsNotFound(err) {
			return found, err
		}
	}
	if r.Look {
		return runner.Image{}, e.missing(ctx, tag, errors.New("it is not built yet"))
	}
	if err := e.runBuild(ctx, r, b, tag); err != nil {
		return runner.Image{}, err
	}
	return e.local(ctx, tag, "")
}

// tag names the image that the build makes.
func (b *buildContext) tag(platform string) (string, error) {
	digest := strings.TrimPrefix(b.Digest, "sha256:")
	switch {
	case digest != "" && b.from != "":
		digest = fmt.Sprintf("%x", sha256.Sum256([]byte(digest+"\n"+b.from)))
	case digest == "":
		h := sha256.New()
		fmt.Fprintf(h, "%q %q %q %q\n", b.dockerfile, b.Target, b.Args, b.from) // maps print in key order
		if err := b.write(h); err != nil {
			return "", err
		}
		digest = fmt.Sprintf("%x", h.Sum(nil))
	}
	name := "mlops-build:" + digest
	if platform != "" {
		name += "-" + strings.ReplaceAll(platform, "/", "-")
	}
	return name, nil
}

func (e *Executor) runBuild(ctx context.Context, r runner.ImageRequest, b *buildContext, tag string) error {
	if err := e.fixBases(ctx, r, b); err != nil {
		return err
	}
	tell(r.Progress, "building %s", filepath.Join(b.Context, b.dockerfile))
	in, out := io.Pipe()
	go func() { out.CloseWithError(b.write(out)) }()
	defer in.Close()
	resp, err := e.cli.ImageBuild(ctx, in, build.ImageBuildOptions{
		Tags: []string{tag}, Dockerfile: b.dockerfile, Target: b.Target, BuildArgs: pointers(b.Args),
		Platform: r.Platform, PullParent: b.fixed == nil && strings.HasPrefix(r.Pull, pullAlways), Remove: true, ForceRemove: true,
		Labels: map[string]string{"mlops.build": tag}, Version: build.BuilderV1,
	})
	if err != nil {
		return e.buildFailed(b, err, "")
	}
	defer resp.Body.Close()
	var log tail
	err = readBuild(resp.Body, func(line string) {
		fmt.Fprintln(&log, line)
		tell(r.Progress, "%s", line)
	})
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return e.buildFailed(b, err, log.String())
}

func pointers(args map[string]string) map[string]*string {
	m := map[string]*string{}
	for k, v := range args {
		m[k] = &v
	}
	return m
}

// readBuild reads a builder's report and hands on its lines.
func readBuild(r io.Reader, line func(string)) error {
	return readMessages(r, func(m message) {
		for l := range strings.SplitSeq(strings.TrimRight(m.Stream, "\n"), "\n") {
			if l = strings.TrimRight(l, " \r"); l != "" {
				line(l)
			}
		}
	})
}

// buildFailed gives a failed build its reason: a base image that cannot be
// had is the registry's matter, all else the Dockerfile's.
func (e *Executor) buildFailed(b *buildContext, err error, log string) error {
	if err == nil {
		return nil
	}
	if connectionLost(err) {
		return e.explain("docker: build", b.Context, err)
	}
	if strings.Contains(err.Error(), "no space left on device") {
		return e.explain("docker: build", b.Context, err)
	}
	reason, fix := agent.ReasonConfig, "correct "+filepath.Join(b.Context, b.dockerfile)
	if regexp.MustCompile(`pull access denied|manifest unknown|manifest for .* not found|dial tcp|lookup .*: |repository does not exist`).MatchString(err.Error()) {
		reason, fix = agent.ReasonImagePull, "check the name after FROM, and whether its registry can be reached"
	}
	if log != "" {
		log = "\n" + log
	}
	return &runner.ExecError{Reason: reason, Fix: fix, Err: fmt.Errorf("docker: build %s: %w%s", b.Context, err, log)}
}
