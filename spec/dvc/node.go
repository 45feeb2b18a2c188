package dvc

import "gopkg.in/yaml.v3"

type pair struct{ key, value *yaml.Node }

// follow resolves an alias.
func follow(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// pairs are a mapping's entries in order; nil for anything else.
func pairs(n *yaml.Node) []pair {
	n = follow(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	all := make([]pair, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		all = append(all, pair{n.Content[i], follow(n.Content[i+1])})
	}
	return all
}

func keys(n *yaml.Node) []string {
	var all []string
	for _, kv := range pairs(n) {
		all = append(all, kv.key.Value)
	}
	return all
}

// child is the value of a mapping's key; nil if it has none.
func child(n *yaml.Node, key string) *yaml.Node {
	for _, kv := range pairs(n) {
		if kv.key.Value == key {
			return kv.value
		}
	}
	return nil
}

// items are a sequence's entries, and one value alone is a sequence of it.
func items(n *yaml.Node) []*yaml.Node {
	n = follow(n)
	switch {
	case n == nil:
		return nil
	case n.Kind != yaml.SequenceNode:
		return []*yaml.Node{n}
	}
	all := make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		all[i] = follow(c)
	}
	return all
}

// scalar is a plain value's text; "" for anything else.
func scalar(n *yaml.Node) string {
	if n = follow(n); n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

func isScalar(n *yaml.Node) bool { n = follow(n); return n != nil && n.Kind == yaml.ScalarNode }

func isTrue(n *yaml.Node) bool {
	var b bool
	return isScalar(n) && n.Decode(&b) == nil && b
}

// maxNodes bounds a file with its aliases followed: anchors that hold
// themselves, or each other many times over, have no end.
const maxNodes = 50_000

// bounded reports whether a tree has an end within maxNodes.
func bounded(n *yaml.Node) bool {
	left := maxNodes
	return within(n, &left)
}

func within(n *yaml.Node, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	n = follow(n)
	for _, c := range n.Content {
		if !within(c, left) {
			return false
		}
	}
	return true
}
