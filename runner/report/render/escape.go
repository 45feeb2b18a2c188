package render

import (
	"html"
	"strings"
)

// A place is where in Markdown a text stands, which decides what must be escaped.
type place uint8

const (
	inLine  place = iota // at the beginning of a line
	inCell               // in a table, where | ends the cell
	inHTML               // in an HTML element that Markdown does not look into
	midLine              // behind other text
)

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
