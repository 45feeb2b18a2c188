package report

import (
	"errors"
	"strings"

	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// Evidence is what gates are judged on.
type Evidence struct {
	Metrics  []Metric // of both runs, as [Compare] or [Reported] made them
	Compared bool     // whether there is a baseline; if not, parts that need one are unknown
	// Contexts are what gates may read beside metrics, by name (params, github,
	// jobs), as anything that [expression.FromGo] takes.
	Contexts map[string]any
	// Values are intervals of the run's own values, by [record.Metric.Key].
	Values map[string]Interval
	// Absent says by lower-case name what jobs reported that is no metric: text.
	Absent map[string]string
}

// Judge evaluates gates in their order.
func Judge(gates []spec.Str, e Evidence) []Judged {
	if len(gates) == 0 {
		return nil
	}
	b := newBench(e)
	out := make([]Judged, len(gates))
	for range 2 { // what the first time found is corrected for how many gates ask
		for i, g := range gates {
			out[i] = b.judge(g)
		}
		if !b.claims.correct() {
			break
		}
	}
	return out
}

// A bench is what gates are judged on.
type bench struct {
	metrics  map[string]*Metric   // of all rows, by lower-case name
	slices   map[string][]*Metric // of slices
	values   map[string]Interval
	compared bool
	absent   map[string]string
	baseline *expression.Object // nil without one
	names    contextNames
	scope    *expression.Scope
	said     []said // what functions found, of the gate that is judged
	claims   claims
}

func newBench(e Evidence) *bench {
	b := &bench{metrics: map[string]*Metric{}, slices: map[string][]*Metric{}, values: e.Values, compared: e.Compared, absent: e.Absent, names: newContextNames(e.Contexts)}
	all, base := expression.NewObject(len(e.Metrics)), expression.NewObject(len(e.Metrics))
	names := map[string]any{}
	for i := range e.Metrics {
		m := &e.Metrics[i]
		name := strings.ToLower(m.Name)
		if len(m.Slice) > 0 {
			b.slices[name] = append(b.slices[name], m)
			continue
		}
		if had := b.metrics[name]; had == nil || had.Head == nil {
			b.metrics[name] = m
		}
		path := strings.Split(m.Name, ".")
		if m.Head != nil {
			put(all, path, float64(*m.Head))
			names[path[0]], _ = all.Get(path[0])
		}
		if m.Base != nil {
			put(base, path, float64(*m.Base))
		}
	}
	for name, v := range e.Contexts {
		names[name] = expression.FromGo(v)
	}
	names["metrics"] = all
	if e.Compared {
		b.baseline, names["baseline"] = base, base
	}
	b.scope = &expression.Scope{Names: names, Funcs: b.functions()}
	return b
}

// put adds a dotted metric as nested objects: val.auc is auc of val.
func put(o *expression.Object, path []string, value float64) {
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
	b.said = nil
	b.evaluate(&v, x)
	if v.Outcome != NoBaseline {
		v.Detail = join("; ", v.Detail, b.shared(x))
	}
	return v
}

// evaluate fills in outcome, detail and parts.
func (b *bench) evaluate(v *Judged, x *expression.Expr) {
	node, err := x.Trace(b.scope)
	d := decision{is: no, by: node, err: err}
	switch {
	case node != nil && (b.lacks(x) != nil || openOf(err) != nil):
		d = b.decide(node)
	case err == nil && expression.Truthy(node.Value):
		d.is = yes
	}
	var refused refusal
	switch null := nullPart(d.by); {
	case errors.As(d.err, &refused):
		v.Detail = flat(string(refused))
	case d.err != nil:
		v.Detail = oneLine(d.err)
	case d.is == unknown:
		v.Outcome, v.Detail = d.open.outcome, d.open.text
	case null != "":
		v.Detail = null + " is null, so there is nothing to judge"
	case d.is == yes:
		v.Outcome, v.Detail = Passed, join("; ", valued(d.by), b.told(false))
	default:
		v.Parts = parts(d.by)
		v.Detail = join("; ", failure(d.by), b.told(true))
	}
}

// oneLine returns an error without its line breaks: a gate may be written over several lines.
func oneLine(err error) string { return flat(err.Error()) }
