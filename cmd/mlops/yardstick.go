package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/baseline"
	"github.com/mlops-runner/mlops/runner/checkout"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/trigger"
	"github.com/mlops-runner/mlops/spec"
)

// A yardstick is what the runs of a project can be compared with: the records
// of its store and the history of its repository.
type yardstick struct {
	project *project
	root    string // of the store
	keep    func(rel string, data []byte) error
	repo    *checkout.Repo // nil outside git
	index   *baseline.Index
	forge   baseline.Forge // that knows the repository; nil for none
	models  baseline.Models
	folder  func(name string) ([]byte, error) // reads a file of the project
}

// openYardstick opens the store's records and the repository of a project. That
// of a stranger is asked without its configuration, and leaves no trace in the store.
func (a *app) openYardstick(ctx context.Context, p *project, stranger bool) (*yardstick, error) {
	root, err := filepath.Abs(p.sharedStore())
	if err != nil {
		return nil, err
	}
	y := &yardstick{project: p, root: root, folder: p.read}
	if y.models, err = modelsIn(root); err != nil {
		return nil, err
	}
	if !stranger {
		if y.keep, err = keeper(root); err != nil {
			return nil, err
		}
		y.forge = historian(os.LookupEnv)
		y.repo, err = checkout.OpenOwn(ctx, p.root)
	} else {
		y.repo, err = checkout.Open(ctx, p.root, nil)
	}
	if err != nil {
		a.log.Debug("no history", "error", err) // outside git
		y.repo = nil
	}
	if y.index, err = baseline.OpenIndex(root, y.keep); err != nil {
		return nil, errors.Join(err, y.close())
	}
	return y, nil
}

// modelsIn are the models of the store in root, which is left as it is.
func modelsIn(root string) (*registry.Registry, error) {
	s, err := store.OpenWith(root, store.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	return registry.Open(s, nil), nil
}

// keeper writes small files into the store in root, if there is one.
func keeper(root string) (func(rel string, data []byte) error, error) {
	if _, err := os.Stat(root); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	s, err := store.Open(root)
	if err != nil {
		return nil, err
	}
	return s.WriteFile, nil
}

func (y *yardstick) close() error {
	if y.repo != nil {
		y.repo.Close()
	}
	return nil
}

// again reads the records that have been added since.
func (y *yardstick) again() (err error) {
	y.index, err = baseline.OpenIndex(y.root, y.keep)
	return err
}

func (y *yardstick) resolver(now time.Time) *baseline.Resolver {
	r := &baseline.Resolver{Root: y.root, Index: y.index, Forge: y.forge, Models: y.models, Folder: y.project.root, Read: y.folder, Now: now}
	if y.repo != nil {
		r.History = y.repo
	}
	return r
}

// patience is how long a repository may be asked for its history.
const patience = 3 * time.Minute

// find finds what a run is compared with. A failure is one more reason to have
// nothing; the error is ctx's.
func (y *yardstick) find(ctx context.Context, q baseline.Query, now time.Time) (*baseline.Found, error) {
	limited, stop := context.WithTimeout(ctx, patience)
	defer stop()
	f, err := y.resolver(now).Resolve(limited, q)
	if err != nil && ctx.Err() == nil {
		f.Why, err = "the history could not be had within "+patience.String()+"; set fetch-depth: 0", nil
	}
	return f, err
}

// past are earlier runs beside a baseline, by which one sees how much its
// metrics move by themselves.
func (y *yardstick) past(f *baseline.Found) []*record.Run {
	if f.Run == nil || f.Run.ID == "" {
		return nil
	}
	return y.resolver(time.Time{}).Past(f.Run, pastRuns)
}

// pastRuns is how many earlier runs a comparison looks at.
const pastRuns = 20

// query is what is known of a run that wants to be compared.
func (y *yardstick) query(src record.Source, pipeline, run string) baseline.Query {
	return baseline.Query{
		Pipeline: pipeline, Repository: src.Repository, Commit: src.Commit, Dirty: src.Dirty, Branch: src.Branch, Run: run,
		Base: baseOf(cause(y.project.event)),
	}
}

// cause is the event that started the run: the one that was named, or that of
// the workflow; nil for a run by hand.
func cause(named *trigger.Event) *trigger.Event {
	if named != nil {
		return named
	}
	e, err := trigger.Environ(os.LookupEnv, func(path string) ([]byte, error) { return readLimited(path, trigger.MaxPayload) })
	if err != nil {
		return nil
	}
	return e
}

// baseOf is what an event, or else the CI service, says of the branch that the
// change goes into.
func baseOf(e *trigger.Event) baseline.Base {
	branch := cmp.Or(os.Getenv("GITHUB_BASE_REF"), os.Getenv("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"))
	if e == nil {
		return baseline.Base{Branch: branch}
	}
	switch e.Name {
	case trigger.PullRequest, trigger.MergeGroup:
		return baseline.Base{Branch: cmp.Or(e.Base, branch), Tip: e.Before, Head: e.Head}
	}
	main, _ := field(e.Payload, "repository", "default_branch").(string)
	return baseline.Base{Branch: cmp.Or(branch, main)}
}

// branchOf is the branch that runs, also where a CI service has checked out its
// commit alone.
func branchOf(src record.Source, e *trigger.Event) string {
	switch {
	case e != nil && e.Name == trigger.PullRequest:
		return e.From
	case src.Branch != "":
		return src.Branch
	case e != nil && e.Branch() != "":
		return e.Branch()
	case os.Getenv("GITHUB_HEAD_REF") != "":
		return os.Getenv("GITHUB_HEAD_REF")
	case os.Getenv("GITHUB_REF_TYPE") == "branch":
		return os.Getenv("GITHUB_REF_NAME")
	}
	return ""
}

// departures says how a run differs from what its commit says by itself.
func (s *session) departures(o engineOptions) []string {
	var out []string
	for i, n := range s.Plan.Nodes {
		if !s.Options.Selected[i] && !n.Spare {
			out = append(out, "without "+n.ID)
			break
		}
	}
	for _, p := range s.Plan.Params {
		if p.Override {
			out = append(out, "param "+p.Name)
		}
	}
	for _, in := range o.inputs {
		name, _, _ := strings.Cut(in, "=")
		out = append(out, "input "+name)
	}
	return out
}

// unsure adds the names of runs, commits and branches that are like a word.
func (y *yardstick) unsure(word string, err error) error {
	names := []string{record.LATEST, "HEAD"}
	for _, l := range y.index.Lines() {
		names = append(names, l.Branch)
	}
	if near := spec.Nearest(word, names); near != "" {
		return fixError{err, `did you mean "` + near + `"?`}
	}
	return fixError{err, `"mlops runs" lists the recorded runs, "git branch -a" the branches`}
}

// field goes down into decoded JSON; nil if there is nothing.
func field(v any, names ...string) any {
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// historian is the forge of the CI service that this is a job of: it knows where
// two branches parted also where the clone does not. It is nil without a token.
func historian(lookup func(string) (string, bool)) baseline.Forge {
	api, _ := lookup("MLOPS_FORGE_API")
	ci, err := placeOptions{api: api}.place(lookup)
	if err != nil || ci.Token == "" || ci.Repo == "" {
		return nil
	}
	f, err := openForge(ci)
	if err != nil {
		return nil
	}
	return impatient{f}
}

// An impatient forge is given up soon: git can answer as well.
type impatient struct{ baseline.Forge }

// MergeBase implements [baseline.Forge].
func (f impatient) MergeBase(ctx context.Context, base, head string) (string, int, error) {
	ctx, stop := context.WithTimeout(ctx, 15*time.Second)
	defer stop()
	return f.Forge.MergeBase(ctx, base, head)
}
