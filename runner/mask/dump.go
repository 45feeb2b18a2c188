package mask

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
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
	if last := len(value) - 3; last >= 0 {
		wordForms(value[last:]+"\x00", add) // the end of an odd number of bytes
	}
	step := 1
	if len(value) > dumpedWhole {
		step = dumped
	}
	for i := 0; i+dumped <= len(value); i += step {
		part := value[i : i+dumped]
		d := hex.EncodeToString([]byte(part))
		add(d[:2] + " " + d[2:4] + " " + d[4:6] + " " + d[6:])
		add(d[:4] + " " + d[4:])
		add(included.text(part))
		add(includedCapital.text(part))
		wordForms(part, add)
		if strings.IndexByte(part, 0) < 0 { // else it might be of any table of small numbers
			byteForms(part, add)
		}
		if strings.Trim(part, " ") == part && strings.Count(part, " ") < 2 {
			add(characters(part)) // with more blanks it might be a line of any table
		}
	}
}

// byteForms are four bytes as od -b and hexdump -b print them, and as od -t u1 and
// od -t d1 do.
func byteForms(part string, add func(string)) {
	add(octal.text(part))
	a, b, c, d := part[0], part[1], part[2], part[3]
	add(columns(" %3d", a, b, c, d))
	add(columns(" %4d", int8(a), int8(b), int8(c), int8(d)))
}

// wordForms are four bytes in twos as od -x and hexdump print them, od without options and
// hexdump -o, od -d, od -s, and hexdump -d.
func wordForms(part string, add func(string)) {
	one, other := pair(part)
	if one == 0 || other == 0 {
		return // it might be of any table of small numbers
	}
	add(columns(" %04x", one, other))
	add(columns(" %06o", one, other))
	add(columns("  %06o", one, other))
	add(columns(" %5d", one, other))
	add(columns(" %6d", int16(one), int16(other)))
	add(columns("   %05d", one, other))
}

// columns are numbers in a row, from the first digit on.
func columns(format string, numbers ...any) string {
	return strings.TrimLeft(fmt.Sprintf(strings.Repeat(format, len(numbers)), numbers...), " ")
}

// pair is four bytes as two numbers, the low byte first.
func pair(part string) (one, other uint16) {
	return binary.LittleEndian.Uint16([]byte(part)), binary.LittleEndian.Uint16([]byte(part[2:]))
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
