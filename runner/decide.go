package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/spec/expression"
)

// A Fate is what is to become of a job.
type Fate string

// The fates.
const (
	WillRun  Fate = "run"
	IsCached Fate = "cached"
	MayRun   Fate = "maybe"  // depends on what jobs before it write
	IsSkip   Fate = "skip"   // its condition is false
	CannotBe Fate = "error"  // an input is missing, or an expression has no value
	Chooses  Fate = "select" // a node that picks one of its legs
)

// A decision is what the runner makes of a node when all it needs has ended.
type decision struct {
	fate   Fate
	why    []string
	err    string // of CannotBe
	fix    string
	reason agent.Reason
	place  bool // the error is the place's, not the job's

	lines      []string // of the fingerprint; empty if not known yet
	print      store.Digest
	definition store.Digest // of the lines that are known while planning
	hit        *Result
	inputs     inputs
	image      Image
	services   []Image // of the node's services
	env        []agent.Var
	needs      map[string]any
}

// fail makes the decision that a node cannot be.
func (d decision) fail(err error) decision {
	d.fate, d.err, d.reason = CannotBe, err.Error(), agent.ReasonConfig
	var in *inputError
	var exec *ExecError
	switch {
	case errors.As(err, &in):
		d.fix = in.fix
	case errors.As(err, &exec):
		d.fix, d.reason, d.place = exec.Fix, exec.Reason, true
	case errors.Is(err, fs.ErrPermission):
		d.fix = "make the file readable for you, or leave it out of inputs"
	}
	return d
}

// decide makes the decision for a Run node. With forecast, what is not there
// yet stays open instead of being made. cancelled is what cancelled() says.
func (x *execution) decide(ctx context.Context, n *plan.Node, forecast, cancelled bool) decision {
	d := decision{needs: x.needs(n)}
	if why := x.withholding(n); why != "" {
		d.fate, d.why = IsSkip, []string{why}
		return d
	}
	scope := x.contexts.scope(n, d.needs)
	c := x.condition(n, scope, cancelled)
	switch {
	case forecast && x.conditionOpen(n):
		d.fate, d.why = MayRun, []string{"its condition depends on jobs that have not ended yet: " + n.If}
		return d
	case c.err != nil:
		return d.fail(c.err)
	case !c.run:
		d.fate, d.why = IsSkip, []string{c.why}
		return d
	case len(n.Later) > 0:
		return d.fail(fmt.Errorf("this version cannot carry out `%s` yet; remove it to run the job", strings.Join(n.Later, "`, `")))
	}
	return x.decidePlaced(ctx, n, d, scope, forecast)
}

// decidePlaced goes on with a node whose condition is met: first its image,
// then what its fingerprint holds.
func (x *execution) decidePlaced(ctx context.Context, n *plan.Node, d decision, scope *expression.Scope, forecast bool) decision {
	if x.images.imager != nil && n.Image == "" && n.Build == nil && needsImage(n) {
		return d.fail(&inputError{"image", "the job has none to run its commands in", "write image: at the job or under defaults:, or use --executor host"})
	}
	open := ""
	if forecast {
		open = x.openNeed(n)
	}
	resolved, known, err := x.image(ctx, n, forecast)
	if err != nil {
		return d.fail(err)
	}
	d.image = resolved
	absent := cmp.Or(n.Image, "of "+buildContext(n))
	if known {
		if d.services, absent, err = x.serviceImages(ctx, n, forecast); err != nil {
			return d.fail(err)
		}
		known = absent == ""
	}
	if !known {
		d.fate, d.why = MayRun, []string{"the image " + absent + " is not here yet"}
		if x.forced(n) || n.NoCache {
			d.fate = WillRun
		}
		return d
	}
	if open == "" || !readsNeeds(n) {
		if err := d.define(n, scope); err != nil {
			return d.fail(err)
		}
	}
	if open != "" {
		return x.decideOpen(n, d, open)
	}
	return x.decideKnown(ctx, n, d, scope)
}

// needsImage reports whether a job runs commands; built-in actions run in an
// empty image.
func needsImage(n *plan.Node) bool {
	return slices.ContainsFunc(n.Steps, func(s plan.Step) bool { return s.Run != "" })
}

// openNeed names the needed node whose result is not known yet and matters, or "".
func (x *execution) openNeed(n *plan.Node) string {
	for _, need := range n.Needs {
		o := x.outcomes[need.Node]
		if o.assumed && (len(need.Paths) > 0 || n.Tracked || readsNeeds(n)) {
			return x.Plan.Nodes[need.Node].ID
		}
	}
	return ""
}

// readsNeeds reports whether values of other jobs are part of the fingerprint.
func readsNeeds(n *plan.Node) bool { return len(n.Late) > 0 || envReadsNeeds(n) }

func envReadsNeeds(n *plan.Node) bool {
	for _, v := range n.Env {
		if strings.Contains(v.Value, "needs.") || strings.Contains(v.Value, "needs[") {
			return true
		}
	}
	return false
}

// define evaluates the job's environment and makes the first stage of the fingerprint.
func (d *decision) define(n *plan.Node, scope *expression.Scope) error {
	env, err := environment(n, scope)
	if err != nil {
		return fmt.Errorf("env: %w", err)
	}
	d.env = env
	lines := append(imageLines(d.image), serviceLines(n, d.services)...)
	for _, v := range env {
		lines = append(lines, plan.Line{Kind: "env", Name: v.Name, Value: v.Value})
	}
	d.lines = plan.With(n.Definition.Lines(), lines...)
	d.definition = plan.Fingerprint(d.lines)
	return nil
}

// decideOpen decides about a node whose inputs will be written by jobs that
// have to run first.
func (x *execution) decideOpen(n *plan.Node, d decision, open string) decision {
	waits := "depends on what " + open + " will write"
	d.fate, d.why = MayRun, []string{waits}
	if x.forced(n) {
		d.fate, d.why = WillRun, []string{"forced"}
	} else if n.NoCache {
		d.fate, d.why = WillRun, []string{n.Uncached()}
	} else if why := x.neverSeen(n, d); why != nil {
		d.fate, d.why = WillRun, why
	}
	d.lines = nil
	return d
}

// neverSeen says why a node runs for certain although its inputs are not known:
// no result of its definition was ever kept. It is nil if one was, or if the
// definition itself is not known.
func (x *execution) neverSeen(n *plan.Node, d decision) []string {
	if d.lines == nil {
		if _, err := x.Store.Last(x.lastKey(n)); errors.Is(err, store.ErrNotFound) {
			return []string{"it never ran before"}
		}
		return nil
	}
	if x.definitions.has(d.definition) {
		return nil
	}
	return x.reasons(n, d.lines, true)
}

// decideKnown digests the inputs, makes the fingerprint and looks for a result.
func (x *execution) decideKnown(ctx context.Context, n *plan.Node, d decision, scope *expression.Scope) decision {
	in, err := x.inputs(ctx, n)
	if err != nil {
		return d.fail(err)
	}
	d.inputs = in
	if d.inputs.past, err = x.past(ctx, n); err != nil {
		return d.fail(err)
	}
	in = d.inputs
	late, err := lateLines(n, scope)
	if err != nil {
		return d.fail(err)
	}
	d.lines = plan.With(d.lines, append(inputLines(in), late...)...)
	d.print = plan.Fingerprint(d.lines)
	switch {
	case x.forced(n):
		d.fate, d.why = WillRun, []string{"forced"}
		return d
	case n.NoCache:
		d.fate, d.why = WillRun, []string{n.Uncached()}
		return d
	}
	if err := x.Overlay.adopt(ctx, x.Store, d.print); err != nil {
		x.log().Warn("reuse a result of the shared store", "job", n.ID, "error", err)
	}
	hit, why := x.kept(ctx, n, d.print)
	if hit == nil {
		hit = x.afar(ctx, n, d.print)
	}
	if hit != nil {
		d.fate, d.hit = IsCached, hit
		return d
	}
	d.fate, d.why = WillRun, why
	if why == nil {
		d.why = x.reasons(n, d.lines, false)
	}
	return d
}

// inputLines are the files that a job sees, as its fingerprint has them.
func inputLines(in inputs) []plan.Line {
	all := in.all()
	out := make([]plan.Line, len(all))
	for i, e := range all {
		value := e.Digest.String()
		switch {
		case e.Link != "":
			value = "link " + e.Link
		case e.Mode&0o111 != 0:
			value += " executable"
		}
		out[i] = plan.Line{Kind: "input", Name: e.Path, Value: value}
	}
	for _, r := range in.remote { // its pin says all, so nothing has to be fetched to know it
		out = append(out, plan.Line{Kind: "input", Name: r.Pattern, Value: r.pin.String()})
	}
	return out
}

// lateLines are the values of other jobs that expressions of this one read.
func lateLines(n *plan.Node, scope *expression.Scope) ([]plan.Line, error) {
	var out []plan.Line
	for _, ref := range n.Late {
		e, err := expression.Parse(ref)
		if err != nil {
			return nil, err
		}
		v, err := e.Eval(scope)
		if err != nil {
			return nil, err
		}
		text := expression.Format(v)
		switch v.(type) {
		case *expression.Object, *expression.Array:
			text = expression.ToJSON(v)
		}
		out = append(out, plan.Line{Kind: "value", Name: ref, Value: text})
	}
	return out, nil
}

// lookUp finds the stored result of a fingerprint. Without one it says why a
// result that was there cannot be used, or nothing if there never was one.
func (x *execution) lookUp(print store.Digest) (*Result, []string) {
	data, err := x.Store.Action(print)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, []string{err.Error()}
	}
	r, err := ParseResult(data)
	if err != nil {
		return nil, []string{"its kept result cannot be read: " + err.Error()}
	}
	if !r.Until.IsZero() && !x.now().Before(r.Until) {
		return nil, []string{"its kept result held until " + r.Until.Format(time.RFC3339)}
	}
	for _, o := range slices.Concat(r.Outputs, r.Kept) {
		if o.Link != "" {
			continue
		}
		if err := x.Store.Check(o.Digest); err != nil {
			return nil, []string{fmt.Sprintf("its kept output %s is gone: %v", o.Path, err)}
		}
	}
	return r, nil
}

// asksForFailure reports whether a condition depends on how jobs end.
func asksForFailure(condition string) bool {
	e, err := expression.Parse(condition)
	return err == nil && (slices.Contains(e.Calls(), "failure") || strings.Contains(condition, "result"))
}

// conditionOpen reports whether the condition depends on jobs that have not run
// yet: on their outputs, or on whether they fail.
func (x *execution) conditionOpen(n *plan.Node) bool {
	if !strings.Contains(n.If, "outputs") && !asksForFailure(n.If) {
		return false
	}
	for _, need := range n.Needs {
		if x.outcomes[need.Node].assumed {
			return true
		}
	}
	return false
}

func buildContext(n *plan.Node) string {
	if n.Build == nil {
		return "its actions"
	}
	return n.Build.Context
}
