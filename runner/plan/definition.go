package plan

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/spec/expression"
)

// RecordVersion is raised when jobs must run again although their files say
// the same, because what a fingerprint means has changed.
const RecordVersion = "1"

// define writes the lines of a Run node that are known while planning, and
// notes what else its expressions read.
func (b *builder) define(n *Node) {
	d := &definition{builder: b, node: n, seen: make(map[string]bool, 8)}
	d.add("version", "record", RecordVersion)
	for _, v := range n.Leg {
		d.add("matrix", v.Name, valueText(v.Value))
	}
	for _, o := range n.Outputs {
		d.add("output", o, "declared")
	}
	for _, m := range n.Metrics {
		d.add("metrics", m, "declared")
	}
	d.place()
	for _, v := range n.Env {
		d.template(v.Value)
	}
	for i := range n.Steps {
		d.step(i, &n.Steps[i])
	}
	slices.Sort(n.Late)
	n.Definition = Define(d.lines...)
}

type definition struct {
	*builder
	node  *Node
	lines []Line
	seen  map[string]bool
}

func (d *definition) add(kind, name, value string) {
	d.lines = append(d.lines, Line{kind, name, value})
}

// place adds what the job's place is like, beside the image itself.
func (d *definition) place() {
	n := d.node
	if !n.Network {
		d.add("place", "network", "none")
	}
	if n.User != "" {
		d.add("place", "user", n.User)
	}
	if n.Isolate {
		d.add("place", "isolate", "true")
	}
	if n.Resources.GPUs != 0 {
		d.add("place", "gpus", strconv.Itoa(n.Resources.GPUs))
	}
	d.services()
}

func (d *definition) step(i int, s *Step) {
	prefix := strconv.Itoa(i+1) + "."
	for _, f := range []struct{ name, value string }{
		{"run", s.Run}, {"shell", s.Shell}, {"dir", s.Dir}, {"uses", s.Uses}, {"if", s.If}, {"id", s.ID},
		{"continue-on-error", s.ContinueOnError}, {"background", word(s.Background)},
		{"wait", strings.Join(s.Wait, " ")}, {"wait-all", word(s.WaitAll)}, {"cancel", strings.Join(s.Cancel, " ")},
	} {
		if f.value != "" {
			d.add("step", prefix+f.name, f.value)
		}
	}
	if a, ok := d.options.Actions[s.Uses]; ok {
		d.add("step", prefix+"version", strconv.Itoa(a.Version))
	}
	for _, e := range s.Exprs {
		d.add("step", prefix+e.Name, e.Value)
		d.expression(e.Value)
	}
	for _, v := range s.Env {
		d.add("step", prefix+"env."+v.Name, v.Value)
		d.template(v.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(s.With)) {
		d.add("step", prefix+"with."+name, jsonText(s.With[name]))
		d.value(s.With[name])
	}
	d.expression(s.If)
	d.expression(s.ContinueOnError)
	d.template(s.Dir)
}

func word(on bool) string {
	if on {
		return "true"
	}
	return ""
}

func (d *definition) value(v any) {
	switch v := v.(type) {
	case string:
		d.template(v)
	case []any:
		for _, e := range v {
			d.value(e)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			d.value(v[k])
		}
	}
}

func (d *definition) template(text string) {
	if !strings.Contains(text, "${{") {
		return
	}
	t, err := d.builder.template(text)
	if err != nil {
		return // reported by the parser of the file
	}
	for _, p := range t.Parts {
		if p.Expr != nil {
			d.references(p.Expr)
		}
	}
}

func (d *definition) expression(text string) {
	if text != "" {
		d.template("${{ " + text + " }}")
	}
}

// references adds a line for each value that an expression reads.
func (d *definition) references(x *expression.Expr) {
	d.noteContexts(x)
	for _, r := range d.builder.references(x) {
		if d.seen[r.text] {
			continue
		}
		d.seen[r.text] = true
		switch r.context {
		case "params":
			d.params(strings.Join(r.path[1:], "."))
		case "github", "inputs":
			d.context(r)
		case "data":
			d.data(r.path)
		case "needs", "jobs":
			d.node.Late = append(d.node.Late, r.text)
		}
	}
}

// params adds every leaf at or below a dotted path.
func (d *definition) params(path string) {
	for _, p := range d.file.Params.Leaves {
		if path == "" || strings.EqualFold(p.Name, path) || hasPrefixFold(p.Name, path+".") {
			d.add("params", p.Name, paramText(p.Value))
		}
	}
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// paramText tells a string from a number of the same look.
func paramText(v any) string {
	if s, ok := v.(string); ok {
		return strconv.Quote(s)
	}
	return numberText(v)
}

// numberText is the text of a value, with all digits where the usual fifteen
// would make different numbers look the same.
func numberText(v any) string {
	text := legText(v)
	if f, ok := v.(float64); ok {
		if g, err := strconv.ParseFloat(text, 64); err != nil || g != f {
			return strconv.FormatFloat(f, 'g', -1, 64)
		}
	}
	return text
}

// valueText is paramText for values that are mostly words: quoted only if they
// could be taken for something else.
func valueText(v any) string {
	s, ok := v.(string)
	if ok && (s == "" || s[0] == '"' || s == "NaN" || json.Valid([]byte(s))) {
		return strconv.Quote(s)
	}
	return numberText(v)
}

func (d *definition) context(r reference) {
	x, err := expression.Parse(r.text)
	if err != nil {
		return
	}
	v, err := x.Eval(d.scope(d.node.Leg))
	if err != nil {
		return
	}
	text := expression.Format(v)
	switch v.(type) {
	case *expression.Object, *expression.Array:
		text = expression.ToJSON(v)
	}
	d.add(r.context, strings.Join(r.path[1:], "."), text)
}

// data notes the path of a dataset that an expression names, of all if only
// running tells which, and makes it an input.
func (d *definition) data(path []string) {
	for _, set := range d.plan.Data {
		if len(path) > 1 && !strings.EqualFold(set.Name, path[1]) {
			continue
		}
		d.add("data", set.Name, set.Path)
		named := slices.ContainsFunc(d.node.Inputs, func(in Input) bool { return in.Pattern == set.Path })
		if !named && (!d.node.Tracked || set.Source != "") {
			d.node.Inputs = append(d.node.Inputs, set.input())
		}
	}
}
