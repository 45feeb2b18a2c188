package spec

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// InputLine returns the line of a file on which an input of an action stands, or
// 0 if it is not found. step is [Step.Pos], and path leads down from `with:`, as in
// columns.age or rules[1].
func InputLine(source []byte, step Pos, path string) int {
	if with := inputs(source, step); with != nil {
		return lineBelow(with, path)
	}
	return 0
}

// InputValue returns the value of an input of an action as it stands in a file, nil
// if it is not there. step is [Step.Pos].
func InputValue(source []byte, step Pos, input string) *yaml.Node {
	if with := inputs(source, step); with != nil {
		_, value := childOf(with, input)
		return value
	}
	return nil
}

// inputs finds the inputs of an action in a file.
func inputs(source []byte, step Pos) *yaml.Node {
	var doc yaml.Node
	if err := yaml.Unmarshal(source, &doc); err != nil {
		return nil
	}
	return withOf(&doc, nil, step)
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
func lineBelow(n *yaml.Node, path string) int {
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
		key, value := childOf(n, name)
		for key == nil {
			i := strings.LastIndexAny(name, ".[")
			if i < 0 {
				return line
			}
			name, rest = name[:i], path[i:]
			key, value = childOf(n, name)
		}
		line, n, path = key.Line, value, strings.TrimPrefix(rest, ".")
	}
	return line
}
