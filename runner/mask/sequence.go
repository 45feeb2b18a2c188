package mask

import "bytes"

const (
	escape = 0x1b
	// unfinished is the length of a sequence that goes on behind the text.
	unfinished = -1
	// longest is how many bytes a sequence has at most: what goes on without end
	// is text.
	longest = 4096
)

// sequence is the length of the escape sequence that text begins with, 0 if
// it is none. The grammar is that of ECMA-48, sections 5.4 to 5.6, and ECMA-35,
// section 13. It is the same for a text that goes on.
func sequence(text []byte) int {
	if len(text) == 1 {
		return unfinished
	}
	n := 1
	switch c := text[1]; {
	case c == '[':
		n = run(text, 2, 0x20, 0x3f, 0x40)
	case c == ']', c == 'P', c == 'X', c == '^', c == '_':
		n = controlString(text)
	case c >= 0x20 && c <= 0x2f:
		n = run(text, 1, 0x20, 0x2f, 0x30)
	case c >= 0x30 && c <= 0x7e:
		n = 2
	}
	if n == unfinished && len(text) >= longest || n > longest {
		return 0
	}
	return n
}

// run measures a sequence with bytes low to high from an offset on, and a final
// one up to ~. A byte that is neither breaks it off.
func run(text []byte, at int, low, high, final byte) int {
	for ; at < len(text); at++ {
		if c := text[at]; c < low || c > high {
			if c >= final && c <= 0x7e {
				at++
			}
			return at
		}
	}
	return unfinished
}

// controlString measures ESC ] text and its like up to BEL or ESC \. Any other
// ESC breaks it off, and then only its first two bytes are left out.
func controlString(text []byte) int {
	end := bytes.IndexAny(text[2:min(len(text), longest)], "\x07\x1b")
	switch {
	case end < 0, end+3 == len(text) && text[2+end] == escape:
		return unfinished
	case text[2+end] == '\a':
		return end + 3
	case text[2+end+1] == '\\':
		return end + 4
	}
	return 2
}
