package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/docker"
	"github.com/mlops-runner/mlops/runner/host"
	"github.com/mlops-runner/mlops/runner/mlflow"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

type gcOptions struct {
	dry, all, asJSON bool
	older            string
	remote           bool
}

func newGC(a *app) *cobra.Command {
	var o gcOptions
	c := &cobra.Command{
		Use:   "gc",
		Short: "Remove what killed runs left: containers, processes, workspaces",
		Long: `Remove what runs left that were killed: processes, containers, networks, volumes, workspaces, pins,
unfinished records, and the stores of untrusted runs; of those that came to their end the newest five stay.
With --older also records, stores of untrusted runs, and files that were set aside, of that age; never a
record that a model, baseline, ref, pin or cached result names, nor the newest; --dry-run says which those are. What a run is at work in stays.

With --remote it is the shared store that is looked after. What models, versions of datasets and results
need stays, and whatever is younger than a day; nobody can push meanwhile.

Each run does the same at its start for its own store, without --older. Cached results go by "mlops cache gc".`,
		Example: "  mlops gc --dry-run\n  mlops gc --older 30d\n  mlops gc --all\n  mlops gc --remote --older 90d --dry-run",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.gc(c.Context(), o) },
	}
	f := c.Flags()
	f.BoolVar(&o.dry, "dry-run", false, "say what would be removed, and remove nothing")
	f.BoolVar(&o.all, "all", false, "also containers, networks and volumes of other repositories' killed runs on this host")
	f.StringVar(&o.older, "older", "", "also records, stores of untrusted runs and set-aside files older than this `age`, such as 30d, 2w or 12h")
	f.BoolVar(&o.remote, "remote", false, "of the shared store, not of this machine: bytes that nothing refers to; with --older also results and records")
	f.BoolVar(&o.asJSON, "json", false, "print JSON")
	a.storeFlag(f)
	return c
}

// leftover is one thing that gc removes.
type leftover struct {
	Kind string `json:"kind"` // process, container, network, volume, workspace, pin, untrusted run, record, aside
	Name string `json:"name"`
	Size int64  `json:"size"` // bytes; 0 if nobody can tell
}

// gcReport is what gc did, or would do.
type gcReport struct {
	DryRun bool       `json:"dryRun"`
	Items  []leftover `json:"items"`
	Size   int64      `json:"size"` // bytes of all
	Stay   []staying  `json:"stay,omitempty"`
}

// staying is what is old enough to go and stays.
type staying struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	Why  string `json:"why"` // what names it
}

func (a *app) gc(ctx context.Context, o gcOptions) error {
	age, err := parseAge(o.older)
	if err != nil {
		return err
	}
	if o.remote {
		return a.gcRemote(ctx, o, age)
	}
	s, err := a.openStore()
	if err != nil && !o.all {
		return err
	}
	rep := gcReport{DryRun: o.dry, Items: []leftover{}}
	// Processes and containers first: they may still write to the folders.
	errs := []error{rep.processes(ctx), a.gcEngine(ctx, &rep, s, o.all)}
	if s != nil {
		before := time.Time{} // nothing began before it
		if age > 0 {
			before = time.Now().Add(-age)
		}
		errs = append(errs, rep.folders(s), rep.overlays(ctx, s, before))
		if age > 0 {
			errs = append(errs, rep.old(ctx, s, before))
		}
	}
	for _, l := range rep.Items {
		rep.Size += l.Size
	}
	say := a.sayGC
	if o.asJSON {
		say = func(rep *gcReport) error { return a.printJSON(rep) }
	}
	return errors.Join(say(&rep), errors.Join(errs...))
}

func (a *app) sayGC(rep *gcReport) error {
	verb := "removed"
	if rep.DryRun {
		verb = "would remove"
	}
	for _, l := range rep.Items {
		fmt.Fprintf(a.stdout, "%s %s %s%s\n", verb, l.Kind, l.Name, sizeText(l.Size))
	}
	if rep.DryRun {
		for _, l := range rep.Stay {
			fmt.Fprintf(a.stdout, "keeps %s %s: named by %s\n", l.Kind, l.Name, l.Why)
		}
	}
	if len(rep.Items) == 0 {
		_, err := fmt.Fprintln(a.stdout, "nothing is left of killed runs")
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "%s %s things, %s\n", verb, view.Count(len(rep.Items)), view.Bytes(rep.Size))
	return err
}

func sizeText(n int64) string {
	if n == 0 {
		return ""
	}
	return ", " + view.Bytes(n)
}

// parseAge reads 30d, 2w, 12h, 90m, 5s; "" is no age.
func parseAge(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	units := map[byte]time.Duration{'w': 7 * 24 * time.Hour, 'd': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute, 's': time.Second}
	unit, known := units[s[len(s)-1]]
	n, err := strconv.Atoi(s[:len(s)-1])
	if !known || err != nil || n <= 0 || n > int(time.Duration(1<<63-1)/unit) {
		return 0, usagef("--older %s: write a number and a unit: w, d, h, m or s, such as 30d", s)
	}
	return time.Duration(n) * unit, nil
}

func (r *gcReport) add(kind, name string, size int64) {
	r.Items = append(r.Items, leftover{kind, name, size})
}

// processes ends those of jobs on this machine whose runner is dead.
func (r *gcReport) processes(ctx context.Context) error {
	said, err := host.New(os.Environ()).Reap(ctx, r.DryRun)
	for _, text := range said {
		r.add("process", strings.TrimPrefix(text, "process "), 0)
	}
	return err
}

// gcEngine removes what is left on the engine. Where none answers nothing is,
// unless somebody asked for it by --all.
func (a *app) gcEngine(ctx context.Context, r *gcReport, s *store.Dir, all bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	scope := ""
	if !all {
		scope = s.Root()
	}
	x, err := docker.Open(ctx, docker.Options{Scope: scope, Patience: time.Second})
	if err != nil {
		return a.quietly(err, all)
	}
	left, err := x.Clear(ctx, r.DryRun)
	for _, l := range left {
		r.add(l.Kind, l.Name, l.Size)
	}
	if left == nil {
		err = a.quietly(err, all)
	}
	return errors.Join(err, x.Close())
}

func (a *app) quietly(err error, asked bool) error {
	if asked || err == nil {
		return err
	}
	a.log.Debug("ask the container engine", "error", err)
	return nil
}

// folders removes workspaces, temporary files, pins and records without a name.
func (r *gcReport) folders(s *store.Dir) error {
	left, err := s.Clear(r.DryRun)
	for _, l := range left {
		kind := "workspace"
		if strings.HasPrefix(l.Path, "pins/") {
			kind = "pin"
		}
		r.add(kind, l.Path, l.Size)
	}
	swept, sweepErr := record.Sweep(s.Root(), r.DryRun)
	for _, p := range swept {
		r.add("unfinished record", relativeTo(s.Root(), p.Dir), p.Size)
	}
	return errors.Join(err, sweepErr)
}

// overlays removes stores of untrusted runs.
func (r *gcReport) overlays(ctx context.Context, s *store.Dir, before time.Time) error {
	all, err := overlaysOf(s.Root())
	if err != nil {
		return err
	}
	gone, err := all.clear(ctx, before, r.DryRun)
	r.Items = append(r.Items, gone...)
	return err
}

// old removes records and set-aside files from before a time.
func (r *gcReport) old(ctx context.Context, s *store.Dir, before time.Time) error {
	named, err := namedRuns(ctx, s)
	if err != nil {
		return err
	}
	pruned, err := record.Prune(s.Root(), before, func(id string, digest store.Digest) bool {
		why := named.by(id, digest)
		if why != "" {
			r.Stay = append(r.Stay, staying{"record", id, why})
		}
		return why != ""
	}, r.DryRun)
	var gone []string
	for _, p := range pruned {
		r.add("record", p.ID, p.Size)
		gone = append(gone, p.ID)
	}
	if !r.DryRun {
		err = errors.Join(err, mlflow.Release(ctx, s, gone))
	}
	return errors.Join(err, r.aside(s, before))
}

// aside removes the files that runs moved out of the way of outputs, when all
// of one run's are old enough. How old says the run's folder: the files keep
// their own times.
func (r *gcReport) aside(s *store.Dir, before time.Time) error {
	top := filepath.Join(s.Root(), "aside")
	es, err := os.ReadDir(top)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, e := range es {
		info, infoErr := e.Info()
		if infoErr != nil || !info.ModTime().Before(before) {
			continue
		}
		dir := filepath.Join(top, e.Name())
		for _, f := range asideFiles(dir) {
			r.add("aside", relativeTo(s.Root(), f.path), f.size)
		}
		if !r.DryRun {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}
	return err
}

func relativeTo(root, path string) string {
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(rel)
}
