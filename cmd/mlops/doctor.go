package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/docker"
)

// finding is one fact that decides whether runs will work here.
type finding struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Level string `json:"level"` // ok, warn or fail
	Fix   string `json:"fix,omitempty"`
}

func newDoctor(a *app) *cobra.Command {
	var asJSON, ci bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check Docker, disk, git, GPU and permissions; each problem with its cure",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.doctor(c.Context(), asJSON, ci) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVar(&ci, "ci", false, "also the forge, the token, the pull request and the checkout of a CI job")
	return c
}

func (a *app) doctor(ctx context.Context, asJSON, ci bool) error {
	dir := "."
	if p, err := a.findProject(""); err == nil {
		dir = p.root
	}
	fs := []finding{gitFinding(ctx, dir), writeFinding(dir), diskFinding(dir), gpuFinding(ctx)}
	if ci {
		fs = append(fs, ciFindings(ctx, dir, os.LookupEnv)...)
	}
	fs = append(fs, dockerFindings(ctx)...)
	if asJSON {
		if err := a.printJSON(fs); err != nil {
			return err
		}
	} else {
		a.printFindings(fs)
	}
	if slices.ContainsFunc(fs, func(f finding) bool { return f.Level == string(docker.Fail) }) {
		return failedError{exitFailed}
	}
	return nil
}

func (a *app) printFindings(fs []finding) {
	width := 0
	for _, f := range fs {
		width = max(width, len(f.Name))
	}
	for _, f := range fs {
		fmt.Fprintf(a.stdout, "%-4s %-*s  %s\n", f.Level, width, f.Name, f.Value)
		if f.Fix != "" {
			fmt.Fprintf(a.stdout, "%*s  fix: %s\n", 5+width, "", f.Fix)
		}
	}
}

func gitFinding(ctx context.Context, dir string) finding {
	version, err := exec.CommandContext(ctx, "git", "--version").Output()
	if err != nil {
		return finding{"git", "not found", "warn", "install git; without it records name no commit and jobs without `inputs` see every file"}
	}
	name := strings.TrimSpace(strings.TrimPrefix(string(version), "git version "))
	inside := exec.CommandContext(ctx, "git", "-C", dir, "rev-parse", "--git-dir")
	if inside.Run() != nil {
		return finding{"git", name + ", but this is no repository", "warn", "git init, so that records name a commit"}
	}
	return finding{"git", name, "ok", ""}
}

// writeFinding makes sure that results can be kept beside the mlops.yaml.
func writeFinding(dir string) finding {
	f, err := os.CreateTemp(dir, ".mlops-doctor-")
	if err != nil {
		return finding{"folder", err.Error(), "fail", "make the folder writable for you, or set MLOPS_HOME to one that is"}
	}
	err = errors.Join(f.Close(), os.Remove(f.Name()))
	if err != nil {
		return finding{"folder", err.Error(), "warn", ""}
	}
	abs, _ := filepath.Abs(dir)
	return finding{"folder", abs + " is writable", "ok", ""}
}

// lowDisk is the free space below which a pipeline will soon be in trouble.
const lowDisk = 2 << 30 // bytes

func diskFinding(dir string) finding {
	free, err := freeSpace(dir)
	switch {
	case err != nil:
		return finding{"disk", err.Error(), "warn", ""}
	case free < lowDisk:
		return finding{"disk", view.Bytes(free) + " free", "warn", "free some space: mlops cache gc --max-size 5GiB, docker system prune"}
	}
	return finding{"disk", view.Bytes(free) + " free", "ok", ""}
}

func gpuFinding(ctx context.Context) finding {
	out, err := exec.CommandContext(ctx, "nvidia-smi", "--query-gpu=name", "--format=csv,noheader").Output()
	if err != nil {
		return finding{"gpu", "none found; jobs with `gpus` cannot run here", "ok", ""}
	}
	return finding{"gpu", strings.ReplaceAll(strings.TrimSpace(string(out)), "\n", ", "), "ok", ""}
}

func dockerFindings(ctx context.Context) []finding {
	x, err := docker.Open(ctx, docker.Options{})
	if err != nil {
		return []finding{{"docker", err.Error(), "fail", cure(err)}}
	}
	defer x.Close()
	var out []finding
	for _, f := range x.Check(ctx) {
		out = append(out, finding{f.Name, f.Value, string(f.Level), f.Fix})
	}
	return out
}
