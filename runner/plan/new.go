package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// Options say for what a plan is made. The zero value is a plan of a local run.
type Options struct {
	// Contexts are the github and inputs contexts that expressions may read.
	Contexts map[string]any
}

// New makes the plan of a checked file. It fails with spec.Diagnostics when
// jobs wait for each other in a circle, write the same path, read what they
// write themselves, or when an expression that shapes the graph has no value.
func New(f *spec.File, o Options) (*Plan, error) {
	b := &builder{file: f, options: o, plan: &Plan{
		Pipeline: f.Name.Value, File: f.Path, Gates: f.Gates,
		Params: f.Params.Leaves, ParamTree: f.Params.Tree, ParamFile: f.Params.Path,
	}}
	for _, m := range f.Metrics {
		b.plan.Metrics = append(b.plan.Metrics, Metric{m.Name.Value, m.Better, m.Unit})
	}
	for _, d := range f.Data {
		b.plan.Data = append(b.plan.Data, Dataset{d.Name.Value, d.Path.Value, d.Digest.Value})
	}
	b.contexts()
	for _, j := range f.Jobs {
		b.job(j)
	}
	b.edges()
	if len(b.diagnostics) == 0 {
		b.order()
	}
	if len(b.diagnostics) > 0 {
		slices.SortStableFunc(b.diagnostics, func(x, y spec.Diagnostic) int {
			return cmp.Or(x.Pos.Line-y.Pos.Line, x.Pos.Col-y.Pos.Col)
		})
		return nil, b.diagnostics
	}
	b.plan.reindex()
	return b.plan, nil
}

// builder collects nodes and everything that is wrong with them.
type builder struct {
	file        *spec.File
	options     Options
	plan        *Plan
	base        map[string]any // contexts that are the same for every job
	diagnostics spec.Diagnostics
	legs        map[string][]int // job → its Run nodes
	selects     map[string]int   // job → its Select node
	jobOf       []*spec.Job      // of each node
}

func (b *builder) contexts() {
	data := map[string]any{}
	for _, d := range b.file.Data {
		data[d.Name.Value] = d.Path.Value
	}
	b.base = map[string]any{"params": expression.FromGo(b.file.Params.Tree), "data": expression.FromGo(data)}
	for k, v := range b.options.Contexts {
		b.base[k] = expression.FromGo(v)
	}
	b.legs, b.selects = map[string][]int{}, map[string]int{}
}

func (b *builder) report(at spec.Pos, code, message, fix string) {
	b.diagnostics = append(b.diagnostics, spec.Diagnostic{
		File: b.file.Path, Pos: at, End: at, Code: spec.Code(code), Message: message, Fix: fix,
	})
}

// job adds the nodes of one job: one, or one per leg and perhaps a Select.
func (b *builder) job(j *spec.Job) {
	axes, ok := b.axes(j)
	if !ok {
		return
	}
	m := j.Strategy.Matrix
	if len(axes) == 0 && len(m.Include) == 0 {
		b.add(j, b.node(j, j.ID.Value, nil))
		return
	}
	ls := legs(m, axes)
	if len(ls) == 0 {
		b.report(m.Pos, "matrix-empty", fmt.Sprintf("the matrix of job %q has no leg left", j.ID), "remove an exclude, or add values")
		return
	}
	for i, id := range legIDs(j.ID.Value, ls, axes) {
		n := b.node(j, id, ls[i])
		n.Publish = j.Select.Value == ""
		b.add(j, n)
	}
	if j.Select.Value != "" {
		b.selects[j.ID.Value] = len(b.plan.Nodes)
		b.plan.Nodes = append(b.plan.Nodes, b.selectNode(j))
		b.jobOf = append(b.jobOf, j)
	}
}

func (b *builder) add(j *spec.Job, n *Node) {
	b.legs[j.ID.Value] = append(b.legs[j.ID.Value], len(b.plan.Nodes))
	b.plan.Nodes = append(b.plan.Nodes, n)
	b.jobOf = append(b.jobOf, j)
}

// axes returns the axes with those evaluated that are given as an expression.
func (b *builder) axes(j *spec.Job) ([]spec.Axis, bool) {
	out := make([]spec.Axis, len(j.Strategy.Matrix.Axes))
	for i, a := range j.Strategy.Matrix.Axes {
		out[i] = a
		if a.Expr.Value == "" {
			continue
		}
		v, err := b.value(a.Expr.Value, nil)
		list, ok := v.(*expression.Array)
		if err != nil || !ok {
			b.report(a.Expr.Pos, "matrix-expression", fmt.Sprintf("matrix key %q of job %q is not a list: %s", a.Name, j.ID, why(v, err)),
				"give a list, such as ${{ fromJSON('[4, 8]') }}")
			return nil, false
		}
		out[i].Values = nil
		for _, e := range list.Items() {
			out[i].Values = append(out[i].Values, expression.ToGo(e))
		}
	}
	return out, true
}

func why(v any, err error) string {
	if err != nil {
		return err.Error()
	}
	return "it is " + expression.Format(v)
}

// scope holds what expressions may read while planning: everything but other
// jobs' results.
func (b *builder) scope(leg spec.Leg) *expression.Scope {
	names := make(map[string]any, len(b.base)+1)
	for k, v := range b.base {
		names[k] = v
	}
	if leg != nil {
		names["matrix"] = matrixValue(leg)
	}
	return &expression.Scope{Names: names, Funcs: expression.Builtins()}
}

func matrixValue(leg spec.Leg) any {
	o := expression.NewObject(len(leg))
	for _, v := range leg {
		o.Set(v.Name, expression.FromGo(v.Value))
	}
	return o
}

// value evaluates a template that shapes the graph.
func (b *builder) value(text string, leg spec.Leg) (any, error) {
	t, err := expression.ParseTemplate(text)
	if err != nil {
		return nil, err
	}
	return t.Eval(b.scope(leg))
}

// text evaluates a template to a string; text without expressions is itself.
func (b *builder) text(s spec.Str, leg spec.Leg) string {
	if !strings.Contains(s.Value, "${{") {
		return s.Value
	}
	v, err := b.value(s.Value, leg)
	if err != nil {
		b.report(s.Pos, "expression", err.Error(), "")
		return ""
	}
	return expression.Format(v)
}

func (b *builder) texts(list []spec.Str, leg spec.Leg) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = b.text(s, leg)
	}
	return out
}
