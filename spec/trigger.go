package spec

import (
	"slices"

	"gopkg.in/yaml.v3"
)

// triggers reads `on:` in its three forms.
func (w *walker) triggers(f *File, n *yaml.Node) {
	t := &f.On
	t.Set = true
	if isNull(n) {
		return
	}
	if n.Kind == yaml.MappingNode {
		walk(w, n, &triggerTable, t, place{kind: "on", node: n})
		return
	}
	for _, s := range scalarsOf(n) {
		w.plainEvent(t, s)
	}
}

// scalarsOf returns a scalar, or the items of a list, as nodes.
func scalarsOf(n *yaml.Node) []*yaml.Node {
	if n.Kind == yaml.ScalarNode {
		return []*yaml.Node{n}
	}
	return n.Content
}

// plainEvent reads an event that stands without filters.
func (w *walker) plainEvent(t *Triggers, n *yaml.Node) {
	switch n.Value {
	case "push":
		t.Push = &GitFilter{}
	case "pull_request":
		t.PullRequest = &GitFilter{}
	case "merge_group":
		t.MergeGroup = &GitFilter{}
	case "workflow_dispatch":
		t.Dispatch = &Dispatch{}
	case "schedule":
		w.at(n, CodeUnknownEvent, `write on: {schedule: [{cron: "0 3 * * 1"}]}`, "the event schedule needs its times")
	case "data":
		w.at(n, CodeUnknownEvent, `write on: {data: [NAME]}`, "the event data needs the names of datasets")
	default:
		fix := triggerTable.cure(n.Value)
		if fix == "" {
			fix = suggest(n.Value, triggerTable.names())
		}
		w.at(n, CodeUnknownEvent, fix, "unknown event %s", clip(n.Value))
	}
}

// gitFilter reads the filters of an event; nothing means no filter.
func (w *walker) gitFilter(n *yaml.Node, o *object[GitFilter], event string) *GitFilter {
	f := &GitFilter{}
	if isNull(n) {
		return f
	}
	seen := walk(w, n, o, f, place{kind: "on." + event, node: n})
	for i, k := range o.keys {
		j := slices.IndexFunc(o.keys, func(other key[GitFilter]) bool { return other.name == k.name+"-ignore" })
		if j >= 0 && seen[i] != nil && seen[j] != nil {
			w.at(seen[j], CodeConflict, "exclude with ! in "+k.name+": "+k.name+": ['**', '!PATTERN']",
				"%q and %q of on.%s exclude each other", k.name, o.keys[j].name, event)
		}
	}
	return f
}

// schedule reads the cron lines of `on.schedule`.
func (w *walker) schedule(t *Triggers, n *yaml.Node) {
	for i, c := range n.Content {
		if !w.isMapping(c, "schedule") {
			continue
		}
		var s Str
		walk(w, c, &scheduleTable, &s, place{kind: "schedule", index: i + 1, node: c})
		t.Schedule = append(t.Schedule, s)
	}
}

// isMapping reports whether an item of a list of objects is one, and if not, says so.
func (w *walker) isMapping(n *yaml.Node, list string) bool {
	if n.Kind != yaml.MappingNode {
		w.at(n, CodeWrongType, "", "an item of %q must be a mapping, not %s", list, describeNode(n))
		return false
	}
	return true
}

// dispatch reads `on.workflow_dispatch`.
func (w *walker) dispatch(t *Triggers, n *yaml.Node) {
	t.Dispatch = &Dispatch{}
	if !isNull(n) {
		walk(w, n, &dispatchTable, t.Dispatch, place{kind: "on.workflow_dispatch", node: n})
	}
}

// dispatchInput is a DispatchInput whose default waits for its type.
type dispatchInput struct {
	DispatchInput
	preset *yaml.Node
}

func (w *walker) dispatchInputs(d *Dispatch, n *yaml.Node) {
	w.entries(n, place{kind: "inputs"}, func(k, v *yaml.Node) {
		in := dispatchInput{DispatchInput: DispatchInput{Name: w.name(k, "an input"), Type: "string"}}
		if !isNull(v) {
			if !w.isMapping(v, "inputs") {
				return
			}
			walk(w, v, &dispatchInputTable, &in, place{kind: "input", name: k.Value, node: k})
		}
		w.dispatchDefault(k, &in)
		d.Inputs = append(d.Inputs, in.DispatchInput)
	})
}

// dispatchDefault checks an input's default and options against its type.
func (w *walker) dispatchDefault(k *yaml.Node, in *dispatchInput) {
	if choice := in.Type == "choice"; choice != (in.Options != nil) {
		if choice {
			w.at(k, CodeMissingKey, "write options: [a, b]", "the choice %q has no options", k.Value)
		} else {
			w.at(k, CodeConflict, "write type: choice, or remove the options", "the input %q has options and is no choice", k.Value)
		}
		return
	}
	if in.preset == nil {
		return
	}
	in.Default = in.preset.Value
	switch v, isNumber := number(in.preset); in.Type {
	case "number":
		in.Default = v
		if !isNumber {
			w.at(in.preset, CodeWrongType, "", "the default of %q must be a number, not %s", k.Value, clip(in.preset.Value))
		}
	case "boolean":
		in.Default = truth(in.preset)
		if in.preset.Tag != "!!bool" {
			w.at(in.preset, CodeWrongType, boolFix(in.preset.Value), "the default of %q must be true or false, not %s", k.Value, clip(in.preset.Value))
		}
	case "choice":
		var words []string
		for _, o := range in.Options {
			words = append(words, o.Value)
		}
		if !slices.Contains(words, in.preset.Value) {
			w.at(in.preset, CodeBadValue, suggest(in.preset.Value, words), "the default of %q is none of its options", k.Value)
		}
	}
}
