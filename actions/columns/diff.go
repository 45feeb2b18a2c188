package columns

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// ErrShared reports columns that do not stand on lines of their own, which a patch
// of lines cannot change.
var ErrShared = errors.New("the columns must stand on a line each")

// context is how many lines a patch shows around a change.
const context = 3

// Diff returns the changes as a unified diff of a file, which "git apply" and
// "patch" take, "" if there are none. The text behind a line that changes, such as a
// comment, stays. It fails with [ErrShared] if a change has no line of its own, as in
// columns: {a: int, b: int}; see [FlowDiff].
func Diff(path string, source []byte, changes []Change) (string, error) {
	lines := linesOf(string(source))
	edits, err := edits(lines, changes)
	if err != nil {
		return "", err
	}
	return unified(path, lines, edits), nil
}

func linesOf(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// unified writes edits as a diff; "" if there are none.
func unified(path string, lines []string, edits []edit) string {
	if len(edits) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "--- a/%s\n+++ b/%s\n", path, path)
	shift := 0
	for len(edits) > 0 {
		n := 1
		for n < len(edits) && edits[n].at-edits[n-1].end() <= 2*context {
			n++
		}
		shift += hunk(&b, lines, edits[:n], shift)
		edits = edits[n:]
	}
	return b.String()
}

// An edit replaces lines from at on, counted from 0.
type edit struct {
	at   int
	old  []string
	with []string
}

func (e edit) end() int { return e.at + len(e.old) }

// edits returns what changes do to lines, from top to bottom.
func edits(lines []string, changes []Change) ([]edit, error) {
	var es []edit
	for _, ch := range changes {
		if ch.At < 1 || ch.At > len(lines) {
			return nil, fmt.Errorf("column %q: line %d: %w", ch.Name, ch.At, ErrShared)
		}
		line := lines[ch.At-1]
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		entry, err := entry(ch.Name, ch.New)
		if err != nil {
			return nil, err
		}
		switch {
		case ch.Old == "" && !strings.HasSuffix(line, "\n"): // behind the last line, which must end first
			es = append(es, edit{at: ch.At - 1, old: []string{line}, with: []string{line + "\n", indent + entry + "\n"}})
		case ch.Old == "": // behind the line
			es = append(es, edit{at: ch.At, with: []string{indent + entry + "\n"}})
		case !holds(line, ch.Name):
			return nil, fmt.Errorf("column %q: line %d: %w", ch.Name, ch.At, ErrShared)
		case ch.New == "":
			es = append(es, edit{at: ch.At - 1, old: []string{line}})
		default:
			es = append(es, edit{at: ch.At - 1, old: []string{line}, with: []string{indent + entry + behind(line) + "\n"}})
		}
	}
	slices.SortStableFunc(es, func(a, b edit) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(len(a.old), len(b.old))) })
	return es, nil
}

// holds reports whether a line is the whole entry of a column.
func holds(line, name string) bool {
	var entry map[string]yaml.Node
	if yaml.Unmarshal([]byte(line), &entry) != nil || len(entry) != 1 {
		return false
	}
	n, ok := entry[name]
	return ok && (n.Kind == yaml.ScalarNode && n.Tag != "!!null" && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 || n.Kind == yaml.SequenceNode)
}

// behind returns the comment of a line with the spaces before it.
func behind(line string) string {
	var doc yaml.Node
	if yaml.Unmarshal([]byte(line), &doc) != nil {
		return ""
	}
	var comment string
	var look func(n *yaml.Node)
	look = func(n *yaml.Node) {
		comment = cmp.Or(n.LineComment, comment)
		for _, c := range n.Content {
			look(c)
		}
	}
	look(&doc)
	at := strings.LastIndex(line, comment)
	if comment == "" || at < 0 {
		return ""
	}
	return line[len(strings.TrimRight(line[:at], " \t")):at] + comment
}

// entry writes a column as an entry of a YAML mapping, plain where YAML reads that
// back as the same line or list.
func entry(name, text string) (string, error) {
	key, err := yaml.Marshal(name)
	if err != nil {
		return "", err
	}
	start := strings.TrimSuffix(string(key), "\n") + ": "
	if plain := start + text; readsAs(plain, name, text) {
		return plain, nil
	}
	quoted, err := yaml.Marshal(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Style: yaml.SingleQuotedStyle})
	return start + strings.TrimSuffix(string(quoted), "\n"), err
}

// readsAs reports whether an entry is that line, or the list of it.
func readsAs(entry, name, text string) bool {
	var m map[string]yaml.Node
	if yaml.Unmarshal([]byte(entry), &m) != nil || len(m) != 1 {
		return false
	}
	n := m[name]
	return isText(&n, text)
}

// isText reports whether a node is that line, or the list of it.
func isText(n *yaml.Node, text string) bool {
	switch n.Kind {
	case yaml.ScalarNode:
		return n.Value == text && n.LineComment == ""
	case yaml.SequenceNode:
		var values []string
		for _, v := range n.Content {
			if v.Kind != yaml.ScalarNode || v.Anchor != "" || v.Tag == "!!null" {
				return false
			}
			values = append(values, v.Value)
		}
		return listText(values) == text
	}
	return false
}

// hunk writes edits that lie near each other and returns by how many lines the file
// grows.
func hunk(b *strings.Builder, lines []string, edits []edit, shift int) int {
	from := max(0, edits[0].at-context)
	to := min(len(lines), edits[len(edits)-1].end()+context)
	grown := 0
	var body strings.Builder
	at := from
	for _, e := range edits {
		mark(&body, " ", lines[at:e.at])
		mark(&body, "-", e.old)
		mark(&body, "+", e.with)
		grown += len(e.with) - len(e.old)
		at = e.end()
	}
	mark(&body, " ", lines[at:to])
	fmt.Fprintf(b, "@@ -%d,%d +%d,%d @@\n%s", from+1, to-from, from+1+shift, to-from+grown, body.String())
	return grown
}

// mark writes lines with a mark before each; the last of a file may lack its end.
func mark(b *strings.Builder, sign string, lines []string) {
	for _, line := range lines {
		b.WriteString(sign + line)
		if !strings.HasSuffix(line, "\n") {
			b.WriteString("\n\\ No newline at end of file\n")
		}
	}
}
