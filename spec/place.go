package spec

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Inputs are those of an action as they stand in a file. They are not safe for
// concurrent use.
type Inputs struct {
	with  *yaml.Node                         // nil if they are not found
	named map[*yaml.Node]map[string]namedOne // of mappings that were looked into
}

// A namedOne is an entry of a mapping.
type namedOne struct{ key, value *yaml.Node }

// FindInputs finds the inputs of an action in a file. step is [Step.Pos].
func FindInputs(source []byte, step Pos) *Inputs {
	in := &Inputs{named: map[*yaml.Node]map[string]namedOne{}}
	var doc yaml.Node
	if err := yaml.Unmarshal(source, &doc); err == nil {
		in.with = withOf(&doc, nil, step)
	}
	return in
}

// Line returns the line on which an input stands, or 0 if that is not found. path
// leads down from `with:`, as in columns.age or rules[1].
func (in *Inputs) Line(path string) int {
	if in.with == nil {
		return 0
	}
	return in.lineBelow(in.with, path)
}

// Value returns the value of an input, nil if it is not there.
func (in *Inputs) Value(name string) *yaml.Node {
	if in.with == nil {
		return nil
	}
	return in.child(in.with, name).value
}

// child is an entry of a mapping, which may have very many.
func (in *Inputs) child(n *yaml.Node, name string) namedOne {
	if n.Kind != yaml.MappingNode {
		return namedOne{}
	}
	all, ok := in.named[n]
	if !ok {
		all = make(map[string]namedOne, len(n.Content)/2)
		for i := len(n.Content)/2*2 - 2; i >= 0; i -= 2 { // the first of a name counts
			all[n.Content[i].Value] = namedOne{n.Content[i], n.Content[i+1]}
		}
		in.named[n] = all
	}
	return all[name]
}

// withOf finds the value of `with:` of the mapping that begins at a place, or
// whose key does.
func withOf(n, key *yaml.Node, at Pos) *yaml.Node {
	here := func(n *yaml.Node) bool { return n != nil && n.Line == at.Line && n.Column == at.Col }
	if n.Kind == yaml.MappingNode && (here(n) || here(key)) {
		if _, v := childOf(n, "with"); v != nil {
			return v
		}
	}
	for i, c := range n.Content {
		var k *yaml.Node
		if n.Kind == yaml.MappingNode && i%2 == 1 {
			k = n.Content[i-1]
		}
		if found := withOf(c, k, at); found != nil {
			return found
		}
	}
	return nil
}

func childOf(n *yaml.Node, name string) (key, value *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

// lineBelow goes down a path; names may have dots, so that the longest counts.
func (in *Inputs) lineBelow(n *yaml.Node, path string) int {
	line := n.Line
	for path != "" {
		if rest, ok := strings.CutPrefix(path, "["); ok {
			digits, after, _ := strings.Cut(rest, "]")
			i, err := strconv.Atoi(digits)
			if path = strings.TrimPrefix(after, "."); err != nil || i >= len(n.Content) || n.Kind != yaml.SequenceNode {
				continue // one entry may stand without a list
			}
			n = n.Content[i]
			line = n.Line
			continue
		}
		name, rest := path, ""
		entry := in.child(n, name)
		for entry.key == nil {
			i := strings.LastIndexAny(name, ".[")
			if i < 0 {
				return line
			}
			name, rest = name[:i], path[i:]
			entry = in.child(n, name)
		}
		line, n, path = entry.key.Line, entry.value, strings.TrimPrefix(rest, ".")
	}
	return line
}
