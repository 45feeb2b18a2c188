package spec

import (
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// A SourceMap tells where in the file each byte of a scalar's value stands:
// through quotes, escapes, indentation and folded lines. The YAML library
// keeps only where a scalar starts, so the map reads the scalar's source again,
// at the first question; most scalars are never asked about. It is safe for
// concurrent use.
type SourceMap struct {
	src   *source
	start Pos
	style yaml.Style
	value string

	once  sync.Once
	marks []mark
	end   int // offset in the file after the scalar
}

// mark says that the value from byte value on stands in the file from byte
// file on, byte for byte up to the next mark.
type mark struct{ value, file int }

// Pos returns the place of the value's byte at offset. The length of the value
// gives the place after its last character. A line break that folding turned
// into a space stands where the break is; an escape where its backslash is.
func (m *SourceMap) Pos(offset int) Pos {
	if m == nil {
		return Pos{}
	}
	return m.src.pos(m.offset(offset))
}

// End returns the place after the scalar, closing quote included.
func (m *SourceMap) End() Pos {
	m.once.Do(m.build)
	return m.src.pos(m.end)
}

func (m *SourceMap) offset(at int) int {
	m.once.Do(m.build)
	i := sort.Search(len(m.marks), func(i int) bool { return m.marks[i].value > at }) - 1
	if i < 0 {
		return m.src.offset(m.start)
	}
	return m.marks[i].file + at - m.marks[i].value
}

// build reads the source of the scalar along with its value.
func (m *SourceMap) build() {
	r := scalarReader{text: m.src.text, value: m.value}
	r.at = skipProperties(m.src.text, m.src.offset(m.start))
	switch {
	case m.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		r.block()
	case m.style&yaml.DoubleQuotedStyle != 0:
		r.at++
		r.flow(r.escape)
		r.at++
	case m.style&yaml.SingleQuotedStyle != 0:
		r.at++
		r.flow(r.quote)
		r.at++
	default:
		r.flow(func() bool { return false })
	}
	m.marks, m.end = r.marks, min(r.at, len(m.src.text))
}

// skipProperties returns the offset of a scalar's text behind its anchor and tag.
func skipProperties(text string, at int) int {
	for at < len(text) && (text[at] == '&' || text[at] == '!') {
		anchor := text[at] == '&'
		for at++; at < len(text) && !blank(text[at]) && breakLen(text[at:]) == 0; at++ {
			if anchor && !wordByte(text[at]) && text[at] != '-' {
				break // the library ends an anchor here, and a value may follow at once
			}
		}
		at = skipSpace(text, at)
	}
	return at
}

// skipSpace skips blanks, line breaks and comments.
func skipSpace(text string, at int) int {
	for at < len(text) {
		switch n := breakLen(text[at:]); {
		case n > 0:
			at += n
		case blank(text[at]):
			at++
		case text[at] == '#':
			at = lineEnd(text, at)
		default:
			return at
		}
	}
	return at
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// lineEnd returns the offset of the break that ends the line, or the text's length.
func lineEnd(text string, at int) int {
	for at < len(text) && breakLen(text[at:]) == 0 {
		at++
	}
	return at
}

// scalarReader walks a scalar's source and its value side by side.
type scalarReader struct {
	text  string // the whole file
	at    int    // offset in text
	value string
	out   int // offset in value
	marks []mark
}

// mark notes that value and source run in step from here on.
func (r *scalarReader) mark() {
	n := len(r.marks)
	if n > 0 && r.marks[n-1].file-r.marks[n-1].value == r.at-r.out {
		return
	}
	r.marks = append(r.marks, mark{r.out, r.at})
}

// flow reads plain and quoted text. special reads one escape and reports
// whether there was one.
func (r *scalarReader) flow(special func() bool) {
	for r.out < len(r.value) && r.at < len(r.text) {
		if r.fold() || special() {
			continue
		}
		r.mark()
		r.step()
	}
	r.mark() // the end
	for special() {
	}
}

// step passes one character of source and value.
func (r *scalarReader) step() {
	_, n := utf8.DecodeRuneInString(r.text[r.at:])
	r.at += n
	r.out += n
}

// fold passes a line break with the blanks around it: one break is a space,
// each further one a line break of the value. LS and PS stay what they are.
func (r *scalarReader) fold() bool {
	at := r.at
	for at < len(r.text) && blank(r.text[at]) {
		at++
	}
	if breakLen(r.text[min(at, len(r.text)):]) == 0 {
		return false
	}
	first, more := at, false
	at += breakLen(r.text[at:])
	if r.text[first] == 0xE2 { // LS and PS are not folded
		r.at, more = first, true
		r.breakInto()
	}
	for at < len(r.text) {
		if n := breakLen(r.text[at:]); n > 0 {
			more = true
			r.at = at
			r.breakInto()
			at += n
		} else if blank(r.text[at]) {
			at++
		} else {
			break
		}
	}
	if !more {
		r.at = first
		r.breakInto()
	}
	r.at = at
	return true
}

// breakInto maps the value's next character, which a line break became, to here.
func (r *scalarReader) breakInto() {
	if r.out >= len(r.value) {
		return
	}
	r.mark()
	_, n := utf8.DecodeRuneInString(r.value[r.out:])
	r.out += n
}

// quote passes a doubled single quote.
func (r *scalarReader) quote() bool {
	if !strings.HasPrefix(r.text[min(r.at, len(r.text)):], "''") || r.out >= len(r.value) {
		return false
	}
	r.mark()
	r.at += 2
	r.out++
	return true
}

// escape passes an escape of double quotes, or an escaped line break with the
// blanks that follow it.
func (r *scalarReader) escape() bool {
	if r.at+1 >= len(r.text) || r.text[r.at] != '\\' {
		return false
	}
	if n := breakLen(r.text[r.at+1:]); n > 0 {
		r.at += 1 + n
		for r.at < len(r.text) && (blank(r.text[r.at]) || breakLen(r.text[r.at:]) > 0) {
			if n := breakLen(r.text[r.at:]); n > 0 {
				r.breakInto()
				r.at += n
			} else {
				r.at++
			}
		}
		return true
	}
	if r.out >= len(r.value) {
		return false
	}
	r.mark()
	_, n := utf8.DecodeRuneInString(r.value[r.out:])
	r.out += n
	r.at += 1 + escapeLen(r.text[r.at+1:])
	return true
}

// escapeLen is the length of an escape behind its backslash.
func escapeLen(s string) int {
	switch s[0] {
	case 'x':
		return 3
	case 'u':
		return 5
	case 'U':
		return 9
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// block reads literal and folded text line by line.
func (r *scalarReader) block() {
	r.at = lineEnd(r.text, r.at)
	r.at += breakLen(r.text[min(r.at, len(r.text)):])
	indent := r.indentation()
	for r.out < len(r.value) && r.at < len(r.text) {
		r.blockLine(indent)
	}
	r.mark()
}

// indentation is how many leading spaces belong to the file and not to the
// value: it shows in the first line that has text.
func (r *scalarReader) indentation() int {
	if strings.Trim(r.value, "\r\n\u0085\u2028\u2029") == "" {
		return len(r.text) // lines of blanks: all of them are indentation
	}
	inFile := leadingSpaces(r.text[r.at:])
	inValue := leadingSpaces(r.value)
	return max(inFile-inValue, 0)
}

// leadingSpaces counts the spaces before the first character that is neither
// space nor line break, in its line.
func leadingSpaces(s string) int {
	n := 0
	for i := 0; i < len(s); {
		if b := breakLen(s[i:]); b > 0 {
			i, n = i+b, 0
			continue
		}
		if s[i] != ' ' {
			break
		}
		i, n = i+1, n+1
	}
	return n
}

// blockLine passes one line of the source. In the value its text is the same.
// The break after it is a line break, or a space after folded text, or nothing.
func (r *scalarReader) blockLine(indent int) {
	for i := 0; i < indent && r.at < len(r.text) && r.text[r.at] == ' '; i++ {
		r.at++
	}
	end := lineEnd(r.text, r.at)
	n := min(end-r.at, len(r.value)-r.out)
	if n > 0 {
		r.mark()
		r.out += n
	}
	r.at = end
	if next := r.value[r.out:]; breakLen(next) > 0 || n > 0 && strings.HasPrefix(next, " ") {
		r.breakInto()
	}
	r.at = end + breakLen(r.text[end:])
}
