package spec

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// expand replaces aliases by what they stand for and merge keys by the
// keys they bring, and bounds nesting and expansion. Aliased nodes are shared,
// not copied, so a bomb costs no memory; its size is counted before anything
// walks it. It returns nil after an error that makes the tree unusable.
func (w *walker) expand(root *yaml.Node) *yaml.Node {
	e := expander{w: w}
	root, _ = e.node(root, 0)
	if e.failed {
		return nil
	}
	return root
}

// mayShare reports whether a text may have an anchor, a tag or a merge key. Most
// files have none and need no walk through all their nodes. A wrong yes costs time,
// a wrong no cannot be: YAML's indicators stand at the start of a value.
func mayShare(text string) bool {
	if strings.Contains(text, "<<") {
		return true
	}
	for _, indicator := range "&!" {
		for at := 0; ; at++ {
			i := strings.IndexByte(text[at:], byte(indicator))
			if i < 0 {
				break
			}
			if at += i; startsValue(text, at) {
				return true
			}
		}
	}
	return false
}

// startsValue reports whether the & or ! at an offset may be a node's anchor or
// tag: something that separates stands before it and, of an anchor, its name behind.
func startsValue(text string, at int) bool {
	if at > 0 && text[at-1] < 0x80 && strings.IndexByte(" \t\r\n[{,:-?", text[at-1]) < 0 {
		return false
	}
	return text[at] == '!' || at+1 < len(text) && strings.IndexByte(" \t\r\n&", text[at+1]) < 0
}

type expander struct {
	w      *walker
	known  map[*yaml.Node]extent // of anchored nodes
	added  int                   // nodes that aliases and merges have added
	failed bool
}

// extent is how far an expanded node reaches.
type extent struct {
	size   int // nodes, the node itself included; 0 while the node is being expanded
	height int // levels of mappings and sequences
}

// node expands one node and returns what stands in its place.
func (e *expander) node(n *yaml.Node, depth int) (*yaml.Node, extent) {
	switch {
	case e.failed:
		return n, extent{}
	case n.Kind == yaml.AliasNode:
		return e.alias(n, depth)
	case n.Style&yaml.TaggedStyle != 0 && !e.tagged(n):
		return n, extent{}
	case n.Kind == yaml.ScalarNode:
		return n, extent{size: 1}
	case depth >= maxNesting:
		e.failDeep(n)
		return n, extent{}
	case n.Anchor == "":
		return n, e.children(n, depth)
	}
	return n, e.anchored(n, depth)
}

// tagged reports whether an explicit tag says what the node is anyway, or makes
// a text of a number; other tags ask for types that the file does not have.
func (e *expander) tagged(n *yaml.Node) bool {
	fits := false
	switch n.Tag {
	case "!!str", "!":
		n.Tag, fits = "!!str", n.Kind == yaml.ScalarNode
	case "!!map":
		fits = n.Kind == yaml.MappingNode
	case "!!seq":
		fits = n.Kind == yaml.SequenceNode
	case "!!null":
		fits = n.Value == "" || n.Value == "~" || strings.EqualFold(n.Value, "null")
	case "!!bool":
		fits = strings.EqualFold(n.Value, "true") || strings.EqualFold(n.Value, "false")
	case "!!int", "!!float":
		_, fits = parseNumber(n.Value)
	default:
		e.fail(n, CodeTag, tagFix(n), "the tag %s has no meaning here", clip(n.Tag))
		return false
	}
	if !fits {
		e.fail(n, CodeTag, "remove the tag", "%s is no %s", describeNode(n), n.Tag)
	}
	return fits
}

// tagFix tells a condition that begins with ! from a tag.
func tagFix(n *yaml.Node) string {
	if condition := strings.TrimSpace(n.Tag + " " + n.Value); strings.ContainsAny(n.Tag, "(.'") {
		return "a value that begins with ! is a tag in YAML; write ${{ " + condition + " }}"
	}
	return "remove it, or write !!str for text"
}

func (e *expander) failDeep(n *yaml.Node) {
	e.fail(n, CodeTooDeep, "", tooDeep, maxNesting)
}

const tooDeep = "values are nested deeper than %d levels"

// enter bounds the nesting of free values in files that need no expansion. leave
// must follow unless it returns false.
func (w *walker) enter(n *yaml.Node) bool {
	if w.depth >= maxNesting {
		w.at(n, CodeTooDeep, "", tooDeep, maxNesting)
		return false
	}
	w.depth++
	return true
}

func (w *walker) leave() { w.depth-- }

// anchored expands a node that aliases may name, once.
func (e *expander) anchored(n *yaml.Node, depth int) extent {
	if x, ok := e.known[n]; ok {
		return x
	}
	if e.known == nil {
		e.known = map[*yaml.Node]extent{}
	}
	e.known[n] = extent{}
	x := e.children(n, depth)
	e.known[n] = x
	return x
}

func (e *expander) children(n *yaml.Node, depth int) extent {
	sum, merges := extent{size: 1}, false
	for i, c := range n.Content {
		if c.Kind == yaml.ScalarNode && c.Style&yaml.TaggedStyle == 0 { // most nodes, so without a call
			merges = merges || c.Tag == "!!merge" && i%2 == 0 && n.Kind == yaml.MappingNode
			sum.size++
			continue
		}
		child, x := e.node(c, depth+1)
		n.Content[i] = child
		sum.size += x.size
		sum.height = max(sum.height, x.height)
	}
	if merges && !e.failed {
		e.merge(n)
	}
	sum.height++
	return sum
}

// alias returns the target of an alias, which the scanner has seen before it.
func (e *expander) alias(n *yaml.Node, depth int) (*yaml.Node, extent) {
	target, x := n.Alias, extent{size: 1}
	if target.Kind != yaml.ScalarNode {
		x = e.anchored(target, depth)
	}
	switch {
	case x.size == 0:
		e.fail(n, CodeAlias, "", "the alias *%s stands inside what it names", n.Value)
	case depth+x.height > maxNesting:
		e.failDeep(n)
	}
	e.add(n, x.size)
	return target, x
}

func (e *expander) add(n *yaml.Node, size int) {
	if e.added += size; e.added > maxExpansion {
		e.fail(n, CodeAlias, "repeat less", "aliases expand to more than %d values", maxExpansion)
	}
}

// merge replaces the << keys of a mapping by the keys of the mappings they
// name: own keys win, then the first mapping named. What the aliases bring has
// been counted where they stand.
func (e *expander) merge(n *yaml.Node) {
	own := make([]*yaml.Node, 0, len(n.Content))
	seen := map[string]bool{}
	var from []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Tag == "!!merge" {
			from = append(from, e.sources(k, v)...)
			continue
		}
		own = append(own, k, v)
		seen[k.Value] = true
	}
	for _, m := range from {
		for i := 0; i+1 < len(m.Content); i += 2 {
			if k := m.Content[i]; !seen[k.Value] {
				seen[k.Value] = true
				own = append(own, k, m.Content[i+1])
			}
		}
	}
	n.Content = own
}

// sources returns the mappings that the value of a merge key names.
func (e *expander) sources(k, v *yaml.Node) []*yaml.Node {
	switch v.Kind {
	case yaml.MappingNode:
		return []*yaml.Node{v}
	case yaml.SequenceNode:
		for _, c := range v.Content {
			if c.Kind != yaml.MappingNode {
				e.fail(c, CodeAlias, "name mappings, such as <<: [*a, *b]", "<< merges mappings only")
				return nil
			}
		}
		return v.Content
	}
	e.fail(k, CodeAlias, "name a mapping, such as <<: *defaults", "<< merges mappings only")
	return nil
}

func (e *expander) fail(n *yaml.Node, code Code, fix, format string, args ...any) {
	if !e.failed {
		e.w.at(n, code, fix, format, args...)
	}
	e.failed = true
}
