package report

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// errNoBaseline ends the evaluation of a part that needs a baseline.
var errNoBaseline = errors.New("no baseline")

// Judge evaluates gates on the metrics of a run, without a baseline and
// without other contexts; see [JudgeIn].
func Judge(gates []spec.Str, metrics []record.Metric) []Judged {
	return JudgeIn(gates, metrics, nil)
}

// JudgeIn evaluates gates on the metrics of a run, without a baseline, in the
// order of the gates. contexts are what gates may read beside metrics, by name
// (params, github, jobs), as anything that [expression.FromGo] takes. A metric
// that a gate names and no job reported fails it.
func JudgeIn(gates []spec.Str, metrics []record.Metric, contexts map[string]any) []Judged {
	b := newBench(metrics, contexts)
	out := make([]Judged, len(gates))
	for i, g := range gates {
		out[i] = b.judge(g)
	}
	return out
}

// A bench is what gates are judged on.
type bench struct {
	metrics  map[string][]record.Metric // by lower-case name, in the order of the jobs
	contexts map[string]bool            // lower-case names that are no metrics
	scope    *expression.Scope
}

func newBench(metrics []record.Metric, contexts map[string]any) *bench {
	b := &bench{metrics: map[string][]record.Metric{}, contexts: map[string]bool{}}
	all := expression.NewObject(len(metrics))
	names := map[string]any{}
	for _, m := range metrics {
		if len(m.Slice) == 0 {
			key := strings.ToLower(m.Name)
			b.metrics[key] = append(b.metrics[key], m)
			put(all, names, strings.Split(m.Name, "."), m.Value)
		}
	}
	for _, name := range []string{"github", "params", "jobs"} { // gates know them, given or not
		b.contexts[name] = true
	}
	for name, v := range contexts {
		names[name] = expression.FromGo(v)
		b.contexts[strings.ToLower(name)] = true
	}
	names["metrics"] = all
	b.scope = &expression.Scope{Names: names, Funcs: withoutBaseline()}
	return b
}

// put adds a dotted metric as nested objects: val.auc is auc of val.
func put(all *expression.Object, names map[string]any, path []string, value float64) {
	o := all
	for _, part := range path[:len(path)-1] {
		next, ok := o.Get(part)
		child, isObject := next.(*expression.Object)
		if !ok || !isObject {
			child = expression.NewObject(1)
			o.Set(part, child)
		}
		o = child
	}
	o.Set(path[len(path)-1], value)
	names[path[0]], _ = all.Get(path[0])
}

// withoutBaseline returns the functions of gates, all of which compare.
func withoutBaseline() map[string]expression.Func {
	funcs := spec.GateFunctions()
	for name, f := range funcs {
		f.Call = func([]any) (any, error) { return nil, fmt.Errorf("%s: %w", name, errNoBaseline) }
		funcs[name] = f
	}
	return funcs
}

func (b *bench) judge(g spec.Str) Judged {
	v := Judged{Gate: g.Value, Pos: g.Pos, Outcome: Failed}
	x, err := expression.Parse(g.Value)
	switch {
	case err != nil:
		v.Detail = oneLine(err)
		return v
	case strings.TrimSpace(g.Value) == "":
		v.Detail = "the gate is empty"
		return v
	}
	if problems := b.problems(x); len(problems) > 0 {
		v.Detail = strings.Join(problems, ", ")
		return v
	}
	b.evaluate(&v, x)
	if note := b.shared(x); note != "" && v.Outcome != NoBaseline {
		v.Detail += "; " + note
	}
	return v
}

// evaluate fills in outcome, detail and parts.
func (b *bench) evaluate(v *Judged, x *expression.Expr) {
	node, err := x.Trace(b.scope)
	d := decision{is: no, by: node, err: err}
	switch {
	case node != nil && (comparesWithBaseline(x) || errors.Is(err, errNoBaseline)):
		d = b.decide(node)
	case err == nil && expression.Truthy(node.Value):
		d.is = yes
	}
	switch null := nullPart(d.by); {
	case d.err != nil:
		v.Detail = oneLine(d.err)
	case d.is == unknown:
		v.Outcome, v.Detail = NoBaseline, "there is nothing to compare with"
	case null != "":
		v.Detail = null + " is null, so there is nothing to judge"
	case d.is == yes:
		v.Outcome, v.Detail = Passed, valued(d.by)
	default:
		v.Parts = parts(d.by)
		v.Detail = failure(d.by, v.Parts)
	}
}

// oneLine returns an error without its line breaks: a gate may be written over several lines.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
