package columns

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// ErrShared reports columns that are written in a way that no patch of their lines
// changes as is wanted, such as with anchors that others use.
var ErrShared = errors.New("the patch cannot be written into the columns as they stand")

// context is how many lines a patch shows around a change.
const context = 3

// Diff returns the changes as a unified diff of a file, which "git apply" and
// "patch" take, "" if there are none. columns is their node of the parsed source,
// whose entries stand on lines of their own; see [FlowDiff] for others. Keys,
// alignment, comments and ends of lines stay as they are, and so do lists whose
// values have a line each. It fails with [ErrShared] if what comes out is not the
// same file with those changes.
func Diff(path string, source []byte, columns *yaml.Node, changes []Change) (string, error) {
	b := block{lines: linesOf(string(source)), columns: columns, at: map[string]int{}}
	for i := 0; i+1 < len(columns.Content); i += 2 {
		b.at[columns.Content[i].Value] = i
	}
	edits, err := b.edits(changes)
	if err != nil {
		return "", err
	}
	if !changed(source, apply(b.lines, edits), columns, changes) {
		return "", fmt.Errorf("line %d: %w", columns.Line, ErrShared)
	}
	return unified(path, b.lines, edits), nil
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
