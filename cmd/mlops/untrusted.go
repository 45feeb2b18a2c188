package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/mlops-runner/mlops/actions"
	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/checkout"
	"github.com/mlops-runner/mlops/runner/lock"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/untrusted"
	"github.com/mlops-runner/mlops/spec"
)

// untrustedOptions are the flags of runs for somebody whom nobody knows.
type untrustedOptions struct {
	untrusted bool
	base      string
	network   bool
}

func (o *untrustedOptions) register(f *pflag.FlagSet) {
	f.BoolVar(&o.untrusted, "untrusted", false, "hold the run back as one of a stranger: no secrets, network, GPUs or promotion, nothing written to the store; "+
		"limits and gates of the base commit (default: true for pull requests from forks)")
	f.StringVar(&o.base, "base", "", "with --untrusted, the trusted `commit` (default: where HEAD left origin/HEAD or main)")
	f.BoolVar(&o.network, "allow-network", false, "with --untrusted, let jobs reach the network that do so in the base commit")
}

// settle decides whether the run is one of a stranger, as that of a fork is unless
// the flags say otherwise, and refuses flags that contradict it.
func (o *untrustedOptions) settle(f *pflag.FlagSet, fork bool) error {
	if !f.Changed("untrusted") {
		o.untrusted = fork
	}
	if !o.untrusted {
		if f.Changed("base") || f.Changed("allow-network") {
			return usagef("--base and --allow-network go with --untrusted")
		}
		return nil
	}
	var secret string
	f.Visit(func(x *pflag.Flag) {
		if strings.HasPrefix(x.Name, "secret") {
			secret = x.Name
		}
	})
	if secret != "" {
		return usagef("--%s and an untrusted run: its jobs must not see secrets; leave one of them out", secret)
	}
	if x, err := f.GetString("executor"); err == nil && x != "docker" {
		return usagef("an untrusted run and --executor %s: without a container nothing holds its jobs back; write --executor docker, or --untrusted=false if this machine is thrown away afterwards", x)
	}
	return nil
}

// runUntrusted runs a project that a stranger wrote, in a store of its own.
func (a *app) runUntrusted(ctx context.Context, p *project, o runOptions, names []string, out view.View) error {
	base, err := a.basePlan(ctx, p, o.base)
	if err != nil {
		return err
	}
	if err := p.startOverlay(time.Now()); err != nil {
		return err
	}
	s, err := a.openSession(ctx, p, o.engineOptions, names)
	if err != nil {
		return err
	}
	f, err := a.executeUntrusted(ctx, s, base, o, out)
	if err = errors.Join(err, s.close()); err != nil {
		return err
	}
	if f.Record.Status != record.Success {
		return failedError{f.Record.Exit}
	}
	return nil
}

// A trusted base: its plan and its commit.
type trusted struct {
	plan   *plan.Plan
	commit string
	file   *spec.File
	pins   map[string]runner.Pin // of its lock file
}

// executeUntrusted runs an open session, held back.
func (a *app) executeUntrusted(ctx context.Context, s *session, base *trusted, o runOptions, out view.View) (*runner.Finished, error) {
	r, err := untrusted.Restrict(s.Plan, base.plan, untrusted.Options{Network: o.network, Limits: untrusted.DefaultLimits()})
	var root *untrusted.RootError
	if errors.As(err, &root) {
		return nil, fixError{err, "leave out `user: root` there, or run it trusted after a look at it"}
	}
	if err != nil {
		return nil, err
	}
	if s.project.spec.Baseline.Value != base.file.Baseline.Value {
		s.project.spec.Baseline = base.file.Baseline
		r.Notices = append(r.Notices, "`baseline` is that of the base commit; the change to it is ignored")
	}
	shared, err := filepath.Abs(s.project.sharedStore())
	if err != nil {
		return nil, err
	}
	outputs := filepath.Join(s.Store.Root(), "outputs")
	s.Overlay = &runner.Overlay{Outputs: outputs, Scope: shared}
	if _, err := os.Stat(filepath.Join(shared, "actions")); err == nil {
		if s.Overlay.Lower, err = store.OpenWith(shared, store.Options{ReadOnly: true, Counters: a.counters}); err != nil {
			return nil, err
		}
	}
	if !maps.Equal(s.Pins, base.pins) {
		r.Notices = append(r.Notices, "the pins of images are those of the base commit; the change to them is ignored")
	}
	s.Pins = base.pins
	if !reflect.DeepEqual(s.Plan.ParamTree, base.plan.ParamTree) && len(s.Plan.Gates) > 0 {
		r.Notices = append(r.Notices, "gates read the parameters of the base commit")
	}
	judged := *s.Plan
	judged.ParamTree = base.plan.ParamTree
	s.Judge = judge(&judged, s.project.contexts)
	s.Options.Withheld = r.Withheld
	s.Options.Notices = append([]string{fmt.Sprintf("untrusted: held back by commit %.12s; outputs go to %s", base.commit, s.shown(outputs))}, r.Notices...)
	return a.execute(ctx, s, o, out)
}

// shown is a path as seen from the project's folder, if it lies inside.
func (s *session) shown(path string) string {
	if rel, err := filepath.Rel(s.project.root, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// overlays is how many stores of untrusted runs are kept for a look.
const overlays = 5

// startOverlay gives the project a store for this run alone, below its own, and
// removes the oldest of earlier ones.
func (p *project) startOverlay(now time.Time) error {
	all, err := filepath.Abs(filepath.Join(p.sharedStore(), "untrusted"))
	if err != nil {
		return err
	}
	es, err := os.ReadDir(all)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, e := range es[:max(0, len(es)-overlays+1)] { // names begin with the time
		st, err := e.Info()
		if err != nil || now.Sub(st.ModTime()) < time.Hour || store.InUse(filepath.Join(all, e.Name())) {
			continue // it may be about to start, or runs
		}
		shared, err := store.Open(p.sharedStore())
		if err != nil {
			return err
		}
		if err := shared.RemoveScratch(filepath.Join(all, e.Name())); err != nil {
			return err
		}
	}
	var id [4]byte
	_, _ = rand.Read(id[:]) // never fails
	p.overlay = filepath.Join(all, now.UTC().Format("20060102-150405-")+hex.EncodeToString(id[:]))
	return os.MkdirAll(p.overlay, 0o755)
}

// basePlan makes the plan of the trusted commit, from git alone.
func (a *app) basePlan(ctx context.Context, p *project, ref string) (*trusted, error) {
	repo, err := checkout.Open(ctx, p.root, nil)
	if err != nil {
		return nil, fixError{fmt.Errorf("an untrusted run needs the commit it is held back by: %w", err), "run it in a git repository"}
	}
	defer repo.Close()
	commit, err := baseCommit(ctx, repo, ref)
	if err != nil {
		return nil, cured(err)
	}
	dir, name, err := p.inRepository(repo.Top())
	if err != nil {
		return nil, err
	}
	read := func(file string) ([]byte, error) {
		return repo.File(ctx, commit, filepath.ToSlash(filepath.Join(dir, file)))
	}
	source, err := read(name)
	if errors.Is(err, checkout.ErrNotInCommit) {
		return nil, fixError{fmt.Errorf("%w (%.12s)", untrusted.ErrNoBase, commit), "name a commit that has one with --base, or run it trusted after a look at it"}
	}
	if err != nil {
		return nil, cured(err)
	}
	label := fmt.Sprintf("%s of %.12s", filepath.Join(dir, name), commit)
	f, ds := spec.Parse(label, source, spec.Options{ReadFile: read, Actions: actions.Table()})
	if err := ds.Err(); err != nil {
		return nil, err
	}
	f.Name.Value = cmp.Or(f.Name.Value, filepath.Base(p.root))
	contexts := map[string]any{"github": githubContext(record.Source{Commit: commit}, func(string) (string, bool) { return "", false }, nil)}
	pl, err := plan.New(f, plan.Options{Contexts: contexts, Actions: actions.Table()})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", label, err)
	}
	pins, err := basePins(read, name, label)
	if err != nil {
		return nil, err
	}
	return &trusted{pl, commit, f, pins}, nil
}

// basePins are the pins of the lock file beside the trusted mlops.yaml, if it has one.
func basePins(read func(string) ([]byte, error), name, label string) (map[string]runner.Pin, error) {
	source, err := read(lock.FileName(name))
	if errors.Is(err, checkout.ErrNotInCommit) {
		return nil, nil
	}
	if err != nil {
		return nil, cured(err)
	}
	locked, err := lock.Parse("the lock file of "+label, source)
	if err != nil {
		return nil, err
	}
	return locked.Pins(), nil
}

// inRepository is where the mlops.yaml is, from the top of the repository.
func (p *project) inRepository(top string) (dir, name string, err error) {
	real, err := filepath.EvalSymlinks(p.root)
	if err != nil {
		return "", "", err
	}
	if top, err = filepath.EvalSymlinks(top); err != nil {
		return "", "", err
	}
	dir, err = filepath.Rel(top, real)
	if err != nil || !filepath.IsLocal(dir) {
		return "", "", fmt.Errorf("%s lies outside the repository %s", p.root, top)
	}
	return dir, filepath.Base(p.path), nil
}

// baseCommit is the commit that ref names, or else where HEAD left the main branch.
func baseCommit(ctx context.Context, repo *checkout.Repo, ref string) (string, error) {
	if ref != "" {
		id, ok := repo.Commit(ctx, ref)
		if !ok {
			return "", &checkout.Error{Fix: "fetch it, or name another", Err: fmt.Errorf("--base %s: the repository has no such commit", ref)}
		}
		return id, nil
	}
	mains := []string{"origin/HEAD", "origin/main", "origin/master", "main", "master"}
	at := slices.IndexFunc(mains, func(name string) bool { _, ok := repo.Commit(ctx, name); return ok })
	if at < 0 {
		return "", &checkout.Error{Fix: "name the trusted commit with --base", Err: errors.New("an untrusted run needs the commit it is held back by, and the repository has no origin/HEAD and no main")}
	}
	return repo.MergeBase(ctx, mains[at], "HEAD")
}
