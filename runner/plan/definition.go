package plan

import (
	"encoding/json"
	"fmt"
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
	d := &definition{builder: b, node: n, seen: map[string]bool{}}
	d.add("version", "record", RecordVersion)
	for _, v := range n.Leg {
		d.add("matrix", v.Name, legText(v.Value))
	}
	for _, o := range n.Outputs {
		d.add("output", o, "declared")
	}
	for _, m := range n.Metrics {
		d.add("output", m, "metrics")
	}
	d.place()
	for _, v := range n.Env {
		d.template(v.Value)
	}
	for i := range n.Steps {
		d.step(i, &n.Steps[i])
	}
	slices.Sort(n.Late)
}

type definition struct {
	*builder
	node *Node
	seen map[string]bool
}

func (d *definition) add(kind, name, value string) {
	d.node.Definition = append(d.node.Definition, Line{kind, name, value})
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
}

func (d *definition) step(i int, s *Step) {
	prefix := strconv.Itoa(i+1) + "."
	for _, f := range []struct{ name, value string }{
		{"run", s.Run}, {"shell", s.Shell}, {"dir", s.Dir}, {"uses", s.Uses}, {"if", s.If}, {"id", s.ID},
		{"continue-on-error", s.ContinueOnError},
	} {
		if f.value != "" {
			d.add("step", prefix+f.name, f.value)
		}
	}
	for _, e := range s.Exprs {
		d.add("step", prefix+e.Name, e.Value)
		d.expression(e.Value)
	}
	for _, v := range s.Env {
		d.add("step", prefix+"env."+v.Name, v.Value)
		d.template(v.Value)
	}
	for name, v := range s.With {
		text, _ := json.Marshal(v) // values from YAML always marshal
		d.add("step", prefix+"with."+name, string(text))
		d.value(v)
	}
	d.expression(s.If)
	d.expression(s.ContinueOnError)
	d.template(s.Dir)
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
		for _, e := range v {
			d.value(e)
		}
	}
}

func (d *definition) template(text string) {
	if !strings.Contains(text, "${{") {
		return
	}
	t, err := expression.ParseTemplate(text)
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
	if text == "" {
		return
	}
	if x, err := expression.Parse(text); err == nil {
		d.references(x)
	}
}

// references adds a line for each value that an expression reads.
func (d *definition) references(x *expression.Expr) {
	for _, r := range x.References() {
		if len(r.Path) == 0 {
			continue
		}
		key := strings.Join(r.Path, ".")
		if d.seen[key] {
			continue
		}
		d.seen[key] = true
		switch strings.ToLower(r.Path[0]) {
		case "params":
			d.params(strings.Join(r.Path[1:], "."))
		case "github", "inputs":
			d.plan.Git = d.plan.Git || strings.EqualFold(r.Path[0], "github")
			d.context(r.Path)
		case "data":
			d.data(r.Path)
		case "needs", "jobs":
			d.node.Late = append(d.node.Late, key)
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
	return expression.Format(expression.FromGo(v))
}

func (d *definition) context(path []string) {
	x, err := expression.Parse(strings.Join(path, "."))
	if err != nil {
		return
	}
	v, err := x.Eval(d.scope(d.node.Leg))
	if err != nil {
		return
	}
	text := expression.Format(v)
	if _, ok := v.(*expression.Object); ok {
		text = fmt.Sprint(expression.ToJSON(v))
	}
	d.add(path[0], strings.Join(path[1:], "."), text)
}

// data makes a dataset an input when an action names it in `with`.
func (d *definition) data(path []string) {
	if len(path) < 2 {
		return
	}
	in, ok := d.dataset(path[1])
	if !ok || d.node.Tracked && in.Digest == "" {
		return
	}
	for _, have := range d.node.Inputs {
		if have.Pattern == in.Pattern {
			return
		}
	}
	d.node.Inputs = append(d.node.Inputs, in)
}
