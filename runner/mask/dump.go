package mask

import "encoding/hex"

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
		d := hex.EncodeToString([]byte(value[i : i+dumped]))
		add(d[:2] + " " + d[2:4] + " " + d[4:6] + " " + d[6:])
		add(d[:4] + " " + d[4:])
		add(d[2:4] + d[:2] + " " + d[6:] + d[4:6]) // two bytes as a number, the low one first
	}
}
