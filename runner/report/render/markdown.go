package render

import (
	"html"
	"strings"
)

// A markdown writes blocks as Markdown: GitHub's, or without any HTML and
// without what only some forges know.
type markdown struct {
	html bool   // fold, alert and draw
	full string // address of the full report; "" for none
}

// A place is where in Markdown a text stands, which decides what must be escaped.
type place uint8

const (
	inLine  place = iota // at the beginning of a line
	inCell               // in a table, where | ends the cell
	inHTML               // in an HTML element that Markdown does not look into
	midLine              // behind other text
)

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

func (m markdown) span(s span, at place) string {
	if at == inHTML {
		out := html.EscapeString(minus(s))
		if s.style == code {
			return "<code>" + out + "</code>"
		}
		return out
	}
	switch s.style {
	case code:
		return codeSpan(s.text, at == inCell)
	case number:
		return minus(s)
	}
	return escaped(s.text, at == inLine)
}

// minus returns a span's text, that of a number with a true minus.
func minus(s span) string {
	if s.style != number {
		return s.text
	}
	return strings.ReplaceAll(s.text, "-", "−")
}

// markup are the characters that Markdown may give a meaning inside a line.
const markup = "\\`*_{}[]<#|!~&$@^"

// escaped writes words so that Markdown shows them as they are.
func escaped(s string, start bool) string {
	if !strings.ContainsAny(s, markup) && !start {
		return s
	}
	var b strings.Builder
	digits := start // only digits so far
	for i, r := range s {
		leading := start && i == 0 && strings.ContainsRune("-+=:>", r)
		ordered := digits && i > 0 && (r == '.' || r == ')')
		if leading || ordered || strings.ContainsRune(markup, r) && r != '!' || r == '!' && strings.HasPrefix(s[i:], "![") {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		digits = digits && r >= '0' && r <= '9'
	}
	return b.String()
}

// maxTicks is how many backticks may stand side by side in code. More are no
// expression of anybody's, would make the marks around them as long, and
// cmark-gfm counts those of a fence in a byte: one of 501 is never closed.
const maxTicks = 5

// fewTicks returns s and its longest run of backticks, or s without them if
// they are too many.
func fewTicks(s string) (string, int) {
	if run := longestRun(s, '`'); run <= maxTicks {
		return s, run
	}
	return strings.ReplaceAll(s, "`", "'"), 0
}

// codeSpan writes s as code that s itself cannot end. In a table's cell the
// pipes of code need a backslash too, which must not follow one of s.
func codeSpan(s string, cell bool) string {
	s, run := fewTicks(comment.Replace(s))
	fence := strings.Repeat("`", run+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	if cell && strings.Contains(s, "|") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, `\|`, `\ |`), "|", `\|`)
	}
	return fence + s + fence
}

// comment breaks what begins and ends comments, in which callers keep their marks.
var comment = strings.NewReplacer("<!--", "<! --", "-->", "-- >")

// longestRun returns how often c stands side by side in s at most.
func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if run++; s[i] != c {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
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
	case chart:
		return m.chart(b)
	case history:
		return m.line(b.line())
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

// chart draws a chart and gives its numbers, for readers without Mermaid.
func (m markdown) chart(c chart) string {
	lines := c.mermaid()
	if !m.html || lines == nil {
		return m.line(c.line()) + "\n" + m.table(c.table())
	}
	var b strings.Builder
	b.WriteString("```mermaid\n")
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	b.WriteString("```\n\n")
	return b.String() + m.table(c.table())
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
