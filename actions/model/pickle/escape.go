package pickle

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// unquote reads the argument of a STRING opcode: a Python 2 string in quotes
// with its escapes. It returns false if Python 3 would not make a str of it.
func unquote(line string) (string, bool) {
	line = strings.TrimSpace(line)
	if len(line) < 2 || line[0] != line[len(line)-1] || (line[0] != '\'' && line[0] != '"') {
		return "", false
	}
	s := line[1 : len(line)-1]
	var b strings.Builder
	for len(s) > 0 {
		n := plainEscape(&b, s)
		if n == 0 {
			return "", false
		}
		s = s[n:]
	}
	return b.String(), isASCII(b.String())
}

var letters = map[byte]string{'\n': "", '\\': `\`, '\'': "'", '"': `"`, 'b': "\b", 'f': "\f", 't': "\t", 'n': "\n", 'r': "\r", 'v': "\v", 'a': "\a"}

// plainEscape writes the character or escape that s begins with and returns its
// length; 0 if it is none.
func plainEscape(b *strings.Builder, s string) int {
	if s[0] != '\\' {
		b.WriteByte(s[0])
		return 1
	}
	if len(s) == 1 {
		return 0
	}
	if to, ok := letters[s[1]]; ok {
		b.WriteString(to)
		return 2
	}
	switch c := s[1]; {
	case c >= '0' && c <= '7':
		n := 2
		for n < min(len(s), 4) && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		v, _ := strconv.ParseUint(s[1:n], 8, 16) // octal digits alone
		b.WriteByte(byte(v))
		return n
	case c == 'x':
		if len(s) < 4 {
			return 0
		}
		v, err := strconv.ParseUint(s[2:4], 16, 8)
		if err != nil {
			return 0
		}
		b.WriteByte(byte(v))
		return 4
	}
	b.WriteString(s[:2]) // an unknown escape stays as it is
	return 2
}

// rawUnicode reads the argument of a UNICODE opcode: Latin-1 with \u and \U.
func rawUnicode(line string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(line); {
		c := line[i]
		i++
		if c != '\\' || i == len(line) {
			b.WriteRune(rune(c))
			continue
		}
		digits := map[byte]int{'u': 4, 'U': 8}[line[i]]
		if digits == 0 {
			b.WriteByte('\\')
			b.WriteRune(rune(line[i]))
			i++
			continue
		}
		if i+1+digits > len(line) {
			return "", false
		}
		v, err := strconv.ParseUint(line[i+1:i+1+digits], 16, 32)
		if err != nil || !utf8.ValidRune(rune(v)) {
			return "", false
		}
		b.WriteRune(rune(v))
		i += 1 + digits
	}
	return b.String(), true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// latin1 returns the bytes that a text of letters below 256 encodes.
func latin1(s string) ([]byte, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, true
}
