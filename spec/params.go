package spec

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// params reads the parameters: inline, or from the file that the key names.
func (w *walker) params(f *File, n *yaml.Node) {
	w.paramsNode = n
	if n.Kind == yaml.MappingNode {
		w.readParams(w, n)
		return
	}
	path := w.inputPath(n).Value
	f.Params.Path = path
	known := len(w.found)
	if pathProblem(path) == "" {
		w.paramsFile(n, path)
	}
	w.types.open = pathProblem(path) != "" || len(w.found) > known
}

// paramsFile reads a params file. Its problems are reported at its own lines.
func (w *walker) paramsFile(n *yaml.Node, path string) {
	if w.opts.ReadFile == nil {
		w.at(n, CodeParamsFile, "", "the params file %s cannot be read here", clip(path))
		return
	}
	src, err := w.opts.ReadFile(path)
	if err != nil {
		w.at(n, CodeParamsFile, "create it, or write the parameters below params:", "the params file %s cannot be read: %v", clip(path), err)
		return
	}
	file := &walker{src: newSource(path, string(src)), what: "the params file", step: noStep}
	switch root := file.decode(string(src)); {
	case root == nil:
	case root.Kind == yaml.MappingNode:
		w.readParams(file, root)
	case !isNull(root):
		file.at(root, CodeWrongType, "write names with values, such as lr: 0.1", "the params file must be a mapping, not %s", describeNode(root))
	}
	w.found = append(w.found, file.found...)
	w.hidden += file.hidden
}

// readParams flattens a mapping into leaves and applies overrides. in reports
// problems in the mapping's own file.
func (w *walker) readParams(in *walker, n *yaml.Node) {
	r := paramReader{in: in, overrides: w.opts.Params}
	w.file.Params.Tree = r.mapping(n, "")
	w.file.Params.Leaves = r.leaves
	leaves := r.leaves
	sort.SliceStable(leaves, func(i, j int) bool { return leaves[i].Name < leaves[j].Name })
}

type paramReader struct {
	in        *walker
	overrides map[string]string
	leaves    []Param
}

func (r *paramReader) value(n *yaml.Node, name string) any {
	if n.Kind == yaml.ScalarNode {
		return r.leaf(n, name)
	}
	if !r.in.enter(n) {
		return nil
	}
	defer r.in.leave()
	switch n.Kind {
	case yaml.MappingNode:
		return r.mapping(n, name+".")
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = r.value(c, name+"."+strconv.Itoa(i))
		}
		return list
	}
	return nil
}

func (r *paramReader) mapping(n *yaml.Node, prefix string) map[string]any {
	tree := make(map[string]any, len(n.Content)/2)
	r.in.entries(n, place{kind: "params"}, func(k, v *yaml.Node) {
		tree[k.Value] = r.value(v, prefix+k.Value)
	})
	return tree
}

func (r *paramReader) leaf(n *yaml.Node, name string) any {
	p := Param{Name: name, Value: scalarValue(n), Raw: n.Value, Pos: nodePos(n)}
	if v, ok := p.Value.(float64); ok && (math.IsNaN(v) || math.IsInf(v, 0)) {
		r.in.at(n, CodeParamType, "write a finite number, or a text in quotes", "the parameter %q is %s, which is no finite number", name, n.Value)
	}
	if text, ok := r.overrides[name]; ok {
		if v, ok := overrideValue(p.Value, text); ok {
			p.Value, p.Raw, p.Override = v, text, true
		}
	}
	r.leaves = append(r.leaves, p)
	return p.Value
}

// overrideValue reads the text of an override by the type of the parameter it
// replaces; a parameter without a value takes any scalar.
func overrideValue(old any, text string) (v any, ok bool) {
	n, isNumber := parseNumber(text)
	isNumber = isNumber && !math.IsNaN(n) && !math.IsInf(n, 0)
	isBool := text == "true" || text == "false"
	switch old.(type) {
	case float64:
		return n, isNumber
	case bool:
		return text == "true", isBool
	case string:
		return text, true
	}
	switch {
	case isNumber:
		return n, true
	case isBool:
		return text == "true", true
	}
	return text, true
}

// checkOverrides reports overrides of parameters that do not exist or have
// another type, at the key params:.
func (w *walker) checkOverrides() {
	if w.types.open {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(w.opts.Params)) {
		text := w.opts.Params[name]
		at := w.paramsNode
		if at == nil {
			at = &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}
		}
		i := slices.IndexFunc(w.file.Params.Leaves, func(p Param) bool { return p.Name == name })
		switch {
		case i < 0 && w.isBranch(name):
			w.at(at, CodeParamType, "override its parts one by one", "--param %s: %q holds other parameters and cannot be one value", name, name)
		case i < 0:
			_, message, fix := w.unknownParam(strings.Split(name, "."))
			w.at(at, CodeUnknownParam, fix, "--param %s: %s", name, message)
		case !w.file.Params.Leaves[i].Override:
			p := w.file.Params.Leaves[i]
			w.at(at, CodeParamType, fmt.Sprintf("write --param %s=%s", name, p.Raw), "--param %s: %s is not a %s, as in %s", name, clip(text), typeWord(p.Value), w.paramPlace(p))
		}
	}
}

func (w *walker) isBranch(name string) bool {
	return slices.ContainsFunc(w.file.Params.Leaves, func(p Param) bool { return strings.HasPrefix(p.Name, name+".") })
}

// paramPlace says where a parameter stands: params.yaml:3.
func (w *walker) paramPlace(p Param) string {
	file := w.file.Params.Path
	if file == "" {
		file = w.src.name
	}
	return file + ":" + strconv.Itoa(p.Pos.Line)
}

func typeWord(v any) string {
	if _, ok := v.(bool); ok {
		return "boolean"
	}
	return "number"
}
