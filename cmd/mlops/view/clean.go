package view

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

const esc = 0x1b

// A cleaner makes foreign text harmless to a terminal and to a reader.
type cleaner struct {
	color  bool // keep colours (SGR sequences)
	expand bool // replace tabs by spaces up to the next multiple of 8
}

// Clean returns s, one line of foreign text, without anything that could move
// the cursor, change the terminal or reorder what is read: escape sequences are
// removed (colours are kept if color is true, and closed at the end), other
// control characters and bytes that are not UTF-8 are replaced by visible
// signs. Of a line that was rewritten after carriage returns the last state is
// kept, tabs become spaces. Clean(Clean(s)) equals Clean(s).
func Clean(s string, color bool) string {
	return string(cleaner{color: color, expand: true}.append(nil, []byte(s)))
}

// oneLine is [Clean] for text that may have several lines.
func oneLine(s string, color bool) string {
	return Clean(strings.ReplaceAll(strings.TrimSpace(s), "\n", " "), color)
}

// firstLine is [Clean] for the first line of a text; "…" says that there are more.
func firstLine(s string) string {
	first, rest, _ := strings.Cut(strings.TrimSpace(s), "\n")
	if rest != "" {
		first += " …"
	}
	return Clean(first, false)
}

// append appends line, which holds no newline, as [Clean] describes it.
func (c cleaner) append(dst, line []byte) []byte {
	line = lastState(line)
	n := harmless(line, c.expand)
	dst = append(dst, line[:n]...)
	if n == len(line) {
		return dst
	}
	return c.rest(dst, line[n:], len(dst)-n)
}

// rest is append for what follows the harmless beginning of a line; start is
// where the line begins in dst.
func (c cleaner) rest(dst, line []byte, start int) []byte {
	open, column, measured := false, 0, start
	for len(line) > 0 {
		size := harmless(line, c.expand)
		b := line[min(size, len(line)-1)]
		switch {
		case size > 0:
			dst = append(dst, line[:size]...)
		case b == esc:
			var sgr bool
			if size, sgr = escape(line); sgr && c.color {
				dst = append(dst, line[:size]...)
				open = !isReset(line[:size])
			}
		case b == '\t':
			column += Width(string(dst[measured:]))
			size, dst = 1, append(dst, "        "[column%8:]...)
			column, measured = column+8-column%8, len(dst)
		case b < 0x20 || b == 0x7f:
			size, dst = 1, utf8.AppendRune(dst, picture(b))
		default:
			if size = beyondASCII(line); size > 0 {
				dst = append(dst, line[:size]...)
				break
			}
			_, size = utf8.DecodeRune(line)
			dst = utf8.AppendRune(dst, utf8.RuneError)
		}
		line = line[size:]
	}
	if open {
		dst = append(dst, reset...)
	}
	return dst
}

// harmless returns the length of the longest prefix of printable ASCII.
// Tabs belong to it unless they are to be expanded.
func harmless(b []byte, expand bool) int {
	i := 0
	// Eight at once: a top bit is left where a byte is below 0x20, 0x7f, or above.
	const ones = 0x0101010101010101
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		if (x|(x-0x20*ones)|(x+ones))&(0x80*ones) != 0 {
			break
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c-0x20 >= 0x7f-0x20 && (c != '\t' || expand) {
			return i
		}
	}
	return len(b)
}

// beyondASCII returns the length of the longest prefix of harmless characters
// that are not ASCII.
func beyondASCII(b []byte) int {
	i := 0
	for i < len(b) && b[i] >= utf8.RuneSelf {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 || r != visible(r) {
			break
		}
		i += size
	}
	return i
}

// lastState returns what a carriage return leaves on the screen: the text
// after the last one that is followed by text.
func lastState(line []byte) []byte {
	if bytes.IndexByte(line, '\r') < 0 {
		return line
	}
	line = bytes.TrimRight(line, "\r")
	return line[bytes.LastIndexByte(line, '\r')+1:]
}

// picture returns the visible sign of a control character: ␀ to ␟, and ␡.
func picture(b byte) rune {
	if b == 0x7f {
		return '␡'
	}
	return '␀' + rune(b)
}

// visible returns r, or � for characters that control a terminal (C1), change
// the direction of text, break lines, or hide text.
func visible(r rune) rune {
	switch {
	case r > 0x9f && r < 0x061c, r > 0x2069 && r < 0xfeff: // most of all text
		return r
	case r >= 0x80 && r <= 0x9f, // C1 controls
		r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, // direction
		r == 0x2028, r == 0x2029, // line and paragraph separators
		r == 0xfeff, r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe007f: // marks, annotations, tags
		return utf8.RuneError
	}
	return r
}
