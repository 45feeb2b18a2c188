package mask

import (
	"encoding/hex"
	"strconv"
	"strings"
)

const (
	// dumped is how many bytes of a value are enough to find it in a dump, which
	// is broken into lines anywhere: fewer at the end of a line stay.
	dumped = 4
	// dumpedWhole is how long a value may be for that to hold wherever the lines
	// begin. Of a longer one, such as a key in a file, the dump of the file is
	// found.
	dumpedWhole = 256
)

// dumpForms are the digits of a value as od, xxd and hexdump print them: every
// few bytes in a row are a form of their own. Their hits overlap. xxd -p breaks
// digits without blanks into lines.
func dumpForms(value string, add func(string)) {
	brokenForms(hex.EncodeToString([]byte(value)), 60, add)
	step := 1
	if len(value) > dumpedWhole {
		step = dumped
	}
	for i := 0; i+dumped <= len(value); i += step {
		part := value[i : i+dumped]
		d := hex.EncodeToString([]byte(part))
		add(d[:2] + " " + d[2:4] + " " + d[4:6] + " " + d[6:])
		add(d[:4] + " " + d[4:])
		add(d[2:4] + d[:2] + " " + d[6:] + d[4:6]) // two bytes as a number, the low one first
		add(included.text(part))
		if strings.Trim(part, " ") == part && strings.Count(part, " ") < 2 {
			add(characters(part)) // with more blanks it might be a line of any table
		}
	}
}

// characters is a value as od -c and hexdump -c print it, from its first
// character on.
func characters(value string) string {
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		switch short := strings.IndexByte("\x00\a\b\f\n\r\t\v", c); {
		case short >= 0:
			b.WriteString(`  \` + `0abfnrtv`[short:short+1])
		case c < ' ', c > '~':
			n := strconv.FormatUint(uint64(c), 8)
			b.WriteString(" 000"[:4-len(n)] + n)
		default:
			b.WriteString("   " + value[i:i+1])
		}
	}
	return strings.TrimLeft(b.String(), " ")
}
