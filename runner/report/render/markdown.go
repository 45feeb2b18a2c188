package render

import (
	"strings"
)

// A markdown writes blocks as Markdown: GitHub's, or without any HTML and
// without what only some forges know.
type markdown struct {
	html bool   // fold, alert and draw
	full string // address of the full report; "" for none
}

// text writes a line of text.
func (m markdown) text(t text, at place) string {
	var b strings.Builder
	bold := false
	for i, s := range t {
		if s.text == "" {
			continue
		}
		if bold && !s.bold {
			b.WriteString(m.strong(at, "/"))
		}
		lead := ""
		if s.bold && !bold { // spaces stand outside, or it would not be bold
			lead = s.text[:len(s.text)-len(strings.TrimLeft(s.text, " "))]
			s.text = s.text[len(lead):]
			b.WriteString(lead + m.strong(at, ""))
		}
		if i > 0 && lead == "" && s.style == code && t[i-1].style == code {
			b.WriteByte(' ')
		}
		bold = s.bold
		b.WriteString(m.linked(s, at))
		if at == inLine {
			at = midLine
		}
	}
	if bold {
		b.WriteString(m.strong(at, "/"))
	}
	return b.String()
}

// strong begins what is bold, or ends it.
func (m markdown) strong(at place, end string) string {
	if at == inHTML {
		return "<" + end + "b>"
	}
	return "**"
}

func (m markdown) linked(s span, at place) string {
	if out := m.span(s, at); s.link == "" || at == inHTML {
		return out
	} else {
		return "[" + out + "](" + s.link + ")"
	}
}

// blocks writes blocks with an empty line between them.
func (m markdown) blocks(bs []block) string {
	var parts []string
	for _, b := range bs {
		if text := m.block(b); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "\n")
}

// block writes one block; it ends with a line end, or is empty.
func (m markdown) block(b block) string {
	switch b := b.(type) {
	case heading:
		return "### " + m.text(b.text, midLine) + "\n"
	case paragraph:
		return m.line(b.text)
	case small:
		return m.small(b.text)
	case items:
		return m.items(b.texts, "")
	case alert:
		return m.alert(b)
	case table:
		return m.table(b)
	case fence:
		return m.fence(b)
	case rest:
		return m.line(m.rest(b))
	case figure:
		return m.figure(b)
	}
	return ""
}

func (m markdown) line(t text) string {
	if out := m.text(t, inLine); out != "" {
		return out + "\n"
	}
	return ""
}

func (m markdown) small(t text) string {
	out := m.text(t, inLine)
	switch {
	case out == "":
		return ""
	case m.html:
		return "<sub>" + out + "</sub>\n"
	}
	return out + "\n"
}

func (m markdown) items(ts []text, prefix string) string {
	var b strings.Builder
	for _, t := range ts {
		if out := m.text(t, inLine); out != "" { // "-" alone would make a heading of the line above
			b.WriteString(prefix + "- " + out + "\n")
		}
	}
	return b.String()
}

// alert is a quotation with a head that GitHub colours.
func (m markdown) alert(a alert) string {
	out := "> **" + strings.ToUpper(a.kind[:1]) + a.kind[1:] + "**\n>\n"
	if m.html {
		out = "> [!" + strings.ToUpper(a.kind) + "]\n"
	}
	if len(a.lead) > 0 {
		out += "> " + m.text(a.lead, inLine) + "\n"
	}
	if len(a.lead) > 0 && len(a.texts) > 0 {
		out += ">\n"
	}
	return out + m.items(a.texts, "> ")
}

func (m markdown) table(t table) string {
	if len(t.columns) == 0 {
		return ""
	}
	var b strings.Builder
	heads, rules := make([]text, len(t.columns)), ""
	for i, c := range t.columns {
		heads[i] = c.title
		switch {
		case c.center:
			rules += ":-:|"
		case c.right:
			rules += "--:|"
		default:
			rules += ":--|"
		}
	}
	m.row(&b, heads)
	b.WriteString("|" + rules + "\n")
	for _, r := range t.rows {
		m.row(&b, r)
	}
	return b.String()
}

func (m markdown) row(b *strings.Builder, cells []text) {
	b.WriteByte('|')
	for _, c := range cells {
		b.WriteByte(' ')
		if len(c) > 0 {
			b.WriteString(m.text(c, inCell))
			b.WriteByte(' ')
		}
		b.WriteByte('|')
	}
	b.WriteByte('\n')
}

// fence writes literal lines between fences that no line can end.
func (m markdown) fence(f fence) string {
	run, lines := 2, make([]string, len(f.lines))
	for i, l := range f.lines {
		var n int
		lines[i], n = fewTicks(inert(comment.Replace(l)))
		run = max(run, n)
	}
	marks := strings.Repeat("`", run+1)
	var b strings.Builder
	b.WriteString(marks + f.language + "\n")
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	b.WriteString(marks + "\n")
	return b.String()
}

// rest says how much is left out and where it stands.
func (m markdown) rest(r rest) text {
	return cat(say(plural(r.n, "more "+r.noun)+": "), m.fullReport())
}

func (m markdown) fullReport() text { return linked("full report", m.full) }

// figure draws a chart and gives its numbers, for readers without Mermaid.
func (m markdown) figure(f figure) string {
	lines, numbers := f.mermaid(), m.table(f.table())
	if m.html && lines != nil {
		return "```mermaid\n" + strings.Join(lines, "\n") + "\n```\n\n" + numbers
	}
	if numbers != "" {
		numbers = "\n" + numbers
	}
	return m.line(f.line()) + numbers
}

// section writes a section with its contents.
func (m markdown) section(s section, bs []block) string {
	contents := m.blocks(bs)
	switch {
	case s.flat:
		return contents
	case contents == "":
		return m.line(m.headed(s))
	case !m.html:
		return m.line(m.headed(s)) + "\n" + contents
	}
	tag := "<details>"
	if s.open {
		tag = "<details open>"
	}
	return tag + "<summary>" + m.text(m.headed(s), inHTML) + "</summary>\n\n" + contents + "\n</details>\n"
}

// headed is a section's title and summary.
func (m markdown) headed(s section) text { return list(": ", s.title.bold(), s.summary) }

// short writes a section as one line.
func (m markdown) short(s section) string {
	return m.line(cat(m.headed(s), say(": "), m.fullReport()))
}
