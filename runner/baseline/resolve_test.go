package baseline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/checkout"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
)

// A world is a repository, made with plain git, and a store with records.
type world struct {
	t    *testing.T
	dir  string
	root string // of the store
	runs int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "repo"), root: t.TempDir()}
	if err := os.Mkdir(w.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	w.git("init", "-q", "-b", "main")
	return w
}

func (w *world) git(args ...string) string {
	w.t.Helper()
	c := exec.Command("git", args...)
	c.Dir = w.dir
	c.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.root, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=a@example.org",
	}
	out, err := c.CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit makes n commits and returns their ids.
func (w *world) commit(n int) []string {
	w.t.Helper()
	var ids []string
	for i := range n {
		w.git("commit", "-q", "--allow-empty", "-m", fmt.Sprint(w.git("symbolic-ref", "--short", "HEAD"), i, w.runs))
		ids = append(ids, w.git("rev-parse", "HEAD"))
	}
	return ids
}

var epoch = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// ran records a successful run of a commit, an hour after the one before, with
// changes, and returns its id.
func (w *world) ran(commit string, change ...func(*record.Run)) string {
	w.t.Helper()
	w.runs++
	run := record.Run{Pipeline: "churn", Status: record.Success, Started: epoch.Add(time.Duration(w.runs) * time.Hour)}
	run.ID = fmt.Sprintf("019a%04x-0000-7000-8000-000000000000", w.runs)
	run.Source = record.Source{Commit: commit, Branch: "main", Repository: "https://example.org/ada/churn"}
	for _, c := range change {
		c(&run)
	}
	rec, err := record.Create(w.root, run)
	if err != nil {
		w.t.Fatal(err)
	}
	if run.Status == record.Running {
		w.t.Cleanup(func() { rec.Close() })
		return rec.ID()
	}
	if _, err := rec.Seal(run); err != nil {
		w.t.Fatal(err)
	}
	return rec.ID()
}

func (w *world) history(dir string) *checkout.Repo {
	w.t.Helper()
	repo, err := checkout.OpenOwn(w.t.Context(), dir)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(repo.Close)
	return repo
}

// resolve resolves a query of the checked-out commit.
func (w *world) resolve(q Query, change ...func(*Resolver)) *Found {
	w.t.Helper()
	index, err := OpenIndex(w.root, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r := &Resolver{
		Root: w.root, Index: index, History: w.history(w.dir), Now: epoch.Add(100 * time.Hour), Folder: w.dir,
		Read: func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(w.dir, name)) },
	}
	for _, c := range change {
		c(r)
	}
	q.Pipeline = "churn"
	if q.Commit == "" {
		q.Commit = w.git("rev-parse", "HEAD")
	}
	f, err := r.Resolve(w.t.Context(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	if f.Why == "" || strings.Contains(f.Line(), "\n") || strings.HasPrefix(f.Why, "none") {
		w.t.Errorf("why is %q", f.Why)
	}
	return f
}

// found checks what was found: the run and the reason.
func (w *world) found(name string, f *Found, run, why string) {
	w.t.Helper()
	got := ""
	if f.Run != nil {
		got = f.Run.ID
	}
	if got != run {
		w.t.Errorf("%s: found run %q, want %q", name, got, run)
	}
	if d := cmp.Diff(why, f.Line()); d != "" {
		w.t.Errorf("%s: why: %s", name, d)
	}
}

func dirty(r *record.Run)   { r.Source.Dirty = true }
func departs(r *record.Run) { r.Departs = []string{"only train"} }
func gate(r *record.Run)    { r.Status, r.Reason = record.Failure, "gate" }
func broken(r *record.Run)  { r.Status, r.Reason = record.Failure, "exit" }
func running(r *record.Run) { r.Status = record.Running }
func other(r *record.Run)   { r.Pipeline = "other" }
func branch(name string) func(*record.Run) {
	return func(r *record.Run) { r.Source.Branch = name }
}

// short is a commit as it is shown.
func short(commit string) string { return commit[:12] }

func TestMergeBase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.commit(3)
	w.git("checkout", "-q", "-b", "work")
	work := w.commit(2)
	w.git("checkout", "-q", "main")
	after := w.commit(4)
	w.git("checkout", "-q", "work")

	none := "none: no run of churn is recorded for main@" + short(before[2]) + " (merge base)"
	w.found("no run at all", w.resolve(Query{Branch: "work"}), "", none+"; run it there once, or set baseline-run: true")

	w.ran(after[3])
	w.ran(work[0], branch("work"))
	f := w.resolve(Query{Branch: "work"})
	w.found("runs elsewhere only", f, "", none+" or the 2 commits before it; run it there once, or set baseline-run: true")
	if f.Wanted != before[2] || f.Tip != 4 {
		t.Errorf("wanted %s, tip %d; want %s, 4", f.Wanted, f.Tip, before[2])
	}

	first := w.ran(before[0])
	for _, spoilt := range []func(*record.Run){dirty, departs, broken, running, other} {
		w.ran(before[2], spoilt)
	}
	f = w.resolve(Query{Branch: "work"})
	w.found("an ancestor", f, first, "main@"+short(before[0])+", 2 commits before "+short(before[2])+" (merge base, 4 commits behind the tip), which has no run; run 019a0003-0000, 4 d old")
	if f.Found != before[0] || f.Behind != 2 || f.Age != 97*time.Hour {
		t.Errorf("found %s, %d behind, %s old", f.Found, f.Behind, f.Age)
	}
	w.found("an ancestor out of reach", w.resolve(Query{Branch: "work"}, func(r *Resolver) { r.Bound = 1 }), "",
		"none: no run of churn succeeded on main@"+short(before[2])+" (merge base) or the 1 commit before it; run it there once, or set baseline-run: true")

	gated := w.ran(before[2], gate)
	w.found("stopped by a gate", w.resolve(Query{Branch: "work"}), gated, "main@"+short(before[2])+" (merge base, 4 commits behind the tip), run 019a0009-0000, 3 d old; a gate failed there")
	w.ran(before[2])
	newest := w.ran(before[2])
	w.ran(before[2], gate)
	w.found("the newest success", w.resolve(Query{Branch: "work"}), newest, "main@"+short(before[2])+" (merge base, 4 commits behind the tip), run 019a000b-0000, 3 d old")
	w.found("never itself", w.resolve(Query{Branch: "work", Run: newest}), "019a000a-0000-7000-8000-000000000000", "main@"+short(before[2])+" (merge base, 4 commits behind the tip), run 019a000a-0000, 3 d old")
}

// A commit of the branch itself is compared with the one before it, and changes
// that are in no commit with the commit they were made in.
func TestOnTheBaseBranch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.commit(3)
	runs := []string{w.ran(ids[0]), w.ran(ids[1]), w.ran(ids[2])}
	for _, asked := range []string{"merge-base", "base-tip", ""} {
		w.found(asked, w.resolve(Query{Asked: asked, Branch: "main"}), runs[1], "main@"+short(ids[1])+" (previous commit, 1 commit behind the tip), run 019a0002-0000, 4 d old")
		w.found(asked+", dirty", w.resolve(Query{Asked: asked, Branch: "main", Dirty: true}), runs[2], "main@"+short(ids[2])+" (the commit that was changed), run 019a0003-0000, 4 d old")
	}
	w.found("an older commit of it", w.resolve(Query{Commit: ids[1]}), runs[0], "main@"+short(ids[0])+" (previous commit, 2 commits behind the tip), run 019a0001-0000, 4 d old")
	w.found("the first commit", w.resolve(Query{Commit: ids[0]}), "", "none: "+short(ids[0])+" is the first commit of main")
}

// Of the trial merge of a pull request the base is its first parent: what the base
// branch did meanwhile is in what runs.
func TestTrialMerge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.commit(1)
	w.git("checkout", "-q", "-b", "work")
	work := w.commit(1)
	w.git("checkout", "-q", "main")
	after := w.commit(2)
	parted, tip := w.ran(before[0]), w.ran(after[1])
	w.git("checkout", "-q", "-b", "trial")
	w.git("merge", "-q", "--no-ff", "-m", "trial", "work")
	base := Base{Branch: "main", Tip: after[0], Head: work[0]} // the event is older than the trial
	for _, asked := range []string{"merge-base", "base-tip"} {
		f := w.resolve(Query{Asked: asked, Base: base})
		if f.Run == nil || f.Run.ID != tip {
			t.Errorf("%s: %s", asked, f.Why)
		}
	}
	f := w.resolve(Query{Base: base, Commit: work[0]})
	w.found("its head alone", f, parted, "main@"+short(before[0])+" (merge base, 1 commit behind the tip), run 019a0001-0000, 4 d old")
	f = w.resolve(Query{Base: Base{Branch: "main"}, Commit: work[0]})
	w.found("by the branch's name", f, parted, "main@"+short(before[0])+" (merge base, 2 commits behind the tip), run 019a0001-0000, 4 d old")
}

func TestPrevious(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.commit(2)
	w.found("none", w.resolve(Query{Asked: "previous", Branch: "main"}), "", "none: no earlier run of churn succeeded; this one is the first")
	elsewhere := w.ran(ids[0], branch("work"))
	w.ran(ids[1], func(r *record.Run) { r.Trigger.Event = Event })
	w.ran(ids[1], func(r *record.Run) { r.Source.Repository = "https://example.org/eve/churn" })
	for _, spoilt := range []func(*record.Run){dirty, departs, broken, gate, running, other} {
		w.ran(ids[1], spoilt)
	}
	w.found("of another branch", w.resolve(Query{Asked: "previous", Branch: "main", Repository: "git@example.org:ada/churn.git"}), elsewhere,
		"work@"+short(ids[0])+" (previous run of any branch), run 019a0001-0000, 4 d old")
	here := w.ran(ids[1])
	w.ran(ids[1], branch("work"))
	w.found("of this branch", w.resolve(Query{Asked: "previous", Branch: "main", Repository: "git@example.org:ada/churn.git"}), here,
		"main@"+short(ids[1])+" (previous run of this branch), run 019a000a-0000, 3 d old")
}

func TestRef(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.commit(3)
	w.git("tag", "-a", "-m", "v1", "v1", ids[1])
	run := w.ran(ids[1])
	for _, rev := range []string{"v1", "main~1", ids[1][:10]} {
		name := rev
		if rev == ids[1][:10] {
			name = ""
		}
		w.found(rev, w.resolve(Query{Asked: "ref:" + rev}), run, strings.TrimPrefix(name+"@", "@")+short(ids[1])+" (ref:"+rev+"), run 019a0001-0000, 4 d old")
	}
	w.found("an ancestor", w.resolve(Query{Asked: "ref:main"}), run, "main@"+short(ids[1])+", 1 commit before "+short(ids[2])+" (ref:main), which has no run; run 019a0001-0000, 4 d old")
	w.found("none", w.resolve(Query{Asked: "ref:v9"}), "", "none: the repository has no commit v9: there is no remote origin; fetch it, or correct baseline: ref:v9")
}

// Which branch a change goes into is that which its own follows, else the main one.
func TestGuess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.commit(1)
	w.git("checkout", "-q", "-b", "release")
	w.commit(1)
	clone := filepath.Join(t.TempDir(), "clone")
	w.git("checkout", "-q", "main")
	w.git("clone", "-q", w.dir, clone)
	r := &Resolver{History: w.history(clone)}
	in := &world{t: t, dir: clone, root: w.root}
	in.git("checkout", "-q", "-b", "fix", "--track", "origin/release")
	in.git("checkout", "-q", "-b", "pushed", "--no-track", "origin/main")
	in.git("config", "branch.pushed.remote", "origin")
	in.git("config", "branch.pushed.merge", "refs/heads/pushed")
	in.git("update-ref", "refs/remotes/origin/pushed", "HEAD")
	for name, want := range map[string]string{"fix": "origin/release", "pushed": "origin/main", "main": "origin/main", "": "origin/main"} {
		b, err := r.guess(t.Context(), Query{Branch: name})
		if err != nil || b.Branch != want {
			t.Errorf("branch %q goes into %q, %v; want %s", name, b.Branch, err, want)
		}
	}
	w.git("branch", "-m", "main", "stem")
	f := w.resolve(Query{Branch: "stem"})
	w.found("no main branch", f, "", "none: nothing tells which branch this one goes into: no pull request, no upstream, no origin/HEAD, main or master; name it with baseline: ref:BRANCH, or use baseline: previous")
	f = w.resolve(Query{}, func(r *Resolver) { r.History = nil })
	w.found("no git", f, "", "none: this folder is in no git repository with a commit, so merge-base means nothing; use baseline: previous or file:PATH")
}

// forge answers for one pair of commits and is down for others.
type forge map[[2]string]string

func (f forge) MergeBase(_ context.Context, base, head string) (string, int, error) {
	id, ok := f[[2]string{base, head}]
	if !ok {
		return "", 0, errors.New("the forge is down")
	}
	return id, 3, nil
}

// In a clone that was cut off git alone would be wrong: its answer is not believed
// before the history is there.
func TestShallow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.commit(40)
	w.git("checkout", "-q", "-b", "work")
	work := w.commit(1)
	w.git("checkout", "-q", "main")
	after := w.commit(3)
	run := w.ran(before[30])
	dir := ""
	clone := func() func(*Resolver) {
		dir = filepath.Join(t.TempDir(), "clone")
		w.git("clone", "-q", "--depth", "1", "--branch", "work", "file://"+w.dir, dir)
		return func(r *Resolver) { r.History = w.history(dir) }
	}
	base := Base{Branch: "main", Tip: after[2]}
	why := "main@" + short(before[30]) + ", 9 commits before " + short(before[39]) + " (merge base, 3 commits behind the tip), which has no run; run 019a0001-0000, 4 d old"
	w.found("by git", w.resolve(Query{Commit: work[0], Base: base}, clone()), run, why)
	w.found("by the branch's name", w.resolve(Query{Commit: work[0], Base: Base{Branch: "main"}}, clone()), run, why)

	ask := func(r *Resolver) { clone()(r); r.Forge = forge{{after[2], work[0]}: before[39]} }
	f := w.resolve(Query{Commit: work[0], Base: base}, ask)
	w.found("by the forge", f, run, "main@"+short(before[30])+", 9 commits before "+short(before[39])+" (merge base, 3 commits behind the tip), which has no run; run 019a0001-0000, 4 d old")
	f = w.resolve(Query{Commit: work[0], Base: base}, func(r *Resolver) { ask(r); r.Forge = forge{} })
	w.found("by git, when the forge is down", f, run, why)
	away := func(r *Resolver) { ask(r); w.git("-C", dir, "remote", "set-url", "origin", "file:///nowhere") }
	f = w.resolve(Query{Commit: work[0], Base: base}, away)
	if f.Run != nil || !strings.Contains(f.Why, "set fetch-depth: 0") {
		t.Errorf("nothing can be fetched: %s", f.Why)
	}
}

// models is a registry of one model.
type models struct{ run string }

func (m models) Made(_ context.Context, model, alias string) (string, error) {
	if model != "churn" || alias != "production" {
		return "", curedError{"model " + model + " has no alias " + alias, `"mlops models" lists them`}
	}
	return m.run, nil
}

func TestPromoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.commit(1)
	run := w.ran(ids[0], departs) // it made the model, whatever it stands for
	asked := Query{Asked: "promoted:churn@production"}
	w.found("no registry", w.resolve(asked), "", "none: promoted:churn@production needs a model registry, and there is none yet; use another baseline")
	with := func(id string) func(*Resolver) { return func(r *Resolver) { r.Models = models{id} } }
	w.found("a model", w.resolve(asked, with(run)), run, "churn@production, made by run 019a0001-0000 of "+short(ids[0])+", 4 d old")
	w.found("no alias", w.resolve(Query{Asked: "promoted:churn@x"}, with(run)), "", `none: model churn has no alias x; "mlops models" lists them`)
	if f := w.resolve(asked, with("019a9999-0000-7000-8000-000000000000")); f.Run != nil || !strings.HasPrefix(f.Line(), "none: the run that made churn@production: ") {
		t.Errorf("a run that is gone: %s", f.Why)
	}
}

// reported is a report of a run of a commit beside one with a metric more.
func reported(t *testing.T, commit string) string {
	t.Helper()
	of := func(ms ...record.Metric) *record.Run {
		return &record.Run{Pipeline: "churn", Status: record.Success, Started: epoch, Source: record.Source{Commit: commit}, Jobs: []record.Job{{ID: "train", Status: record.Success, Metrics: ms}}}
	}
	ms := []record.Metric{{Name: "auc", Value: 0.9}, {Name: "val.loss", Value: 0.3}}
	r := report.Compare(of(ms...), of(append(ms, record.Metric{Name: "gone", Value: 1})...), report.CompareOptions{Baseline: report.Baseline{Asked: "merge-base", Why: "x"}})
	text, err := record.Canonical(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.commit(1)
	id := w.ran(ids[0])
	e, err := record.Find(w.root, id)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"m.json": `{"auc": 0.9, "val": {"loss": 0.3}}`, "m.csv": "metric,value\nauc,0.9\nval.loss,0.3\n", "m.yaml": "auc: 0.9\nval: {loss: 0.3}\n", "empty.json": "{}", "bad.json": "{",
		"report.json": reported(t, ids[0]), "damaged.json": `{"version": 1, "decision": "grand", "metrics": [{"name": "auc", "head": 0.9}]}`,
	} {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, why := range map[string]string{"m.json": "the file m.json", "m.csv": "the file m.csv", "m.yaml": "the file m.yaml", "report.json": "the file report.json, 4 d old"} {
		f := w.resolve(Query{Asked: "file:" + name}, func(r *Resolver) { r.History = nil })
		w.found(name, f, "", why)
		got := map[string]float64{}
		for _, m := range f.Run.Metrics() {
			got[m.Name] = m.Value
		}
		if d := cmp.Diff(map[string]float64{"auc": 0.9, "val.loss": 0.3}, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	w.found("a record", w.resolve(Query{Asked: "file:" + filepath.Join(e.Dir, "run.json")}), id, "the file "+filepath.Join(e.Dir, "run.json")+", run 019a0001-0000, 4 d old")
	for name, why := range map[string]string{"none.json": "no such file", "empty.json": "it holds no metric", "bad.json": "bad.json", "damaged.json": "report: ", "run.json": "run.json"} {
		if f := w.resolve(Query{Asked: "file:" + name}); f.Run != nil || !strings.HasPrefix(f.Line(), "none: file:"+name) || !strings.Contains(f.Why, why) {
			t.Errorf("%s: %s", name, f.Why)
		}
	}
}
