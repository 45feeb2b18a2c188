package plan

import (
	"cmp"
	"maps"
	"sort"
	"strings"

	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// Options say for what a plan is made. The zero value is a plan of a local run.
type Options struct {
	// Actions are the built-in actions by name; their inputs that are paths become
	// inputs of the jobs that use them.
	Actions map[string]spec.Action
	// Contexts are the github and inputs contexts that expressions may read.
	Contexts map[string]any
	// MaxLegs bounds how many legs a matrix may have whose values come from an
	// expression; 0 means 1024. The parser has counted the others.
	MaxLegs int
}

// New makes the plan of a checked file. It fails with spec.Diagnostics, sorted
// by place, when jobs wait for each other in a circle, write the same path, read
// what they write themselves, or when an expression that shapes the graph has no
// value, or one that cannot be used.
func New(f *spec.File, o Options) (*Plan, error) {
	b := newBuilder(f, o, nil)
	if b.graph(); len(b.diagnostics) == 0 {
		if carried := b.carries(); len(carried) > 0 {
			b = newBuilder(f, o, carried)
			b.graph()
		}
	}
	b.order()
	if len(b.diagnostics) > 0 {
		found := b.diagnostics
		sort.SliceStable(found, func(i, j int) bool {
			x, y := found[i].Pos, found[j].Pos
			return cmp.Or(x.Line-y.Line, x.Col-y.Col) < 0
		})
		return nil, found
	}
	b.plan.reindex()
	return b.plan, nil
}

func newBuilder(f *spec.File, o Options, carried map[string]*spec.Seeds) *builder {
	return &builder{
		file: f, options: o, carried: carried, reported: map[problem]bool{}, templates: map[string]*expression.Template{}, reads: map[string][]reference{},
		legs: map[string][]int{}, selects: map[string][]int{}, members: map[int][]int{},
		plan: &Plan{
			Pipeline: f.Name.Value, File: f.Path, Gates: f.Gates,
			Params: f.Params.Leaves, ParamTree: f.Params.Tree, ParamFile: f.Params.Path,
			Group: group(f.Concurrency), Baseline: Baseline{f.Baseline.Value, f.BaselineRun, compares(f.Gates)},
		},
	}
}

// graph makes the nodes and their edges.
func (b *builder) graph() {
	for _, m := range b.file.Metrics {
		b.plan.Metrics = append(b.plan.Metrics, Metric{m.Name.Value, m.Better, m.Unit})
	}
	b.contexts()
	for _, j := range b.file.Jobs {
		b.job(j)
	}
	b.edges()
}

// builder collects nodes and everything that is wrong with them.
type builder struct {
	file        *spec.File
	options     Options
	plan        *Plan
	base        map[string]any // contexts that are the same for every job
	diagnostics spec.Diagnostics
	reported    map[problem]bool
	carried     map[string]*spec.Seeds // jobs that run once for each seed of one before them
	legs        map[string][]int       // job → its Run nodes
	selects     map[string][]int       // job → its Select nodes
	members     map[int][]int          // Select node → the legs that it may choose
	sources     []source               // of each node

	parser    expression.Parser
	templates map[string]*expression.Template // by their text
	reads     map[string][]reference          // by the text of the expression
}

// contexts prepares what expressions read, and evaluates the datasets, whose
// paths may read the rest.
func (b *builder) contexts() {
	b.base = map[string]any{"params": expression.FromGo(b.file.Params.Tree)}
	for k, v := range b.options.Contexts {
		b.base[k] = expression.FromGo(v)
	}
	data := map[string]any{}
	for _, d := range b.file.Data {
		p, ok := b.text(d.Path, nil)
		set := Dataset{Name: d.Name.Value, Path: p, Digest: d.Digest.Value, Keep: d.Keep}
		switch {
		case !ok:
		case remote(p):
			set.Source, set.Path = p, seenAs(d.Name.Value, p)
			b.pinned(d, set)
		case b.usable(d.Path.Pos, p, false):
			set.Path = clean(p)
		}
		b.plan.Data = append(b.plan.Data, set)
		data[d.Name.Value] = set.Path
	}
	b.base["data"] = expression.FromGo(data)
}

// report adds a problem, once however many legs have it.
func (b *builder) report(at spec.Pos, code spec.Code, message, fix string) {
	d := spec.Diagnostic{File: b.file.Path, Pos: at, End: at, Code: code, Message: message, Fix: fix}
	if key := (problem{at, message}); !b.reported[key] {
		b.reported[key] = true
		b.diagnostics = append(b.diagnostics, d)
	}
}

// problem is what makes two reports the same.
type problem struct {
	at      spec.Pos
	message string
}

// job adds the nodes of one job: one, or one per leg and perhaps a Select.
func (b *builder) job(j *spec.Job) {
	ids, ls, ok := b.configurations(j)
	switch {
	case !ok:
		return
	case b.seeds(j) != nil:
		b.seeded(j, b.seeds(j), ids, ls)
		return
	}
	for i, id := range ids {
		n, s := b.node(j, id, ls[i])
		n.Publish = j.Select.Value == ""
		b.add(n, s)
	}
	if j.Select.Value != "" {
		b.choice(j, b.selectNode(j, j.ID.Value, b.legs[j.ID.Value]), b.legs[j.ID.Value])
	}
}

// configurations are the combinations of a job's matrix with their names; the
// job itself if it has none.
func (b *builder) configurations(j *spec.Job) (ids []string, ls []spec.Leg, ok bool) {
	m := &j.Strategy.Matrix
	if len(m.Axes) == 0 && len(m.Include) == 0 {
		return []string{j.ID.Value}, []spec.Leg{nil}, true
	}
	ls, axes, ok := b.matrix(j)
	return legIDs(j.ID.Value, ls, axes), ls, ok
}

// choice adds a Select node that chooses among legs.
func (b *builder) choice(j *spec.Job, n *Node, legs []int) {
	i := len(b.plan.Nodes)
	b.selects[n.Job], b.members[i] = append(b.selects[n.Job], i), legs
	b.plan.Nodes = append(b.plan.Nodes, n)
	b.sources = append(b.sources, source{job: j})
}

func (b *builder) add(n *Node, s source) {
	b.legs[n.Job] = append(b.legs[n.Job], len(b.plan.Nodes))
	b.plan.Nodes = append(b.plan.Nodes, n)
	b.sources = append(b.sources, s)
}

// scope holds what expressions may read while planning: everything but other
// jobs' results.
func (b *builder) scope(leg spec.Leg) *expression.Scope {
	names := maps.Clone(b.base)
	if leg != nil {
		names["matrix"] = matrixValue(leg)
	}
	return &expression.Scope{Names: names}
}

func matrixValue(leg spec.Leg) any {
	o := expression.NewObject(len(leg))
	for _, v := range leg {
		o.Set(v.Name, expression.FromGo(v.Value))
	}
	return o
}

// template parses a text with expressions, equal ones once.
func (b *builder) template(text string) (*expression.Template, error) {
	if t, ok := b.templates[text]; ok {
		return t, nil
	}
	t, err := b.parser.Template(text)
	if err == nil {
		b.templates[text] = t
	}
	return t, err
}

// value evaluates a template that shapes the graph.
func (b *builder) value(text string, leg spec.Leg) (any, error) {
	t, err := b.template(text)
	if err != nil {
		return nil, err
	}
	for _, p := range t.Parts {
		if p.Expr != nil {
			b.noteContexts(p.Expr)
		}
	}
	return t.Eval(b.scope(leg))
}

// noteContexts notes that the plan depends on what differs between runs of one file.
func (b *builder) noteContexts(x *expression.Expr) {
	for _, r := range b.references(x) {
		b.plan.Git = b.plan.Git || r.context == "github" || r.context == "inputs"
	}
}

// text evaluates a template to a string; text without expressions is itself.
// It reports what has no value; ok is then false.
func (b *builder) text(s spec.Str, leg spec.Leg) (text string, ok bool) {
	if !strings.Contains(s.Value, "${{") {
		return s.Value, true
	}
	v, err := b.value(s.Value, leg)
	if err != nil {
		b.report(s.Pos, spec.CodeExpression, err.Error(), "")
		return "", false
	}
	return expression.Format(v), true
}

// string is text for values that may be empty.
func (b *builder) string(s spec.Str, leg spec.Leg) string {
	text, _ := b.text(s, leg)
	return text
}
