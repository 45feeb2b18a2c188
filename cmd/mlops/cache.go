package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/docker"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/spec"
)

func newCache(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "cache",
		Short: "Look after the results that are kept",
		Args:  cobra.NoArgs, // without it and RunE a mistyped subcommand would print the help and succeed
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newCacheLs(a), newCacheVerify(a), newCacheGC(a))
	return c
}

// openStore opens the store of the project without reading its mlops.yaml.
func (a *app) openStore() (*store.Dir, error) {
	if home := os.Getenv("MLOPS_HOME"); home != "" {
		return store.Open(home)
	}
	p, err := a.findProject("")
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(p.store()); err != nil {
		return nil, fixError{fmt.Errorf("nothing is cached for %s yet", filepath.Join(p.root, spec.FileName)), `run the pipeline first: "mlops run"`}
	}
	return store.Open(p.store())
}

func newCacheLs(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "ls",
		Short: "List the cached results, the latest used first",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.cacheLs(c.Context(), asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) cacheLs(ctx context.Context, asJSON bool) error {
	s, err := a.openStore()
	if err != nil {
		return err
	}
	results, err := cachedResults(ctx, s)
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(results)
	}
	rows := make([][]string, len(results))
	for i, r := range results {
		rows[i] = []string{r.Fingerprint, r.Job, r.Used.Local().Format(time.DateTime), fmt.Sprint(r.Files), view.Bytes(r.Size), r.Run}
	}
	if err := view.Table(a.stdout, []string{"fingerprint", "job", "used", "files", "size", "run"}, rows, a.color()); err != nil {
		return err
	}
	u, err := s.Usage(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s results, %s files, %s\n", view.Count(u.Actions), view.Count(u.Blobs), view.Bytes(u.BlobBytes))
	return err
}

func newCacheVerify(a *app) *cobra.Command {
	var remote bool
	c := &cobra.Command{
		Use:   "verify",
		Short: "Read everything that is kept and report what is damaged",
		Long: `Read everything that is kept and report what is damaged, and what is missing here and in
the shared store. What "mlops pull" brought by name alone is only there, and no fault; with --remote
it is read there. Exit code 1 means that something is damaged or missing.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.cacheVerify(c.Context(), remote) },
	}
	c.Flags().BoolVar(&remote, "remote", false, "read also what is only in the shared store, there")
	a.storeFlag(c.Flags())
	return c
}

func newCacheGC(a *app) *cobra.Command {
	var size string
	var dry bool
	c := &cobra.Command{
		Use:     "gc",
		Short:   "Remove the results and the bytes of dataset versions that were used longest ago",
		Example: "  mlops cache gc --max-size 10GiB --dry-run",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.cacheGC(c.Context(), size, dry) },
	}
	c.Flags().StringVar(&size, "max-size", "", "keep at most this much, such as 10GiB (default: only what no result and no dataset version refers to is removed)")
	c.Flags().BoolVar(&dry, "dry-run", false, "say what would be removed, and remove nothing")
	return c
}

// reapContainers removes what runs left on the engine that were killed. Where
// no engine answers there is nothing to say: the cache is what was asked for.
func (a *app) reapContainers(ctx context.Context, scope string, dry bool) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	x, err := docker.Open(ctx, docker.Options{Scope: scope})
	if err != nil {
		return
	}
	defer x.Close()
	left, err := x.Clear(ctx, dry)
	if err != nil {
		a.log.Debug("reap containers", "error", err)
	}
	verb := "removed"
	if dry {
		verb = "would remove"
	}
	for _, l := range left {
		fmt.Fprintf(a.stdout, "%s %s %s, which a killed run left\n", verb, l.Kind, l.Name)
	}
}

// cachedResult is a line of `mlops cache ls`.
type cachedResult struct {
	Fingerprint string    `json:"fingerprint"`
	Job         string    `json:"job"`
	Run         string    `json:"run"`
	Used        time.Time `json:"used"`
	Files       int       `json:"files"`
	Size        int64     `json:"size"` // bytes of its outputs, also if others have the same
}

func cachedResults(ctx context.Context, s *store.Dir) ([]cachedResult, error) {
	out := []cachedResult{}
	for a, err := range s.Actions(ctx) {
		if err != nil {
			return nil, err
		}
		r, err := runner.ParseResult(a.Data)
		if err != nil {
			continue // of another version; gc removes it in time
		}
		c := cachedResult{Fingerprint: a.Fingerprint.Short(), Job: r.Job, Run: r.Run, Used: a.Used, Files: len(r.Outputs)}
		for _, e := range r.Outputs {
			c.Size += e.Size
		}
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Used.After(out[j].Used) })
	return out, nil
}

func (a *app) cacheGC(ctx context.Context, size string, dry bool) error {
	o := store.GCOptions{DryRun: dry}
	switch size {
	case "":
	case "0":
		o.MaxSize = -1
	default:
		n, err := spec.ParseSize(size)
		if err != nil {
			return usagef("--max-size %s: %w; write a size such as 10GiB, or 0", size, err)
		}
		o.MaxSize = n
	}
	s, err := a.openStore()
	if err != nil {
		return err
	}
	if o.Roots, err = dataset.In(s).Roots(); err != nil {
		return fixError{err, "move that file away: its version is forgotten then"}
	}
	rep, err := s.GC(ctx, o)
	if err != nil {
		return err
	}
	a.reapContainers(ctx, s.Root(), dry)
	if rep.Actions > 0 && !dry {
		if err := forgetSnapshots(s); err != nil {
			return err
		}
	}
	verb := "removed"
	if dry {
		verb = "would remove"
	}
	for _, name := range rep.Roots {
		fmt.Fprintf(a.stdout, "%s the bytes of the dataset version %s, which cannot be restored then\n", verb, name)
	}
	_, err = fmt.Fprintf(a.stdout, "%s %s results and %s files, %s; %s remain\n", verb, view.Count(rep.Actions), view.Count(rep.Blobs), view.Bytes(rep.Freed), view.Bytes(rep.Left))
	return err
}
