package columns

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A block is a mapping whose entries stand on lines of their own.
type block struct {
	lines   []string
	columns *yaml.Node
	at      map[string]int // of a name among the content of columns
}

// edits returns what changes do to the lines, from top to bottom.
func (b *block) edits(changes []Change) ([]edit, error) {
	var es []*edit
	behind := (*edit)(nil) // what new entries come into: the last that changes
	for _, ch := range changes {
		i, known := b.at[ch.Name]
		switch {
		case ch.Old != "" && !known, len(b.columns.Content) == 0:
			return nil, fmt.Errorf("column %q: %w", ch.Name, ErrShared)
		case ch.Old != "":
			behind = b.replace(i, ch)
			es = append(es, behind)
			continue
		case behind == nil:
			behind = b.last()
			es = append(es, behind)
		}
		behind.with = append(behind.with, b.entry(ch))
	}
	slices.SortStableFunc(es, func(a, b *edit) int { return cmp.Compare(a.at, b.at) })
	out := make([]edit, len(es))
	for i, e := range es {
		out[i] = *e
	}
	return out, nil
}

// place returns the lines of an entry, counted from 0: those that are indented
// deeper than its name or, of a list, as deep, without blank lines and comments
// behind.
func (b *block) place(i int) (from, to int) {
	key, value := b.columns.Content[i], b.columns.Content[i+1]
	from = key.Line - 1
	to = from + 1
	for at := to; at < len(b.lines); at++ {
		text := strings.Trim(b.lines[at], " \t\r\n")
		indent := len(b.lines[at]) - len(strings.TrimLeft(b.lines[at], " "))
		listed := indent == key.Column-1 && value.Kind == yaml.SequenceNode && (text == "-" || strings.HasPrefix(text, "- "))
		switch {
		case text == "" || text[0] == '#':
		case indent >= key.Column || listed:
			to = at + 1
		default:
			return from, to
		}
	}
	return from, to
}

// replace writes an entry anew, or takes it out.
func (b *block) replace(i int, ch Change) *edit {
	from, to := b.place(i)
	e := &edit{at: from, old: b.lines[from:to]}
	if ch.New == "" {
		return e
	}
	if more, ok := b.longer(i, ch.New); ok {
		e = b.behind(to)
		e.with = append(e.with, more...)
		return e
	}
	line := bare(b.lines[from])
	head, comment := b.head(i), ""
	if to == from+1 {
		comment = behind(line)
	}
	value := b.columns.Content[i+1]
	if value.Anchor != "" {
		head += "&" + value.Anchor + " "
	}
	e.with = []string{head + valueText(ch.Name, ch.New) + comment + b.end(from)}
	return e
}

// head is what stands before the value of an entry on the line of its name.
func (b *block) head(i int) string {
	key, value := b.columns.Content[i], b.columns.Content[i+1]
	line := b.lines[key.Line-1]
	if value.Line == key.Line {
		return line[:byteOf(line, value.Column)]
	}
	if before, _, ok := strings.Cut(line, ": "); ok && value.Kind == yaml.ScalarNode { // > or |
		return before + ": "
	}
	return strings.TrimRight(bare(line)[:len(bare(line))-len(behind(bare(line)))], " ") + " "
}

// longer returns the lines that a list whose values have a line each gets, if a
// change only makes it longer.
func (b *block) longer(i int, text string) (more []string, ok bool) {
	value := b.columns.Content[i+1]
	var now yaml.Node
	if value.Kind != yaml.SequenceNode || value.Style&yaml.FlowStyle != 0 || yaml.Unmarshal([]byte(text), &now) != nil || now.Kind == 0 {
		return nil, false
	}
	list := now.Content[0]
	if list.Kind != yaml.SequenceNode || len(list.Content) <= len(value.Content) || !isText(list, text) {
		return nil, false
	}
	for k, v := range value.Content {
		if v.Value != list.Content[k].Value {
			return nil, false
		}
	}
	first := b.lines[value.Content[0].Line-1]
	dash := first[:byteOf(first, value.Content[0].Column)]
	end := b.end(value.Content[0].Line - 1)
	for _, v := range list.Content[len(value.Content):] {
		more = append(more, dash+valueText("x", v.Value)+end)
	}
	return more, true
}

// last is an edit that changes nothing yet behind the last entry.
func (b *block) last() *edit {
	_, to := b.place(len(b.columns.Content) - 2)
	return b.behind(to)
}

// behind is an edit that changes nothing yet before the line at.
func (b *block) behind(at int) *edit {
	if last := b.lines[at-1]; bare(last) == last { // which must end first
		return &edit{at: at - 1, old: b.lines[at-1 : at], with: []string{last + b.end(at-1)}}
	}
	return &edit{at: at}
}

// entry writes a new column.
func (b *block) entry(ch Change) string {
	first := b.columns.Content[0]
	line := b.lines[first.Line-1]
	return line[:byteOf(line, first.Column)] + keyText(ch.Name) + ": " + valueText(ch.Name, ch.New) + b.end(first.Line-1)
}

// end is how a line ends, or how the first of the file does where it has no end.
func (b *block) end(i int) string {
	line := b.lines[i]
	if end := line[len(bare(line)):]; end != "" {
		return end
	}
	if end := b.lines[0][len(bare(b.lines[0])):]; end != "" {
		return end
	}
	return "\n"
}

func bare(line string) string { return strings.TrimRight(line, "\r\n") }

// byteOf is where a column of a line begins. YAML counts characters, from 1.
func byteOf(line string, column int) int {
	n := 1
	for i := range line {
		if n == column {
			return i
		}
		n++
	}
	return len(line)
}

// keyText writes a name as the key of an entry.
func keyText(name string) string {
	key, err := yaml.Marshal(name)
	if err != nil || strings.Count(string(key), "\n") != 1 {
		return flowKey(name)
	}
	return strings.TrimSuffix(string(key), "\n")
}

// valueText writes a column line, plain where YAML reads that back as the same line
// or list.
func valueText(name, text string) string {
	if readsAs(keyText(name)+": "+text, name, text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// apply returns lines after edits.
func apply(lines []string, edits []edit) []byte {
	var out strings.Builder
	at := 0
	for _, e := range edits {
		for _, l := range slices.Concat(lines[at:e.at], e.with) {
			out.WriteString(l)
		}
		at = e.end()
	}
	for _, l := range lines[at:] {
		out.WriteString(l)
	}
	return []byte(out.String())
}
