package baseline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
)

// A Query is a run that wants something to be compared with.
type Query struct {
	Asked      string // as mlops.yaml has it; "" means merge-base
	Pipeline   string
	Repository string // address; "" if it is not known
	Commit     string // that runs, whole id; "" outside git
	Dirty      bool   // the files differ from the commit
	Branch     string // "" if it is not known
	Run        string // id of the run itself, which is never its own baseline
	Base       Base
}

// A Base is the branch that a change goes into, as far as a forge or a CI
// service tells. What is empty is found out from git.
type Base struct {
	Branch string // its name, such as main
	Tip    string // its newest commit
	Head   string // newest commit of the change, by which its trial merge is known
}

// A Found is what a run is compared with, or why there is nothing. Why is never
// empty: it is the reason for this commit or run or, if there is none, what is
// missing and what to do about it.
type Found struct {
	report.Baseline
	Run  *record.Run // nil if there is none
	Name string      // as people call it: main, v1.2, churn@production
	text string      // of Line, age apart
}

// Line tells all of it in one line: which commit and run, how old, why this one.
func (f *Found) Line() string {
	if f.Run == nil {
		return "none: " + f.Why
	}
	line := f.text
	if !f.Run.Started.IsZero() {
		line += ", " + age(f.Age) + " old"
	}
	if f.Run.Status == record.Failure {
		line += "; a gate failed there"
	}
	return line
}

// History is what is asked of the repository. Commits are whole ids. Its errors
// may have a method Cure that says, for people, what to do.
type History interface {
	// Commit returns the commit that a branch, tag, remote branch or id names here.
	Commit(ctx context.Context, name string) (id string, ok bool)
	// Fetch gets a commit, branch or tag of the remote that is not here.
	Fetch(ctx context.Context, name string) (id string, err error)
	// Upstream returns the branch that a branch follows, or "".
	Upstream(ctx context.Context, branch string) string
	// Parents returns the parents of a commit that is here.
	Parents(ctx context.Context, commit string) ([]string, error)
	// MergeBase returns where two commits parted. It must not be wrong because
	// the history is cut off.
	MergeBase(ctx context.Context, base, head string) (string, error)
	// Line returns a commit and the first parents behind it, n commits at most,
	// and with an error those that are here.
	Line(ctx context.Context, commit string, n int) ([]string, error)
	// Ahead counts the first parents from one commit to a later one, if it can be told.
	Ahead(ctx context.Context, from, to string) (n int, ok bool)
}

// A Forge knows where two commits of its repository parted, without a clone, and
// how many commits base has since then; -1 if it does not say.
type Forge interface {
	MergeBase(ctx context.Context, base, head string) (commit string, behind int, err error)
}

// Models know which run made what.
type Models interface {
	// Made returns the run that made the version of a model which an alias names.
	Made(ctx context.Context, model, alias string) (run string, err error)
}

// DefaultBound is how many first parents are tried.
const DefaultBound = 100

// A Resolver finds baselines in one store.
type Resolver struct {
	Root    string // of the store
	Index   *Index
	History History                           // nil outside git
	Forge   Forge                             // nil if none can be asked
	Models  Models                            // nil without a registry
	Folder  string                            // that file:PATH starts from
	Read    func(path string) ([]byte, error) // of file:PATH
	Bound   int                               // 0 means DefaultBound
	Now     time.Time                         // when the run began
}

// Resolve finds what q is to be compared with. That there is nothing is no
// error: Found says so. The error is ctx's.
func (r *Resolver) Resolve(ctx context.Context, q Query) (*Found, error) {
	q.Asked = cmp.Or(q.Asked, "merge-base")
	f := &Found{Baseline: report.Baseline{Asked: q.Asked, Tip: -1}}
	word, rest, _ := strings.Cut(q.Asked, ":")
	switch word {
	case "previous":
		r.previous(f, q)
	case "promoted":
		r.promoted(ctx, f, rest)
	case "file":
		r.file(f, rest)
	default:
		t, err := r.target(ctx, q)
		if err != nil {
			f.none("%s", problem(err))
			break
		}
		r.nearest(ctx, f, q, t)
	}
	if f.Run != nil && !f.Run.Started.IsZero() {
		f.Age = max(0, r.Now.Sub(f.Run.Started))
	}
	return f, ctx.Err()
}

// none says why there is nothing to compare with.
func (f *Found) none(format string, args ...any) { f.Why = fmt.Sprintf(format, args...) }

// problem is an error with its cure, on one line.
func problem(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	var curable interface{ Cure() string }
	if errors.As(err, &curable) && curable.Cure() != "" {
		text += "; " + curable.Cure()
	}
	return text
}

// A curedError is an error with what to do about it.
type curedError struct{ text, cure string }

func (e curedError) Error() string { return e.text }
func (e curedError) Cure() string  { return e.cure }

// nearest takes the run of a commit, or of the nearest of its first parents that has one.
func (r *Resolver) nearest(ctx context.Context, f *Found, q Query, t target) {
	f.Wanted, f.Name, f.Tip = t.commit, t.name, t.behind
	if r.History != nil && t.tip != "" {
		if n, ok := r.History.Ahead(ctx, t.commit, t.tip); ok {
			f.Tip = n
		}
	}
	runs := r.Index.of(q)
	if run := r.load(runs[t.commit]); run != nil {
		f.take(run, 0, t.why)
		f.text = fmt.Sprintf("%s (%s%s), run %s", at(t.name, t.commit), t.how, f.behindTip(), shortRun(run.ID))
		return
	}
	line, err := r.line(ctx, t.commit, len(runs) > 0)
	for i, commit := range line {
		if run := r.load(runs[commit]); run != nil {
			f.take(run, i, t.why)
			f.text = fmt.Sprintf("%s, %s before %.12s (%s%s), which has no run; run %s", at(t.name, commit), commits(i), t.commit, t.how, f.behindTip(), shortRun(run.ID))
			return
		}
	}
	f.nothing(q, t, len(line), len(r.Index.failed(q)[t.commit]), err)
}

// line is the first-parent line that is looked at; nobody looks where there is no run at all.
func (r *Resolver) line(ctx context.Context, commit string, any bool) ([]string, error) {
	if r.History == nil || !any {
		return nil, nil
	}
	return r.History.Line(ctx, commit, cmp.Or(r.Bound, DefaultBound)+1)
}

func (f *Found) take(run *record.Run, behind int, why string) {
	f.Run, f.Behind, f.Found, f.Why = run, behind, run.Source.Commit, why
}

// nothing says that no run was found, and how to get one.
func (f *Found) nothing(q Query, t target, looked, failed int, err error) {
	what := fmt.Sprintf("no run of %s is recorded for %s (%s)", q.Pipeline, at(t.name, t.commit), t.how)
	if failed > 0 {
		what = fmt.Sprintf("no run of %s succeeded on %s (%s)", q.Pipeline, at(t.name, t.commit), t.how)
	}
	if looked > 1 {
		what += fmt.Sprintf(" or the %s before it", commits(looked-1))
	}
	if err != nil {
		f.none("%s; %s", what, problem(err))
		return
	}
	f.none("%s; %s", what, RunIt)
}

// RunIt is the cure where a commit has no run.
const RunIt = "run it there once, or set baseline-run: true"

func (f *Found) behindTip() string {
	if f.Tip < 1 {
		return ""
	}
	return fmt.Sprintf(", %s behind the tip", commits(f.Tip))
}

// previous takes the last successful run, of the same branch if there is one.
func (r *Resolver) previous(f *Found, q Query) {
	for _, branch := range []string{q.Branch, ""} {
		for _, l := range r.Index.earlier(q, branch) {
			run := r.load([]*Line{l})
			if run == nil {
				continue
			}
			whose := map[bool]string{true: "this", false: "any"}[branch != ""]
			f.take(run, 0, "the last successful run of "+whose+" branch")
			f.Wanted, f.Name = f.Found, l.Branch
			f.text = fmt.Sprintf("%s (previous run of %s branch), run %s", at(l.Branch, l.Commit), whose, shortRun(run.ID))
			return
		}
	}
	f.none("no earlier run of %s succeeded; this one is the first", q.Pipeline)
}

// promoted takes the run that made a model.
func (r *Resolver) promoted(ctx context.Context, f *Found, name string) {
	model, alias, _ := strings.Cut(name, "@")
	if r.Models == nil {
		f.none("promoted:%s needs a model registry, and there is none yet; use another baseline", name)
		return
	}
	id, err := r.Models.Made(ctx, model, alias)
	if err != nil {
		f.none("%s", problem(err))
		return
	}
	run, err := record.Load(r.Root, id)
	if err != nil {
		f.none("the run that made %s: %s", name, problem(err))
		return
	}
	f.take(run, 0, "the run that made "+name)
	f.Wanted, f.Name = f.Found, name
	f.text = fmt.Sprintf("%s, made by run %s of %.12s", name, shortRun(run.ID), run.Source.Commit)
}

// load reads the first of some runs that is as the index says; nil if none is.
func (r *Resolver) load(lines []*Line) *record.Run {
	for _, l := range lines {
		run, err := record.Load(r.Root, l.ID)
		if err == nil && run.Sealed && lineOf(run) == *l {
			return run
		}
	}
	return nil
}

// Target returns the commit that q asks for, whether it has a run or not; it is
// for merge-base, base-tip and ref:REV.
func (r *Resolver) Target(ctx context.Context, q Query) (commit, name string, err error) {
	t, err := r.target(ctx, q)
	return t.commit, t.name, err
}

// Past returns the last n runs of a run's pipeline and branch up to that run,
// oldest first. It is empty if the run's branch is not known.
func (r *Resolver) Past(of *record.Run, n int) []*record.Run {
	var out []*record.Run
	for i := range r.Index.lines {
		l := &r.Index.lines[i]
		if len(out) == n {
			break
		}
		if l.ID > of.ID || l.Pipeline != of.Pipeline || l.Branch != of.Source.Branch || l.Branch == "" || !l.stands() || l.rank() == 0 || !sameRepository(l.Repository, of.Source.Repository) {
			continue
		}
		if run := r.load([]*Line{l}); run != nil {
			out = append(out, run)
		}
	}
	slices.Reverse(out)
	return out
}

// Newest returns the newest run of a pipeline that has ended: on a commit,
// whatever it was run for, or of all if that is ""; nil if there is none.
func (r *Resolver) Newest(pipeline, commit string) *record.Run {
	for i := range r.Index.lines {
		l := &r.Index.lines[i]
		if l.Pipeline != pipeline || commit != "" && l.Commit != commit {
			continue
		}
		if run := r.load([]*Line{l}); run != nil {
			return run
		}
	}
	return nil
}

// Recorded returns the run that stands for a commit, the best and newest one; nil
// if there is none.
func (r *Resolver) Recorded(pipeline, commit string) *record.Run {
	return r.load(r.Index.of(Query{Pipeline: pipeline})[commit])
}
