package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// scriptImage is what the stories' containers run in: Debian's static busybox.
const scriptImage = "mlops-test/busybox:1"

// dockerReady makes sure, once, that an engine answers, has the stories' image
// and that an agent binary exists which runs in any container.
var dockerReady = sync.OnceValue(func() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").CombinedOutput(); err != nil {
		return fmt.Errorf("no Docker engine: %s", bytes.TrimSpace(out))
	}
	if err := importBusybox(ctx); err != nil {
		return err
	}
	return buildAgent(ctx)
})

// TestDockerIsThere fails where the engine is required and skips elsewhere, so
// that stories left out for want of Docker are noticed.
func TestDockerIsThere(t *testing.T) {
	err := dockerReady()
	switch {
	case err == nil:
	case os.Getenv("MLOPS_NEED_DOCKER") == "1":
		t.Fatal(err)
	default:
		t.Skipf("stories that need Docker are left out: %v", err)
	}
}

func importBusybox(ctx context.Context) error {
	if exec.CommandContext(ctx, "docker", "image", "inspect", scriptImage).Run() == nil {
		return nil
	}
	path, err := exec.LookPath("busybox")
	if err != nil {
		return errors.New("no busybox: apt-get install busybox-static")
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var image bytes.Buffer
	if err := busyboxTar(&image, binary); err != nil {
		return err
	}
	c := exec.CommandContext(ctx, "docker", "import", "--change", "ENV PATH=/bin", "-", scriptImage)
	c.Stdin = &image
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("docker import: %w: %s", err, out)
	}
	return nil
}

// busyboxTar is a root file system with busybox under the names of its commands.
func busyboxTar(w *bytes.Buffer, binary []byte) error {
	t := tar.NewWriter(w)
	for _, dir := range []string{"bin/", "tmp/", "etc/"} {
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o1777}); err != nil {
			return err
		}
	}
	if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "bin/busybox", Mode: 0o755, Size: int64(len(binary))}); err != nil {
		return err
	}
	if _, err := t.Write(binary); err != nil {
		return err
	}
	for _, name := range []string{"sh", "cat", "echo", "true", "false", "mkdir", "sleep", "wc", "seq", "head", "tail", "dd", "id", "ls", "cp", "rm", "ln", "env", "printf", "sort", "grep", "touch", "expr", "test", "chmod", "yes", "tr", "sed", "awk", "date"} {
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/" + name, Linkname: "busybox", Mode: 0o777}); err != nil {
			return err
		}
	}
	return t.Close()
}

// agentPath is where dockerReady puts the agent's binary.
var agentPath string

// buildAgent builds the static binary that containers mount: the test binary
// itself may be linked dynamically, for the race detector.
func buildAgent(ctx context.Context) error {
	c := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w", "-o", agentPath, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build the agent: %w: %s", err, out)
	}
	return nil
}
