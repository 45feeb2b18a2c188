package table

import (
	"unicode/utf16"
	"unicode/utf8"
)

// unescape implements cutter. No escape is shorter than what it stands for.
func (c *jsonCutter) unescape(b []byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			i++
			continue
		}
		i += 2
		switch e := b[i-1]; e {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, n := escapedRune(b[i:])
			out = utf8.AppendRune(out, r)
			i += n
		default:
			out = append(out, e)
		}
	}
	return out
}

// escapedRune reads the digits behind \u, and a second escape if both are a
// pair. Half a pair alone is U+FFFD.
func escapedRune(b []byte) (r rune, n int) {
	if len(b) < 4 {
		return utf8.RuneError, len(b)
	}
	r, _ = hex4(b)
	if !utf16.IsSurrogate(r) {
		return r, 4
	}
	if len(b) >= 10 && b[4] == '\\' && b[5] == 'u' {
		low, _ := hex4(b[6:])
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 10
		}
	}
	return utf8.RuneError, 4
}

// hex4 reads four hexadecimal digits.
func hex4(b []byte) (r rune, ok bool) {
	for _, c := range b[:4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20-'a' <= 5:
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// isJSON tells whether a text is JSON objects or an array of them, by its first
// characters.
func isJSON(head []byte) (is, array bool) {
	skip := func() {
		for len(head) > 0 && (head[0] == ' ' || head[0] == '\n' || head[0] == '\t' || head[0] == '\r') {
			head = head[1:]
		}
	}
	if skip(); len(head) > 0 && head[0] == '[' {
		head, array = head[1:], true
		if skip(); len(head) > 0 && head[0] == ']' {
			return true, true
		}
	}
	if len(head) == 0 || head[0] != '{' {
		return false, false
	}
	head = head[1:]
	skip()
	return len(head) > 0 && (head[0] == '"' || head[0] == '}'), array
}
