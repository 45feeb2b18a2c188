package spec

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

// Unpinned reports whether a diagnostic is that a dataset at an address has no
// digest, and of which.
func Unpinned(d Diagnostic) (name string, ok bool) {
	rest, ok := strings.CutPrefix(d.Message, "the dataset ")
	if !ok || d.Code != CodeMissingKey || !strings.HasSuffix(rest, unpinnedEnd) {
		return "", false
	}
	return strings.Trim(strings.TrimSuffix(rest, unpinnedEnd), `"`), true
}

const unpinnedEnd = " is an address and has no digest"

// ErrPlace is what PinDataset fails with where it cannot edit.
var ErrPlace = errors.New("the digest cannot be written there")

// PinDataset writes the digest of a dataset into the text of an mlops.yaml and
// leaves all other bytes as they are. A digest that is there is replaced. It
// fails with ErrPlace where a dataset is written by an alias, a merge or over
// several lines, and never returns a text that says anything else than before
// but for the digest.
func PinDataset(text []byte, name, digest string) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	value := child(child(root(&doc), "data"), name)
	if value == nil {
		return nil, fmt.Errorf("it has no dataset %q", name)
	}
	out, err := pinned(text, value, digest)
	if err != nil {
		return nil, err
	}
	if !samePlus(text, out, name, digest) {
		return nil, ErrPlace
	}
	return out, nil
}

func root(doc *yaml.Node) *yaml.Node {
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		return doc.Content[0]
	}
	return doc
}

// child is the value of a key of a mapping, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// pinned edits the text at the place of a dataset.
func pinned(text []byte, value *yaml.Node, digest string) ([]byte, error) {
	if value.Kind == yaml.ScalarNode {
		from, to, err := scalarAt(text, value)
		if err != nil {
			return nil, err
		}
		return replace(text, from, to, "{path: "+inFlow(string(text[from:to]))+", digest: "+digest+"}"), nil
	}
	if old := child(value, "digest"); old != nil {
		from, to, err := scalarAt(text, old)
		if err != nil {
			return nil, err
		}
		return replace(text, from, to, digest), nil
	}
	path := child(value, "path")
	if path == nil {
		return nil, ErrPlace
	}
	_, to, err := scalarAt(text, path)
	if err != nil {
		return nil, err
	}
	if value.Style&yaml.FlowStyle != 0 {
		return replace(text, to, to, ", digest: "+digest), nil
	}
	end := to + bytes.IndexByte(text[to:], '\n')
	if end < to {
		end = len(text)
	}
	newline := "\n"
	if end > 0 && text[end-1] == '\r' {
		end, newline = end-1, "\r\n"
	}
	return replace(text, end, end, newline+strings.Repeat(" ", value.Column-1)+"digest: "+digest), nil
}

// inFlow writes a scalar so that it can stand between braces.
func inFlow(raw string) string {
	if raw[0] == '"' || raw[0] == '\'' || !strings.ContainsAny(raw, ",[]{}#") {
		return raw
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(raw) + `"`
}

func replace(text []byte, from, to int, with string) []byte {
	return []byte(string(text[:from]) + with + string(text[to:]))
}

// scalarAt is where a scalar on one line stands in the text, in bytes.
func scalarAt(text []byte, n *yaml.Node) (from, to int, err error) {
	if n.Kind != yaml.ScalarNode || n.Anchor != "" || n.Style&(yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) != 0 {
		return 0, 0, ErrPlace
	}
	for line := 1; line < n.Line; line++ {
		next := bytes.IndexByte(text[from:], '\n')
		if next < 0 {
			return 0, 0, ErrPlace
		}
		from += next + 1
	}
	column := 1
	for i := range string(text[from:]) { // columns count characters
		if column == n.Column {
			from += i
			break
		}
		column++
	}
	to = from + rawLength(string(text[from:]), n)
	if to <= from || to > len(text) {
		return 0, 0, ErrPlace
	}
	return from, to, nil
}

// rawLength is how many bytes a scalar takes as it is written, 0 if it cannot be told.
func rawLength(rest string, n *yaml.Node) int {
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		for i := 1; i < len(rest); i++ {
			switch rest[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return 0
	case n.Style&yaml.SingleQuotedStyle != 0:
		for i := 1; i < len(rest); i++ {
			if rest[i] == '\'' && (i+1 == len(rest) || rest[i+1] != '\'') {
				return i + 1
			} else if rest[i] == '\'' {
				i++
			}
		}
		return 0
	case strings.HasPrefix(rest, n.Value):
		return len(n.Value)
	}
	return 0
}

// samePlus reports whether a text says what another one does, but for the digest
// of a dataset, which it has.
func samePlus(before, after []byte, name, digest string) bool {
	was, okWas := withoutDigest(before, name)
	is, okIs := withoutDigest(after, name)
	var doc yaml.Node
	if !okWas || !okIs || yaml.Unmarshal(after, &doc) != nil {
		return false
	}
	d := child(child(child(root(&doc), "data"), name), "digest")
	return d != nil && d.Value == digest && reflect.DeepEqual(was, is)
}

// withoutDigest decodes a text, with the dataset as a mapping without a digest.
func withoutDigest(text []byte, name string) (map[string]any, bool) {
	var all map[string]any
	if yaml.Unmarshal(text, &all) != nil {
		return nil, false
	}
	data, ok := all["data"].(map[string]any)
	if !ok {
		return nil, false
	}
	switch set := data[name].(type) {
	case string:
		data[name] = map[string]any{"path": set}
	case map[string]any:
		delete(set, "digest")
	}
	return all, true
}
