package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/cmd/mlops/early"
	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/baseline"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/snapshot"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/worktree"
)

// When a run has changed nothing, the files it rested on are remembered with
// their stats. The next run with the same mlops.yaml, flags and environment
// stats them once; if all are as they were, it shows the same summary and is
// done: no YAML is parsed, nothing is written, Docker is not asked. An image's
// tag that moved meanwhile is noticed by the next run that has something to do,
// or by --refresh. Secrets that the jobs name have to be there as for every run:
// their names are remembered, and what is missing is told by the usual way.
//
// The simplest of such runs are answered by package early, which see.
//
// A snapshot is good until the machine is started anew: after a power cut, files
// may have the stats that they had and other bytes.

// snapshotKey is all that decides beside the files. It is false if that cannot be read.
func (p *project) snapshotKey(boot string, o runOptions, names []string) (snapshot.Key, bool) {
	locked, err := p.lockSource()
	if err != nil {
		return nil, false
	}
	return early.Ask{
		Boot: boot, Root: p.root, Path: p.path, Params: o.params, Inputs: o.inputs, Names: names, Downstream: o.downstream, Executor: o.executor,
		Getenv: os.Getenv, Source: p.source, Lock: locked,
	}.Key(), true
}

func (a *app) bootID() string {
	if a.boot != "" {
		return a.boot
	}
	return snapshot.Boot()
}

// fewJobs is how many jobs a summary lists when nothing had to be done.
const fewJobs = 200

// noop shows the last summary again if nothing has changed since. secrets are
// those that the flags give; those that the environment gives are added.
func (a *app) noop(p *project, o runOptions, names []string, secrets map[string]string, out view.View) bool {
	// Of a run that was killed, processes and containers may be left, which only a
	// run that starts in earnest removes.
	if o.force || o.refresh || o.event != "" || o.name != "" || runner.Unsettled(p.store()) {
		return false
	}
	began := time.Now()
	key, ok := p.snapshotKey(a.bootID(), o, names)
	if !ok {
		return false
	}
	s, ok := snapshot.Load(early.Snapshot(p.store(), key), key)
	if !ok {
		return false
	}
	defer s.Close() // it was only read
	if !s.Unchanged(p.root, &a.counters.Stats) {
		return false
	}
	idle, ok := readIdle(s.Payload())
	if !ok || !idle.Until.IsZero() && !began.Before(idle.Until) || p.recorded(idle.Summary.Pipeline, idle.Awaits) || !supply(idle.Secrets, secrets, os.LookupEnv) {
		return false
	}
	if idle.Noise != noiseDigest(p.sharedStore(), idle.Summary.Pipeline) {
		return false
	}
	if idle.Past != nil && !idle.Past.holds(p.sharedStore()) {
		return false
	}
	if idle.Models != "" && idle.Models != modelsState(p.sharedStore()) {
		return false
	}
	a.warnShort(idle.Secrets, secrets)
	idle.Summary.Wall = time.Since(began)
	idle.show(out, began)
	return true
}

// show shows a run that has nothing to do and began at a time.
func (r *idleRun) show(out view.View, began time.Time) {
	sum := &r.Summary
	out.Event(runner.Event{Kind: runner.RunStarted, Time: began.UTC(), Pipeline: sum.Pipeline, Total: sum.Cached + sum.Skipped})
	out.Event(runner.Event{Kind: runner.RunEnded, Time: time.Now().UTC(), Status: sum.Status, Summary: sum})
}

// plainly is what the plain view shows of the run, if no more has to be known than
// that the files are as they were; otherwise nil.
func (r *idleRun) plainly() *early.Shown {
	if r.Summary.Status != string(record.Success) || len(r.Secrets) > 0 || !r.Until.IsZero() || r.Awaits != "" || r.Past != nil || r.Noise != "" || r.Models != "" {
		return nil
	}
	const took = 7777 * 24 * time.Hour // what no run takes, so that the text is found in which it stands
	timed := *r
	timed.Summary.Wall = took
	var out, errs bytes.Buffer
	v := view.New(view.Plain, view.Options{Out: &out, Err: &errs})
	timed.show(v, time.Now())
	before, after, ok := strings.Cut(out.String(), view.Duration(took))
	if v.Close() != nil || errs.Len() > 0 || !ok || strings.Contains(after, view.Duration(took)) {
		return nil
	}
	return &early.Shown{Before: before, After: after, Vacant: append(runner.Traces(), noiseDir(r.Summary.Pipeline))}
}

// keepSnapshot remembers a run that would do nothing if it came again.
func (a *app) keepSnapshot(ctx context.Context, s *session, f *runner.Finished, o runOptions, names []string) error {
	// A run of a concurrency group waits for its turn, and may ask another one to stop, also when it has nothing to do.
	past, ok := s.past.basis()
	if !f.Settled || !ok || s.project.event != nil || s.Plan.Group.Name != "" || slices.ContainsFunc(s.Plan.Nodes, func(n *plan.Node) bool { return strings.HasPrefix(n.Pull, "always") }) {
		return nil
	}
	paths, ok := s.watched(ctx, f)
	models, known := s.modelsState()
	if !ok || !known {
		return nil
	}
	key, known := s.project.snapshotKey(a.bootID(), o, names)
	if !known {
		return nil
	}
	file := early.Snapshot(s.project.store(), key)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	forgetOldest(filepath.Dir(file))
	saved, err := worktree.SaveSnapshot(file, s.project.root, paths, worktree.SnapshotOptions{
		Key: key, Payload: writeIdle(idleRun{f.Summary, s.secretNames(), f.Until, s.awaits(), past, noiseDigest(s.project.sharedStore(), s.Plan.Pipeline), models}), Now: time.Now(), Counters: a.counters,
		Stamp: func(path string) (store.Digest, bool) {
			d, ok := f.Files[path]
			return d, ok && !d.IsZero()
		},
	})
	if err != nil || !saved {
		return err
	}
	// What changed while the run went on is in the snapshot as it is now, and
	// was decided upon as it was before: such a snapshot would lie.
	if !s.still(ctx, f) {
		return os.Remove(file)
	}
	return nil
}

// still reports whether everything that the run rested on is as it was then.
func (s *session) still(ctx context.Context, f *runner.Finished) bool {
	if s.Plan.ParamFile != "" {
		text, err := s.project.read(s.Plan.ParamFile)
		if err != nil || store.Sum(text) != s.project.paramDigest {
			return false
		}
	}
	if s.Plan.Git {
		now := &project{contexts: maps.Clone(s.project.contexts)}
		now.contexts["github"] = githubContext(s.Tree.Source(ctx), os.LookupEnv, nil)
		if now.contextsDigest() != s.project.contextsDigest() {
			return false
		}
	}
	return f.Still(ctx)
}

// watched are the files and folders whose change would change the run.
func (s *session) watched(ctx context.Context, f *runner.Finished) ([]string, bool) {
	paths := make([]string, 0, len(f.Files)+len(f.Folders)+4)
	for p := range f.Files {
		paths = append(paths, p)
	}
	if s.Plan.ParamFile != "" {
		paths = append(paths, s.Plan.ParamFile)
		if real, err := filepath.EvalSymlinks(filepath.Join(s.project.root, filepath.FromSlash(s.Plan.ParamFile))); err == nil {
			paths = append(paths, real) // where a link leads
		}
	}
	for _, pattern := range f.Folders {
		paths = append(paths, folders(s.project.root, s.project.store(), pattern)...)
	}
	if s.watchesGit(ctx) {
		git, ok := gitFiles(s.project.root)
		if !ok {
			return nil, false
		}
		paths = append(paths, git...)
	}
	compares := s.judging != nil && s.judging.compares()
	if past, _ := s.past.basis(); compares || past != nil {
		branches, ok := branchFiles(s.project.root)
		if !ok && past != nil {
			return nil, false
		}
		paths = append(paths, branches...)
	}
	slices.Sort(paths)
	return slices.Compact(paths), true
}

// watchesGit reports whether a commit, or what git tracks, may change the run: also
// one that promotes, as no alias moves to what is in no commit.
func (s *session) watchesGit(ctx context.Context) bool {
	tracked := slices.ContainsFunc(s.Plan.Nodes, func(n *plan.Node) bool { return n.Tracked })
	return tracked || s.Plan.Git || s.promotion != nil && s.Tree.Source(ctx).Commit != ""
}

// branchFiles are the files and folders by which a branch or tag of git is seen
// to move: then the run may have to be compared with another one. It is false where
// gitFiles is.
func branchFiles(root string) ([]string, bool) {
	files, ok := gitFiles(root)
	if !ok {
		return nil, false
	}
	refs := filepath.Join(filepath.Dir(files[0]), "refs")
	files = slices.DeleteFunc(files, func(f string) bool { return filepath.Base(f) == "index" })
	err := filepath.WalkDir(refs, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() { // a reference is replaced by renaming another one
			files = append(files, path)
		}
		return err
	})
	return files, err == nil
}

// folders lists the folders whose listing decides what a pattern matches.
func folders(root, storeDir, pattern string) []string {
	base := strings.TrimSuffix(pattern, "/")
	if plan.Glob(base) {
		base = plan.Fixed(base)
	}
	var out []string
	start := filepath.Join(root, filepath.FromSlash(base))
	_ = filepath.WalkDir(start, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir():
			return nil
		case d.Name() == ".git" || path == storeDir || d.Name() == ".mlops":
			return fs.SkipDir
		}
		rel, err := filepath.Rel(root, path)
		if err == nil {
			out = append(out, filepath.ToSlash(rel))
		}
		return nil
	})
	return out
}

// gitFiles are the files in which git notes the commit and what it tracks. It
// is false for a repository whose folder is not where it usually is.
func gitFiles(root string) ([]string, bool) {
	for dir := root; ; dir = filepath.Dir(dir) {
		git := filepath.Join(dir, ".git")
		st, err := os.Lstat(git)
		switch {
		case err == nil && !st.IsDir():
			return nil, false
		case err == nil:
			return gitState(git), true
		case dir == filepath.Dir(dir):
			return nil, false
		}
	}
}

func gitState(git string) []string {
	out := []string{filepath.Join(git, "HEAD"), filepath.Join(git, "index"), filepath.Join(git, "packed-refs"), filepath.Join(git, "config")}
	head, err := os.ReadFile(filepath.Join(git, "HEAD"))
	if ref, ok := strings.CutPrefix(strings.TrimSpace(string(head)), "ref: "); err == nil && ok && filepath.IsLocal(ref) {
		out = append(out, filepath.Join(git, filepath.FromSlash(ref)))
	}
	return out
}

// idleRun is the payload of a snapshot: what a run needs that has nothing to do,
// and what it shows.
type idleRun struct {
	Summary runner.Summary `json:"summary"`
	Secrets []string       `json:"secrets,omitempty"` // names of those that its jobs name
	Until   time.Time      `json:"until,omitzero"`    // until when there is nothing to do; zero means forever
	Awaits  string         `json:"awaits,omitempty"`  // commit whose run it would have been compared with, had there been one
	Past    *pastBasis     `json:"past,omitempty"`    // what jobs got of earlier runs; nil if none asked
	Noise   string         `json:"noise,omitempty"`   // digest of the noise by which metrics were judged; "" for none
	Models  string         `json:"models,omitempty"`  // what the registry came to; "" if it promotes nothing
}

// modelsState is what the registry comes to once a run that promotes has ended. It is
// not known where another machine may move an alias in the shared store.
func (s *session) modelsState() (state string, known bool) {
	if s.promotion == nil {
		return "", true
	}
	state = modelsState(s.project.sharedStore())
	return state, state != "" && !s.promotion.outlet.on()
}

// modelsState is what a store's registry comes to; "" if it cannot be read.
func modelsState(root string) string {
	state, err := registry.State(root)
	if err != nil {
		return ""
	}
	return state.Hex()
}

// awaits is the commit whose run was wanted to compare with and is not there, so
// that nothing or the run of an older commit was taken: who records it meanwhile,
// here or in another clone with the same store, expects the next run to see it.
func (s *session) awaits() string {
	j := s.judging
	if j == nil || !j.compares() || j.beside != nil && j.basis.Baseline.Found == j.basis.Baseline.Wanted {
		return ""
	}
	return j.basis.Baseline.Wanted
}

// recorded reports whether there is a run of a commit, "" for none.
func (p *project) recorded(pipeline, commit string) bool {
	if commit == "" {
		return false
	}
	index, err := baseline.OpenIndex(p.sharedStore(), nil)
	return err != nil || index.Has(pipeline, commit)
}

// writeIdle makes the payload from what a run that did something came to, and
// leaves its jobs out if there are many.
func writeIdle(idle idleRun) []byte {
	s := idle.Summary
	s.Cached += s.Succeeded
	s.Succeeded, s.CPU, s.Wall = 0, 0, 0
	jobs := make([]runner.JobSummary, len(s.Jobs))
	for i, j := range s.Jobs {
		if j.Status == "success" {
			if !j.Cached {
				s.Saved += j.Wall
			}
			j.Cached, j.Wall, j.CPU, j.Peak = true, 0, 0, 0
		}
		jobs[i] = j
	}
	if s.Jobs = jobs; len(jobs) > fewJobs {
		s.Jobs = nil
	}
	idle.Summary = s
	text, err := json.Marshal(idle)
	if err != nil {
		return nil
	}
	var read idleRun // what is shown of it is shown of what will be read
	if json.Unmarshal(text, &read) != nil {
		return nil
	}
	return read.plainly().Append(nil, text)
}

func readIdle(payload []byte) (r idleRun, ok bool) {
	_, text, ok := early.Cut(payload)
	return r, ok && json.Unmarshal(text, &r) == nil
}

// remembered is how many combinations of flags and files snapshots and plans are kept of.
const remembered = 32

func forgetOldest(dir string) {
	es, err := os.ReadDir(dir)
	if err != nil || len(es) < remembered {
		return
	}
	oldest, when := "", time.Now()
	for _, e := range es {
		if info, err := e.Info(); err == nil && info.ModTime().Before(when) {
			oldest, when = e.Name(), info.ModTime()
		}
	}
	if oldest != "" {
		_ = os.Remove(filepath.Join(dir, oldest))
	}
}

// forgetSnapshots makes the next run look at everything again.
func forgetSnapshots(s *store.Dir) error {
	return os.RemoveAll(filepath.Join(s.Root(), early.SnapshotFolder))
}
