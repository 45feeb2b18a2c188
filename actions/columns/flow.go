package columns

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// FlowDiff is [Diff] for columns that stand between braces, whose node of the parsed
// source is given: what changes is replaced where it stands, and new columns go
// behind the last. It fails with [ErrShared] if they are written in a way that
// cannot be changed so, such as with anchors.
func FlowDiff(path string, source []byte, columns *yaml.Node, changes []Change) (string, error) {
	f := flow{text: string(source), columns: columns, gone: map[string]bool{}}
	was := linesOf(f.text)
	for _, ch := range changes {
		f.gone[ch.Name] = ch.New == ""
	}
	for _, ch := range changes {
		f.change(ch)
	}
	is := linesOf(f.applied())
	if !f.says(is, changes) {
		return "", fmt.Errorf("line %d: %w", columns.Line, ErrShared)
	}
	return unified(path, was, between(was, is)), nil
}

// between are edits that make is of was.
func between(was, is []string) (edits []edit) {
	if len(was) != len(is) { // a list over several lines became one
		from, behind := 0, 0
		for from < min(len(was), len(is)) && was[from] == is[from] {
			from++
		}
		for behind < min(len(was), len(is))-from && was[len(was)-1-behind] == is[len(is)-1-behind] {
			behind++
		}
		return []edit{{at: from, old: was[from : len(was)-behind], with: is[from : len(is)-behind]}}
	}
	for i := range was {
		if was[i] != is[i] {
			edits = append(edits, edit{at: i, old: was[i : i+1], with: is[i : i+1]})
		}
	}
	return edits
}

// A flow is a mapping between braces and what is to be written into it.
type flow struct {
	text    string
	columns *yaml.Node
	gone    map[string]bool
	splices []splice
	added   []string // entries
}

// A splice replaces a stretch of the text.
type splice struct {
	from, to int
	with     string
}

// change notes what a change does to the text.
func (f *flow) change(ch Change) {
	if ch.Old == "" {
		f.added = append(f.added, flowEntry(ch.Name, ch.New))
		return
	}
	i := f.entry(ch.Name)
	if i < 0 {
		return
	}
	from := f.offset(f.columns.Content[i+1])
	to := f.end(from)
	if ch.New != "" {
		f.splices = append(f.splices, splice{from, to, strings.TrimPrefix(flowEntry(ch.Name, ch.New), flowKey(ch.Name))})
		return
	}
	from = f.offset(f.columns.Content[i])
	if rest := strings.TrimLeft(f.text[to:], " "); strings.HasPrefix(rest, ",") {
		to = len(f.text) - len(strings.TrimLeft(rest[1:], " "))
	} else if i > 0 && !f.gone[f.columns.Content[i-2].Value] {
		from = f.end(f.offset(f.columns.Content[i-1])) // with the comma before it
	}
	f.splices = append(f.splices, splice{from, to, ""})
}

// entry is where a column's name is in the mapping, -1 if it is not.
func (f *flow) entry(name string) int {
	for i := 0; i+1 < len(f.columns.Content); i += 2 {
		if f.columns.Content[i].Value == name {
			return i
		}
	}
	return -1
}

// applied is the text with all that was noted.
func (f *flow) applied() string {
	if len(f.added) > 0 {
		f.splices = append(f.splices, f.insertion())
	}
	slices.SortFunc(f.splices, func(a, b splice) int { return cmp.Or(cmp.Compare(b.from, a.from), cmp.Compare(b.to, a.to)) })
	text := f.text
	for _, s := range f.splices {
		text = text[:s.from] + s.with + text[s.to:]
	}
	return text
}

// insertion puts new columns behind the last one that stays, or else first.
func (f *flow) insertion() splice {
	list := strings.Join(f.added, ", ")
	for i := len(f.columns.Content) - 2; i >= 0; i -= 2 {
		if !f.gone[f.columns.Content[i].Value] {
			end := f.end(f.offset(f.columns.Content[i+1]))
			return splice{end, end, ", " + list}
		}
	}
	at := f.offset(f.columns) + 1
	return splice{at, at, list}
}

// offset is where a node begins in the text. YAML counts characters.
func (f *flow) offset(n *yaml.Node) int {
	lines := linesOf(f.text)
	at := 0
	for _, l := range lines[:n.Line-1] {
		at += len(l)
	}
	column := 1
	for i := range lines[n.Line-1] {
		if column == n.Column {
			return at + i
		}
		column++
	}
	return at
}

// end is where the value that begins at an offset ends: before a comma or bracket
// that is not its own, without the blanks before that.
func (f *flow) end(from int) int {
	depth := 0
	for i := from; i < len(f.text); i++ {
		switch c := f.text[i]; {
		case (c == '\'' || c == '"') && strings.ContainsRune(" ,[{:\n", rune(f.text[i-1])):
			i = closing(f.text, i)
		case c == '[' || c == '{':
			depth++
		case depth == 0 && (c == ',' || c == ']' || c == '}' || c == '\n' || strings.HasPrefix(f.text[i:], " #")):
			return from + len(strings.TrimRight(f.text[from:i], " "))
		case c == ']' || c == '}':
			depth--
		}
	}
	return len(f.text)
}

// closing is where the quote that opens at an offset closes.
func closing(text string, open int) int {
	for i := open + 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && text[open] == '"':
			i++
		case text[i] == text[open] && text[open] == '\'' && strings.HasPrefix(text[i+1:], "'"):
			i++
		case text[i] == text[open]:
			return i
		}
	}
	return len(text) - 1
}

// says reports whether the columns, parsed again, are what the changes make of them.
func (f *flow) says(lines []string, changes []Change) bool {
	var doc yaml.Node
	if yaml.Unmarshal([]byte(strings.Join(lines, "")), &doc) != nil {
		return false
	}
	now := flow{columns: mappingAt(&doc, f.columns.Line, f.columns.Column)}
	if now.columns == nil {
		return false
	}
	entries := len(f.columns.Content)
	for _, ch := range changes {
		i := now.entry(ch.Name)
		switch {
		case ch.New == "" && i >= 0, ch.New != "" && (i < 0 || !now.holds(i, ch.New)):
			return false
		case ch.New == "":
			entries -= 2
		case ch.Old == "":
			entries += 2
		}
	}
	return len(now.columns.Content) == entries
}

// holds reports whether an entry is a line. A comment behind it stays.
func (f *flow) holds(i int, text string) bool {
	value := *f.columns.Content[i+1]
	value.LineComment = ""
	return isText(&value, text)
}

func mappingAt(n *yaml.Node, line, column int) *yaml.Node {
	if n.Kind == yaml.MappingNode && n.Line == line && n.Column == column {
		return n
	}
	for _, c := range n.Content {
		if found := mappingAt(c, line, column); found != nil {
			return found
		}
	}
	return nil
}

func flowKey(name string) string {
	if plain := name + ": x"; readsAs("{"+plain+"}", name, "x") {
		return name + ": "
	}
	return "'" + strings.ReplaceAll(name, "'", "''") + "': "
}

// flowEntry writes a column as an entry between braces.
func flowEntry(name, text string) string {
	if plain := flowKey(name) + text; readsAs("{"+plain+"}", name, text) {
		return plain
	}
	return flowKey(name) + "'" + strings.ReplaceAll(text, "'", "''") + "'"
}
