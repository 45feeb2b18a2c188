package mask

import "bytes"

const (
	escape = 0x1b
	// unfinished is the length of a sequence that goes on behind the text.
	unfinished = -1
	// longest is how many bytes a sequence has at most, so that nobody waits for
	// the end of one without end.
	longest = 4096
)

// sequence is the length of the escape sequence that text begins with (text[0] is
// ESC), or unfinished if there may be more of the text. Of a string without end
// only the introducer counts, because views show what follows it. The grammar is
// that of ECMA-48, sections 5.4 to 5.6, and ECMA-35, section 13.
func sequence(text []byte, more bool) int {
	if len(text) >= longest {
		text, more = text[:longest], false
	}
	if len(text) == 1 {
		return ending(1, more)
	}
	switch c := text[1]; {
	case c == '[':
		return run(text, 2, 0x20, 0x3f, 0x40, more)
	case c == ']', c == 'P', c == 'X', c == '^', c == '_':
		return controlString(text, more)
	case c >= 0x20 && c <= 0x2f:
		return run(text, 1, 0x20, 0x2f, 0x30, more)
	case c >= 0x30 && c <= 0x7e:
		return 2
	}
	return 1
}

// ending is n where the text ends, or unfinished if there may be more of it.
func ending(n int, more bool) int {
	if more {
		return unfinished
	}
	return n
}

// run measures a sequence with bytes low to high from an offset on, and a last
// one from final to ~. A byte that is neither breaks it off.
func run(text []byte, at int, low, high, final byte, more bool) int {
	for ; at < len(text); at++ {
		if c := text[at]; c < low || c > high {
			if c >= final && c <= 0x7e {
				at++
			}
			return at
		}
	}
	return ending(at, more)
}

// controlString measures ESC ] text and its like up to BEL or ESC \. Any other
// ESC breaks it off.
func controlString(text []byte, more bool) int {
	end := 2 + bytes.IndexAny(text[2:], "\x07\x1b")
	switch {
	case end < 2, end+1 == len(text) && text[end] == escape:
		return ending(2, more)
	case text[end] == '\a':
		return end + 1
	case text[end+1] == '\\':
		return end + 2
	}
	return 2
}
