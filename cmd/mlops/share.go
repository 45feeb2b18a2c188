package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/share"
	"github.com/mlops-runner/mlops/runner/store"
)

// shareOptions are the flags of push, pull and sync.
type shareOptions struct {
	newest                           int
	data, cache, models, all, theirs bool
	dry, asJSON                      bool
}

func (o *shareOptions) register(a *app, f *pflag.FlagSet) {
	f.IntVar(&o.newest, "runs", 0, "the records of the newest `N` runs")
	f.BoolVar(&o.data, "data", false, "versions of datasets, with their bytes")
	f.BoolVar(&o.cache, "cache", false, "cached results, with the bytes of their outputs")
	f.BoolVar(&o.models, "models", false, "models, with the bytes of their versions")
	f.BoolVar(&o.all, "all", false, "all of it, with all bytes; a push looks also for bytes that the shared store has lost")
	f.BoolVar(&o.dry, "dry-run", false, "say what would be carried, and carry nothing")
	f.BoolVar(&o.asJSON, "json", false, "print JSON")
	a.storeFlag(f)
}

func newPush(a *app) *cobra.Command {
	var o shareOptions
	c := &cobra.Command{
		Use:   "push [RUN...]",
		Short: "Carry runs, results, data and models to the shared store",
		Long: `Carry to the shared store what it lacks: records of runs, cached results, versions of
datasets, and models; without flags and names all of it. Bytes that are there already are not sent again, an upload that was cut is taken up
where it ended, and nobody sees half of one. A model's journal goes only if it goes on where the shared one ends.`,
		Example: "  mlops push\n  mlops push --runs 5 --dry-run\n  mlops push --models --store s3://team/churn",
		RunE:    func(c *cobra.Command, args []string) error { return a.push(c.Context(), o, args) },
	}
	o.register(a, c.Flags())
	return c
}

func newPull(a *app) *cobra.Command {
	var o shareOptions
	c := &cobra.Command{
		Use:   "pull [RUN...]",
		Short: "Bring runs, datasets and models from the shared store",
		Long: `Bring from the shared store what is not here. Without flags and names: the records of all
runs, and which versions of datasets and models there are; their bytes come when something uses them, as do cached results. With flags
also the bytes. All that comes is held against its digest.`,
		Example: "  mlops pull\n  mlops pull --cache\n  mlops pull --models --theirs",
		RunE:    func(c *cobra.Command, args []string) error { return a.pull(c.Context(), o, args) },
	}
	o.register(a, c.Flags())
	c.Flags().BoolVar(&o.theirs, "theirs", false, "take the shared journal of models that were changed in both places, and set the one here aside")
	return c
}

func newSync(a *app) *cobra.Command {
	var o shareOptions
	c := &cobra.Command{
		Use:     "sync",
		Short:   "Pull, then push",
		Args:    cobra.NoArgs,
		Example: "  mlops sync",
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.pull(c.Context(), o, nil); err != nil {
				return err
			}
			return a.push(c.Context(), o, nil)
		},
	}
	o.register(a, c.Flags())
	return c
}

// choice is what flags and names mean. Without any, a push carries all, a pull brings
// names alone.
func (o *shareOptions) choice(runs []string, pull bool) (share.Choice, error) {
	if o.newest < 0 {
		return share.Choice{}, usagef("--runs %d: write a positive number", o.newest)
	}
	c := share.Choice{Runs: runs, Newest: o.newest, Data: o.data, Cache: o.cache, Models: o.models, Theirs: o.theirs}
	if len(runs) == 0 && o.newest == 0 && !o.data && !o.cache && !o.models || o.all {
		c.AllRuns, c.Data, c.Cache, c.Models = true, true, true, true
		c.Lazy, c.Whole = pull && !o.all, o.all
	}
	return c, nil
}

// openShare opens both stores.
func (a *app) openShare(o shareOptions, write bool) (*share.Share, error) {
	p, err := a.here()
	if err != nil {
		return nil, err
	}
	s, err := a.sharing(p)
	if err != nil {
		return nil, err
	}
	if write && s.readOnly.Value == "true" {
		return nil, fixError{fmt.Errorf("the shared store is only to be read here, says %s", s.readOnly.From), "push where that is not set"}
	}
	far, err := s.open(s3Options())
	if err != nil {
		return nil, err
	}
	if far == nil {
		return nil, noShare(p)
	}
	local, err := store.OpenWith(p.sharedStore(), store.Options{Counters: a.counters})
	if err != nil {
		return nil, err
	}
	trust, err := a.trust()
	if err != nil {
		return nil, err
	}
	return &share.Share{Local: local, Remote: far, Log: a.log, Trust: trust, DryRun: o.dry, Progress: a.carrying()}, nil
}

func (p *project) shownStore() string {
	if home := os.Getenv("MLOPS_HOME"); home != "" {
		return home
	}
	return ".mlops"
}

// carrying tells how far a transfer is: on a terminal in one line, elsewhere every ten seconds.
func (a *app) carrying() func(done, total int64) {
	began, said := time.Now(), time.Now()
	live := a.errColor() // colours go to terminals alone
	return func(done, total int64) {
		if !live && time.Since(said) < 10*time.Second {
			return
		}
		said = time.Now()
		text := fmt.Sprintf("%s of %s, %s/s", view.Bytes(done), view.Bytes(total), view.Bytes(int64(float64(done)/time.Since(began).Seconds())))
		if live {
			fmt.Fprintf(a.stderr, "\r\x1b[K%s\r", text)
			return
		}
		a.say("%s", text)
	}
}

func (a *app) push(ctx context.Context, o shareOptions, runs []string) error {
	c, err := o.choice(runs, false)
	if err != nil {
		return err
	}
	s, err := a.openShare(o, true)
	if err != nil {
		return err
	}
	ctx, stop := a.stoppable(ctx)
	defer stop()
	rep, err := s.Push(ctx, c)
	return a.sayCarried(o, rep, err, [2]string{"pushed", "would push"}, "to "+s.Remote.Address())
}

func (a *app) pull(ctx context.Context, o shareOptions, runs []string) error {
	c, err := o.choice(runs, true)
	if err != nil {
		return err
	}
	s, err := a.openShare(o, false)
	if err != nil {
		return err
	}
	ctx, stop := a.stoppable(ctx)
	defer stop()
	rep, err := s.Pull(ctx, c)
	if err == nil && c.Models && !o.dry {
		var said []string
		said, err = unvouched(ctx, s.Local, s.Trust)
		rep.Said = append(rep.Said, said...)
	}
	return a.sayCarried(o, rep, err, [2]string{"pulled", "would pull"}, "from "+s.Remote.Address())
}

// unvouched tells of aliases that the policy wants signed and that are not as it says,
// and of attestations that are missing though a promotion rests on them: neither is here nor came.
func unvouched(ctx context.Context, d *store.Dir, trust *provenance.Trust) (said []string, err error) {
	r := registry.Open(d, nil)
	names, err := r.Names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if trust.Rule(name).Require == "" {
			continue
		}
		m, err := r.Model(name)
		if err != nil {
			return said, err
		}
		for _, alias := range slices.Sorted(maps.Keys(m.Aliases)) {
			v, err := r.Version(m, m.Aliases[alias])
			if err != nil {
				return said, err
			}
			vouch, err := trust.Vouched(ctx, d, m, v, alias, time.Now())
			if err != nil {
				said = append(said, fmt.Sprintf("%s@%s is not to be used: %v", name, alias, err))
				continue
			}
			missing, err := vouch.Missing(d)
			if err != nil {
				return said, err
			}
			for _, file := range missing {
				said = append(said, fmt.Sprintf("%s is missing, here and in the shared store; %s@%s rests on it", file, name, alias))
			}
		}
	}
	return said, nil
}

// stoppable ends with the first signal; what has gone stays, and the next time goes on.
func (a *app) stoppable(ctx context.Context) (context.Context, func()) {
	_, soft, stop := interruptible(ctx, a.leave)
	return soft, stop
}

func (a *app) sayCarried(o shareOptions, rep share.Report, err error, verbs [2]string, where string) error {
	if err != nil && rep.Nothing() {
		return curedFar(err)
	}
	for _, text := range rep.Said {
		a.say("%s", foreign(text))
	}
	if o.asJSON {
		return errors.Join(a.printJSON(rep), curedFar(err))
	}
	if err != nil {
		return curedFar(err)
	}
	verb := verbs[0]
	if rep.DryRun {
		verb = verbs[1]
	}
	if rep.Nothing() {
		_, err := fmt.Fprintf(a.stdout, "nothing to do: all is there already\n")
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s %s %s\n", verb, strings.Join(carried(rep), ", "), where)
	return err
}

// bring brings files of a store that something is about to read and that are only in the
// shared one. What is not to be had there either is told by whoever reads it.
func (a *app) bring(ctx context.Context, s *store.Dir, es []store.Entry) error {
	missing := false
	for _, e := range es {
		missing = missing || e.Link == "" && !e.Mode.IsDir() && !s.Has(e.Digest)
	}
	if !missing {
		return nil
	}
	p, err := a.here()
	if err != nil {
		return err
	}
	c, err := a.cache(p, s)
	if err != nil || c == nil {
		return err
	}
	c.Share.Progress = a.carrying()
	return curedFar(c.Share.Blobs(ctx, es))
}
