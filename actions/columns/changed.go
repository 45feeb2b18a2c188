package columns

import "gopkg.in/yaml.v3"

// changed reports whether a file says the same as before but for the changes of its
// columns, whose node of the file before is given.
func changed(before, after []byte, columns *yaml.Node, changes []Change) bool {
	var was, is yaml.Node
	if yaml.Unmarshal(before, &was) != nil || yaml.Unmarshal(after, &is) != nil {
		return false
	}
	c := comparer{line: columns.Line, column: columns.Column, changes: changes}
	return c.same(&was, &is) && c.found
}

type comparer struct {
	line, column int // of the columns before
	changes      []Change
	found        bool
}

// same reports whether two trees say the same, whatever their looks.
func (c *comparer) same(a, b *yaml.Node) bool {
	if a.Kind == yaml.MappingNode && a.Line == c.line && a.Column == c.column && a.Kind == b.Kind && !c.found {
		c.found = true
		return c.columns(a, b)
	}
	if a.Kind != b.Kind || a.Value != b.Value || a.Tag != b.Tag || a.Anchor != b.Anchor || len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !c.same(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// columns reports whether the changes make b of a.
func (c *comparer) columns(a, b *yaml.Node) bool {
	now := make(map[string]*yaml.Node, len(b.Content)/2)
	for i := 0; i+1 < len(b.Content); i += 2 {
		now[b.Content[i].Value] = b.Content[i+1]
	}
	entries := len(a.Content)
	by := make(map[string]*Change, len(c.changes))
	for i := range c.changes {
		ch := &c.changes[i]
		by[ch.Name] = ch
		switch {
		case ch.New == "":
			entries -= 2
		case ch.Old == "":
			entries += 2
		}
		value := now[ch.Name]
		if (ch.New == "") != (value == nil) {
			return false
		}
		if value != nil {
			plain := *value
			plain.LineComment = ""
			if !isText(&plain, ch.New) {
				return false
			}
		}
	}
	for i := 0; i+1 < len(a.Content); i += 2 {
		if name := a.Content[i].Value; by[name] == nil && (now[name] == nil || !c.same(a.Content[i+1], now[name])) {
			return false
		}
	}
	return len(b.Content) == entries && a.Anchor == b.Anchor && a.Tag == b.Tag
}
