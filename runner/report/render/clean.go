package render

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean returns foreign text on one line and without anything that moves a
// cursor, changes the direction of text or cannot be seen. White space becomes
// single spaces; colours go, other such characters become �. "##[", which is a
// command wherever it stands in what GitHub's runner reads, gets a space.
func clean(s string) string {
	if harmless(s) {
		return strings.ReplaceAll(s, "##[", "## [")
	}
	var b strings.Builder
	b.Grow(len(s))
	var c cleaner
	for len(s) > 0 {
		if n := sequence(s); n > 0 {
			s = s[n:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		c.add(&b, r)
	}
	return strings.ReplaceAll(b.String(), "##[", "## [")
}

// harmless reports whether s is printable ASCII with single spaces inside.
func harmless(s string) bool {
	space := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || c == ' ' && space {
			return false
		}
		space = c == ' '
	}
	return s == "" || !space
}

// A cleaner remembers what the last rune was.
type cleaner struct {
	started, space bool
	last           rune
	marks          int // combining marks in a row
}

// maxMarks is how many combining marks a character may have: more run over
// the lines above and below.
const maxMarks = 4

func (c *cleaner) add(b *strings.Builder, r rune) {
	if unicode.IsSpace(r) && r != 0x85 {
		c.space = c.started
		return
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		if c.marks++; c.marks > maxMarks {
			return
		}
	} else {
		c.marks = 0
	}
	if c.space {
		b.WriteByte(' ')
		c.space, c.last = false, ' '
	}
	r = c.visible(r)
	b.WriteRune(r)
	c.started, c.last = true, r
}

// visible returns r, or � for what cannot be seen or acts on what can be.
func (c *cleaner) visible(r rune) rune {
	switch {
	case r > ' ' && r <= '~':
		return r
	case r == 0x200d && (c.last == 0xfe0f || unicode.In(c.last, unicode.So, unicode.Sk)): // joins emoji
		return r
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Zl, unicode.Zp), blank(r), !unicode.IsGraphic(r) && !unicode.Is(unicode.Co, r):
		return utf8.RuneError
	}
	return r
}

// blank reports whether r is a letter or mark without ink, beside the format characters.
func blank(r rune) bool {
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x2800, 0x3164, 0xffa0:
		return true
	}
	return false
}

// sequence returns the length of the control sequence (colours, cursor) that s
// begins with, or 0; its grammar is that of ECMA-48, section 5.4.
func sequence(s string) int {
	if len(s) < 3 || s[0] != 0x1b || s[1] != '[' {
		return 0
	}
	for i := 2; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 0x40 && c <= 0x7e:
			return i + 1
		case c < 0x20 || c > 0x3f:
			return 0
		}
	}
	return 0
}

// cleanLine is [clean] for a line of a log: indentation stays, and of what a
// progress bar drew over itself the last state is left.
func cleanLine(s string) string {
	s = strings.TrimRight(s, "\r\n")
	s = s[strings.LastIndexByte(s, '\r')+1:]
	indent := 0
	for indent < len(s) && (s[indent] == ' ' || s[indent] == '\t') {
		indent++
	}
	width := len(strings.ReplaceAll(s[:indent], "\t", "    "))
	return strings.Repeat(" ", min(width, maxIndent)) + clean(s[indent:])
}

// cleanPatch is [clean] for a line of a patch, whose blanks all count.
func cleanPatch(s string) string {
	words := strings.Split(s, " ")
	for i, w := range words {
		words[i] = clean(w)
	}
	return strings.Join(words, " ")
}

// inert returns a line that GitHub's runner takes for no command: it does if
// a line begins with "::" after any white space, colours aside.
func inert(line string) string {
	at := 0
	for at < len(line) {
		if n := sequence(line[at:]); n > 0 {
			at += n
		} else if line[at] != ' ' {
			break
		} else {
			at++
		}
	}
	if strings.HasPrefix(line[at:], "::") {
		return line[:at] + ": " + line[at+1:]
	}
	return line
}

// maxIndent bounds the indentation of a log's line.
const maxIndent = 40

// maxField is how long a name may be, and any field in the lines that are never
// dropped. In bytes.
const maxField = 200

// ellipsis stands for what was left out of a text.
const ellipsis = "…"

// clip returns s, or its two ends with an ellipsis between them, in at most n
// bytes and without splitting a character; n >= len(ellipsis).
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	room := n - len(ellipsis)
	head, tail := room-room/2, len(s)-room/2
	for head > 0 && !utf8.RuneStart(s[head]) {
		head--
	}
	for tail < len(s) && !begins(s[tail:]) {
		tail++
	}
	return s[:head] + ellipsis + s[tail:]
}

// begins reports whether s begins with a character, and not inside of one or
// with a mark that belongs to the one before.
func begins(s string) bool {
	if !utf8.RuneStart(s[0]) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s)
	return r < 0x80 || r != 0x200d && !unicode.In(r, unicode.Mn, unicode.Me)
}

// cut returns s, or its beginning with an ellipsis behind, in at most n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	end := n - len(ellipsis)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.TrimRight(s[:end], " ,;:") + ellipsis
}
