package plan

import (
	"slices"
	"sort"
	"strings"

	"github.com/mlops-runner/mlops/spec"
)

// onlyActions reports whether all steps of a job are built-in actions. Such a
// job reads what its `with:` names, so that without `inputs` it sees just that.
func (b *builder) onlyActions(j *spec.Job) bool {
	return len(j.Steps) > 0 && !slices.ContainsFunc(j.Steps, func(s *spec.Step) bool {
		_, known := b.options.Actions[s.Uses.Value]
		return !known
	})
}

// actionInputs makes inputs of the files that a built-in action is given, so
// that it waits for the job that writes them: what `with:` names is read. The
// names of datasets become their paths, which is what the action gets.
func (b *builder) actionInputs(n *Node, j *spec.Job) {
	declared := len(n.Inputs)
	turns := map[string]int{}
	for i, s := range j.Steps {
		action, ok := b.options.Actions[s.Uses.Value]
		if !ok {
			continue
		}
		turns[s.Uses.Value]++
		past := len(n.Past)
		for name, v := range n.Steps[i].With {
			if in := action.Input(name); in != nil {
				n.Steps[i].With[name] = b.actionInput(n, in, v)
			}
		}
		for k := past; k < len(n.Past); k++ {
			n.Past[k] = spec.KeptName(n.Past[k], turns[s.Uses.Value])
		}
	}
	own := n.Inputs[declared:]
	sort.Slice(own, func(i, j int) bool { return own[i].Pattern < own[j].Pattern })
	slices.Sort(n.Past)
	n.Past = slices.Compact(n.Past)
}

// actionInput notes what files a value of an input names, and returns the value
// as the action gets it.
func (b *builder) actionInput(n *Node, in *spec.ActionInput, v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = b.actionInput(n, in, e)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = e
			if key := in.Key(k); key != nil {
				m[k] = b.actionInput(n, key, e)
			} else if in.Type == "references" {
				m[k] = b.referred(n, e)
			}
		}
		return m
	case string:
		return b.actionText(n, in, v)
	}
	return v
}

func (b *builder) actionText(n *Node, in *spec.ActionInput, v string) any {
	if in.Type == "entries" {
		return b.actionText(n, &in.Keys[0], v)
	}
	switch {
	case strings.Contains(v, "${{"):
		b.computed(n, in, v)
	case v == "":
	case in.Type == "path" || in.Type == "paths":
		n.read(Input{Pattern: clean(v)})
	case in.Type == "dataset" && in.Kept != "" && v == "baseline":
		n.Past = append(n.Past, in.Kept)
	case in.Type == "dataset" && !slices.Contains(in.Words, v):
		return b.table(n, v)
	}
	return v
}

// computed notes the file that an expression names, where its value is known while
// planning: of parameters, matrix values and datasets. The text stays as it is,
// since its values are lines of the definition.
func (b *builder) computed(n *Node, in *spec.ActionInput, text string) {
	if in.Type != "path" && in.Type != "paths" && in.Type != "dataset" || !b.known(n, text) {
		return
	}
	v, err := b.value(text, n.Leg)
	path, ok := v.(string)
	if err != nil || !ok || path == "" {
		return // told when the job runs
	}
	for _, d := range b.plan.Data {
		if d.Path == path {
			n.read(d.input())
			return
		}
	}
	n.read(Input{Pattern: clean(path)})
}

// known reports whether all that a text reads has a value while planning.
func (b *builder) known(n *Node, text string) bool {
	t, err := b.template(text)
	if err != nil {
		return false // reported by the parser of the file
	}
	names := b.scope(n.Leg).Names
	for _, p := range t.Parts {
		if p.Expr == nil {
			continue
		}
		for _, r := range b.references(p.Expr) {
			if names[r.context] == nil {
				return false
			}
		}
	}
	return true
}

// referred turns DATASET.COLUMN into the path of the table and the column.
func (b *builder) referred(n *Node, v any) any {
	text, ok := v.(string)
	if !ok || strings.Contains(text, "${{") {
		return v
	}
	data, column := spec.SplitReference(text, func(name string) bool { _, ok := b.dataset(name); return ok })
	if data == "" {
		return v
	}
	return map[string]any{"data": b.table(n, data), "column": column}
}

// table notes a dataset, or a path, as an input and returns its path.
func (b *builder) table(n *Node, name string) string {
	in, ok := b.dataset(strings.TrimPrefix(name, "data."))
	if !ok {
		in = Input{Pattern: clean(name)}
	}
	n.read(in)
	return in.Pattern
}

// read adds an input that is not there yet. What the job writes itself, by a
// command before its actions, is none: they find it in the workspace.
func (n *Node) read(in Input) {
	written := func(out string) bool { return Reads(in.Pattern, out) }
	if in.Source == "" && n.Steps[0].Run != "" && slices.ContainsFunc(n.Outputs, written) {
		return
	}
	if !slices.ContainsFunc(n.Inputs, func(i Input) bool { return i.Pattern == in.Pattern }) {
		n.Inputs = append(n.Inputs, in)
	}
}
