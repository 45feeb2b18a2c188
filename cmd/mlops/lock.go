package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/docker"
	"github.com/mlops-runner/mlops/runner/lock"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/spec"
)

type lockOptions struct {
	params []string
	update bool
	check  bool
	json   bool
}

func newLock(a *app) *cobra.Command {
	var o lockOptions
	c := &cobra.Command{
		Use:   "lock [IMAGE...]",
		Short: "Pin the images' names to what they are now",
		Long: `Write mlops.lock beside mlops.yaml: for each image that a job names, or a
Dockerfile that is built for one after FROM, the digest in its registry, or the ID
of an image that came from none. Runs then use exactly
these images, whatever becomes of their tags. What is pinned stays so until
--update asks the registries again.`,
		Example: "  mlops lock\n  mlops lock --update python:3.12-slim\n  mlops lock --check",
		RunE:    func(c *cobra.Command, names []string) error { return a.lockImages(c.Context(), o, names) },
	}
	f := c.Flags()
	f.BoolVar(&o.update, "update", false, "pin the named images (or all) to what they are by now")
	f.BoolVar(&o.check, "check", false, "write nothing; exit 1 if an image is not pinned, or a pin is of no image in use")
	f.StringArrayVar(&o.params, "param", nil, "set a parameter: `name=value`")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return c
}

// A lockChange is what became of one entry.
type lockChange struct {
	Image string `json:"image"`          // name, and platform if one is asked for
	What  string `json:"what"`           // pinned, moved, kept, dropped, missing, stale
	Was   string `json:"was,omitempty"`  // digest or ID
	Is    string `json:"is,omitempty"`   // digest or ID
	Note  string `json:"note,omitempty"` // for people
}

func (a *app) lockImages(ctx context.Context, o lockOptions, names []string) error {
	if o.check && o.update {
		return usagef("lock: --check writes nothing and --update does; give one of them")
	}
	p, pl, err := a.planned(o.params)
	if err != nil {
		return err
	}
	old, err := p.lock()
	if err != nil {
		return err
	}
	used, err := usedImages(p.root, pl)
	if err != nil {
		return err
	}
	if err := knownImages(used, names); err != nil {
		return err
	}
	if o.check {
		return a.checkLock(p, o, used, old)
	}
	x, closeExec, err := a.executor(ctx, "docker", "")
	if err != nil {
		return err
	}
	defer closeExec()
	l := locker{app: a, imager: x.(runner.Imager), update: o.update, names: names, next: lock.File{Images: map[string]lock.Entry{}}}
	if err := l.run(ctx, used, old); err != nil {
		return err
	}
	if !maps.Equal(old.Images, l.next.Images) {
		if err := p.writeLock(l.next); err != nil {
			return err
		}
	}
	return a.printChanges(o, l.changes)
}

// usedImages are the images that a plan's jobs, their services and the builds of
// their images name by tag, by their keys in a lock file. What is named by digest
// needs no pin. root is the folder that the builds' paths are relative to.
func usedImages(root string, pl *plan.Plan) (map[string]runner.ImageRequest, error) {
	used := map[string]runner.ImageRequest{}
	use := func(name, platform string) {
		if !strings.Contains(name, "sha256:") {
			used[runner.PinKey(name, platform)] = runner.ImageRequest{Name: name, Platform: platform}
		}
	}
	for _, n := range pl.Nodes {
		if n.Kind != plan.Run {
			continue
		}
		if n.Build == nil && n.Image != "" {
			use(n.Image, n.Platform)
		}
		if n.Build != nil {
			bases, err := docker.BaseImages(*runner.NewBuild(root, n.Build))
			if err != nil {
				return nil, err
			}
			for _, name := range bases {
				use(name, n.Platform)
			}
		}
		for _, s := range n.Services {
			use(s.Image, "")
		}
	}
	return used, nil
}

// knownImages fails if a name is that of no image in use.
func knownImages(used map[string]runner.ImageRequest, names []string) error {
	var all []string
	for _, r := range used {
		all = append(all, r.Name)
	}
	for _, name := range names {
		if slices.Contains(all, name) {
			continue
		}
		if near := spec.Nearest(name, all); near != "" {
			return usagef("no job uses the image %q; did you mean %q?", name, near)
		}
		slices.Sort(all)
		return usagef("no job uses the image %q; there are: %s", name, strings.Join(slices.Compact(all), ", "))
	}
	return nil
}

// checkLock compares the lock file with the images in use, without asking an engine.
func (a *app) checkLock(p *project, o lockOptions, used map[string]runner.ImageRequest, have lock.File) error {
	var changes []lockChange
	for _, key := range slices.Sorted(maps.Keys(used)) {
		if e, ok := have.Images[key]; ok {
			changes = append(changes, lockChange{Image: key, What: "kept", Is: e.Sum()})
		} else {
			changes = append(changes, lockChange{Image: key, What: "missing", Note: "not pinned"})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(have.Images)) {
		if _, ok := used[key]; !ok {
			changes = append(changes, lockChange{Image: key, What: "stale", Was: have.Images[key].Sum(), Note: "no job uses it"})
		}
	}
	if err := a.printChanges(o, changes); err != nil {
		return err
	}
	if !slices.ContainsFunc(changes, func(c lockChange) bool { return c.What != "kept" }) {
		return nil
	}
	fmt.Fprintf(a.stderr, "mlops: %s does not fit %s\n  fix: mlops lock\n", p.lockPath(), p.path)
	return failedError{exitFailed}
}

func (a *app) printChanges(o lockOptions, changes []lockChange) error {
	if o.json {
		return a.printJSON(append([]lockChange{}, changes...))
	}
	width := 0
	for _, c := range changes {
		width = max(width, len(c.Image))
	}
	for _, c := range changes {
		note := c.Note
		switch {
		case c.What == "moved":
			note = c.Was + " → " + c.Is
		case note == "":
			note = c.Is
		}
		if _, err := fmt.Fprintf(a.stdout, "%-8s%-*s  %s\n", c.What, width, c.Image, note); err != nil {
			return err
		}
	}
	return nil
}
