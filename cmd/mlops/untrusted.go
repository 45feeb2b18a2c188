package main

import (
	"cmp"
	"context"
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
	"github.com/mlops-runner/mlops/runner/source"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/untrusted"
	"github.com/mlops-runner/mlops/spec"
)

// untrustedOptions are the flags of runs for somebody whom nobody knows.
type untrustedOptions struct {
	untrusted bool
	base      string
	network   bool
	maxTime   time.Duration // of the whole run, as the next two
	maxDisk   string
	maxLog    string
	limits    runner.Limits // the three of them
}

// The most that an untrusted run may take as a whole, where no flag says so.
const (
	defaultMaxTime = 3 * time.Hour
	defaultMaxDisk = "20GiB"
	defaultMaxLog  = "256MiB"
)

func (o *untrustedOptions) register(f *pflag.FlagSet) {
	f.BoolVar(&o.untrusted, "untrusted", false, "hold the run back as one of a stranger: no secrets, network, GPUs or promotion, nothing written to the store; "+
		"limits and gates of the base commit (default: true for pull requests from forks)")
	f.StringVar(&o.base, "base", "", "with --untrusted, the trusted `commit` (default: where HEAD left origin/HEAD or main)")
	f.DurationVar(&o.maxTime, "max-time", defaultMaxTime, "with --untrusted, how long the run may take as a whole")
	f.StringVar(&o.maxDisk, "max-disk", defaultMaxDisk, "with --untrusted, what the run may take of the disk as a whole")
	f.StringVar(&o.maxLog, "max-log", defaultMaxLog, "with --untrusted, how much the jobs of the run may print together")
	f.BoolVar(&o.network, "allow-network", false, "with --untrusted, let jobs reach the network that do so in the base commit")
}

// settle decides whether the run is one of a stranger, as that of a fork is unless
// the flags say otherwise, and refuses flags that contradict it.
func (o *untrustedOptions) settle(f *pflag.FlagSet, fork bool) error {
	if !f.Changed("untrusted") {
		o.untrusted = fork
	}
	if !o.untrusted {
		for _, name := range []string{"base", "allow-network", "max-time", "max-disk", "max-log"} {
			if f.Changed(name) {
				return usagef("--%s goes with --untrusted", name)
			}
		}
		return nil
	}
	if err := o.parseLimits(); err != nil {
		return err
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

// parseLimits reads what the run may take as a whole.
func (o *untrustedOptions) parseLimits() error {
	if o.maxTime <= 0 {
		return usagef("--max-time %v: write a time such as 90m", o.maxTime)
	}
	o.limits.Time = o.maxTime
	for _, of := range []struct {
		flag, written string
		to            *int64
	}{{"max-disk", o.maxDisk, &o.limits.Disk}, {"max-log", o.maxLog, &o.limits.Log}} {
		n, err := spec.ParseSize(of.written)
		if err != nil || n <= 0 {
			return usagef("--%s %s: write a size such as 2GiB", of.flag, of.written)
		}
		*of.to = n
	}
	return nil
}

// runUntrusted runs a project that a stranger wrote, in a store of its own.
func (a *app) runUntrusted(ctx context.Context, p *project, o runOptions, names []string, out view.View) (err error) {
	base, err := a.basePlan(ctx, p, o.base)
	if err != nil {
		return err
	}
	all, err := overlaysOf(p.sharedStore())
	if err != nil {
		return err
	}
	own, err := all.begin(ctx, time.Now())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.end()) }()
	p.overlay = own.dir
	s, err := a.openSession(ctx, p, o.engineOptions, names)
	if err != nil {
		return err
	}
	f, err := a.executeUntrusted(ctx, s, base, o, out)
	if err = errors.Join(err, s.close()); err != nil {
		return err
	}
	if err := errors.Join(heard(out.Close()), heard(a.showReport(s.judging, f))); err != nil {
		return err
	}
	a.tellRun(ctx, s.judging, f)
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
	own := s.Plan.Gates
	r, err := untrusted.Restrict(s.Plan, base.plan, untrusted.Options{Network: o.network, Limits: untrusted.DefaultLimits()})
	var root *untrusted.RootError
	if errors.As(err, &root) {
		return nil, fixError{err, "leave out `user: root` there, or run it trusted after a look at it"}
	}
	if err != nil {
		return nil, err
	}
	shared, err := filepath.Abs(s.project.sharedStore())
	if err != nil {
		return nil, err
	}
	outputs := filepath.Join(s.Store.Root(), "outputs")
	s.Overlay = &runner.Overlay{Outputs: outputs, Scope: shared, Untrusted: true, Limits: o.limits, Params: base.plan.ParamTree}
	if _, err := os.Stat(filepath.Join(shared, "actions")); err == nil {
		if s.Overlay.Lower, err = store.OpenWith(shared, store.Options{ReadOnly: true, Counters: a.counters}); err != nil {
			return nil, err
		}
	}
	// What a stranger names is read as everybody may, from public addresses, or not at all.
	s.Source = nil
	if o.network {
		s.Source = &source.Fetcher{Public: true, MaxSize: o.limits.Disk}
	}
	if !maps.Equal(s.Pins, base.pins) {
		r.Notices = append(r.Notices, "the pins of images are those of the base commit; the change to them is ignored")
	}
	s.Pins = base.pins
	if !reflect.DeepEqual(s.Plan.ParamTree, base.plan.ParamTree) && len(s.Plan.Gates) > 0 {
		r.Notices = append(r.Notices, "gates read the parameters of the base commit")
	}
	a.judgeBy(s, o)
	s.judging.held(base, own)
	s.Options.Withheld = r.Withheld
	s.Options.Notices = append([]string{fmt.Sprintf("untrusted: held back by commit %.12s; outputs go to %s; at most %s, %s on the disk and %s of log as a whole",
		base.commit, s.shown(outputs), view.Duration(o.maxTime), o.maxDisk, o.maxLog)}, r.Notices...)
	return a.execute(ctx, s, o, out)
}

// shown is a path as seen from the project's folder, if it lies inside.
func (s *session) shown(path string) string {
	if rel, err := filepath.Rel(s.project.root, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
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
	return a.planAt(ctx, p, repo, commit)
}

// planAt makes the plan of another commit of the project's repository.
func (a *app) planAt(ctx context.Context, p *project, repo *checkout.Repo, commit string) (*trusted, error) {
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
	pl, f, err := trustedPlan(source, label, filepath.Base(p.root), commit, read)
	if err != nil {
		return nil, err
	}
	pins, err := basePins(read, name, label)
	if err != nil {
		return nil, err
	}
	return &trusted{pl, commit, f, pins}, nil
}

// trustedPlan makes the plan of another commit's mlops.yaml. name is that of the
// pipeline if the file has none.
func trustedPlan(source []byte, label, name, commit string, read func(string) ([]byte, error)) (*plan.Plan, *spec.File, error) {
	f, ds := spec.Parse(label, source, spec.Options{ReadFile: read, Actions: actions.Table()})
	if err := ds.Err(); err != nil {
		return nil, nil, err
	}
	f.Name.Value = cmp.Or(f.Name.Value, name)
	contexts := map[string]any{"github": githubContext(record.Source{Commit: commit}, func(string) (string, bool) { return "", false }, nil)}
	pl, err := plan.New(f, plan.Options{Contexts: contexts, Actions: actions.Table()})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", label, err)
	}
	return pl, f, nil
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
