package mask

import (
	"strconv"
	"strings"
)

// A spelling writes each byte of a value by its number, with something between
// two of them.
type spelling struct {
	before  string // of each byte
	base    int
	digits  int // at least, with zeros in front
	capital bool
	between string
}

// text is a value in this spelling.
func (s *spelling) text(value string) string {
	b := make([]byte, 0, len(value)*(len(s.before)+max(s.digits, 3)+len(s.between)))
	for i := range len(value) {
		if i > 0 {
			b = append(b, s.between...)
		}
		b = append(b, s.before...)
		b = s.number(b, value[i])
	}
	return string(b)
}

func (s *spelling) number(b []byte, c byte) []byte {
	n := strconv.FormatUint(uint64(c), s.base)
	for range s.digits - len(n) {
		b = append(b, '0')
	}
	if s.capital {
		n = strings.ToUpper(n)
	}
	return append(b, n...)
}

// included is what xxd -i prints, in lines of twelve bytes, and with -u.
var (
	included        = spelling{"0x", 16, 2, false, ", "}
	includedCapital = spelling{"0X", 16, 2, true, ", "}
)

// octal is what od -b prints.
var octal = spelling{"", 8, 3, false, " "}

// wholeBytes are the spellings that stand in one line: of fingerprints, of string
// literals, of lists of numbers in programs and in JSON.
var wholeBytes = []spelling{
	{"", 16, 2, false, ":"}, {"", 16, 2, true, ":"}, {"", 16, 2, false, "-"}, {"", 16, 2, true, "-"}, {"", 16, 2, true, " "},
	{`\x`, 16, 2, false, ""}, {"0x", 16, 2, false, ","}, {"", 10, 1, false, ", "},
}

// separatedForms are a value with each byte by its number, in one line.
func separatedForms(value string, add func(string)) {
	for i := range wholeBytes {
		add(wholeBytes[i].text(value))
	}
}
