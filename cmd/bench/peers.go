package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// actVersion is the version of act that ratios are about.
const actVersion = "v0.2.87"

// benchImage is the image that container rows run in; `make images` makes it.
const benchImage = "mlops/busybox:1"

// peerCache holds what looking for a peer found, so that it is looked for once.
type peerCache struct {
	act, docker, duckdb func() (string, error)
	once                sync.Once
}

func (b *bench) lookups() *peerCache {
	b.peers.once.Do(func() {
		b.peers.act = sync.OnceValues(b.findAct)
		b.peers.docker = sync.OnceValues(b.findDocker)
		b.peers.duckdb = sync.OnceValues(b.buildDuckDB)
	})
	return &b.peers
}

// peerCommand is a contestant that runs a program found in PATH.
func peerCommand(name string, dir string, argv ...string) contestant {
	if _, err := exec.LookPath(argv[0]); err != nil {
		return skipped(name, peer, fmt.Errorf("%s is not installed", argv[0]))
	}
	return command(name, peer, dir, argv...)
}

// findAct returns the path of act at actVersion: the one in PATH, or one built
// into the temporary folder when the user allowed that.
func (b *bench) findAct() (string, error) {
	if path, err := exec.LookPath("act"); err == nil {
		found := answer(b.ctx, "of unknown version", path, "--version")
		if strings.Contains(found, strings.TrimPrefix(actVersion, "v")) {
			return path, nil
		}
		if !b.act {
			return "", fmt.Errorf("%s is %s, not %s; -act builds that", path, found, actVersion)
		}
	}
	if !b.act {
		return "", errors.New("not installed; -act builds " + actVersion)
	}
	fmt.Fprintf(b.progress, "bench: building act %s ...\n", actVersion)
	cmd := exec.CommandContext(b.ctx, "go", "install", "github.com/nektos/act@"+actVersion)
	cmd.Env = append(os.Environ(), "GOBIN="+b.temp, "GOFLAGS=")
	cmd.Dir = b.temp // outside the module, whose go.mod it must not ask
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go install act: %w%s", err, tail(out))
	}
	return filepath.Join(b.temp, "act"), nil
}

// findDocker returns the engine's version if one answers that has benchImage.
func (b *bench) findDocker() (string, error) {
	u, err := execute(b.ctx, "", "docker", "version", "--format", "{{.Server.Version}}")
	if err != nil {
		return "", fmt.Errorf("no Docker engine answers: %w", err)
	}
	if _, err := execute(b.ctx, "", "docker", "image", "inspect", benchImage); err != nil {
		return "", fmt.Errorf("no image %s; run: make images", benchImage)
	}
	return strings.TrimSpace(string(u.stdout)), nil
}

// actContestant runs a workflow of n empty steps in act; platform is what
// ubuntu-latest stands for: an image, or -self-hosted for no container.
func (b *bench) actContestant(dir, platform string, n int) (contestant, error) {
	name := "act " + actVersion
	path, err := b.lookups().act()
	if err != nil {
		return skipped(name, peer, err), nil
	}
	folder := filepath.Join(dir, fmt.Sprintf("act%d", n))
	workflow := filepath.Join(folder, ".github", "workflows", "bench.yml")
	if err := os.MkdirAll(filepath.Dir(workflow), 0o755); err != nil {
		return contestant{}, err
	}
	if err := os.WriteFile(workflow, []byte(workflowFile(n)), 0o644); err != nil {
		return contestant{}, err
	}
	if err := b.gitRepository(folder); err != nil {
		return contestant{}, err
	}
	return command(name, peer, folder, path, "push", "--pull=false", "--bind", "-P", "ubuntu-latest="+platform), nil
}

// container starts a container that does nothing, for docker exec, and returns
// its name and the function that removes it.
func (b *bench) container() (string, func(), error) {
	name := fmt.Sprintf("mlops-bench-%d", os.Getpid())
	_, err := execute(b.ctx, "", "docker", "run", "-d", "--rm", "--init", "--name", name, benchImage, "sleep", "3600")
	remove := func() {
		_, _ = execute(context.WithoutCancel(b.ctx), "", "docker", "rm", "-f", name)
	}
	return name, remove, err
}
