package profile

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"github.com/mlops-runner/mlops/actions/table"
)

// A textual describes a column of texts. What a reader gives as a dictionary is
// counted by code, and each text is looked at once for each dictionary.
type textual struct {
	values           counter
	lengths          lengths
	numeric, garbled int64
	tally            tally
	shorts           shorts
	*scratch
}

func (t *textual) add(v *table.Vector, rows int) {
	if v.Codes != nil {
		t.tally.add(v.Dict, len(v.Dict.Values), v.Codes[:rows], t.flush)
		return
	}
	t.hashes, t.texts = t.hashes[:0], t.texts[:0]
	for i, s := range v.Texts[:rows] {
		if !v.Null(i) && !t.shorts.add(s, t.values.count+int64(len(t.texts)), t.addText) {
			t.hashes, t.texts = append(t.hashes, hashText(s)), append(t.texts, s)
			t.look(s, 1)
		}
	}
	t.values.addTexts(t.hashes, t.texts)
	clear(t.texts) // they are the reader's
}

// flush takes in the texts of the dictionary that were counted by code.
func (t *textual) flush() {
	d, counts := t.tally.close()
	for i, n := range counts {
		if n > 0 {
			t.addText(d.Values[i], n)
		}
	}
}

func (t *textual) addText(s []byte, n int64) {
	h := hashText(s)
	t.values.add(h, h, s, n)
	t.look(s, n)
}

// look finds out what is to be told of a text that occurs n times, but its value.
func (t *textual) look(s []byte, n int64) {
	length := len(s)
	if !ascii(s) {
		length = utf8.RuneCount(s)
		if garbled(s) {
			t.garbled += n
		}
	}
	t.lengths.add(int64(length), n, t.scratch)
	if len(s) > 0 && s[0] <= '9' && isNumber(s) {
		t.numeric += n
	}
}

// describe fills in what is known of the column.
func (t *textual) describe(into *Column) {
	t.flush()
	t.shorts.flush(t.addText)
	t.values.describe(into, nil)
	into.Lengths = t.lengths.numbers(t.scratch)
	into.Numeric, into.Garbled = t.numeric, t.garbled
}

// Lengths describe how long texts are.
type lengths struct {
	dense  dense
	extent extent // once lengths lie far apart
}

func (l *lengths) add(length, n int64, s *scratch) {
	if i := uint64(length - l.dense.base); i < uint64(len(l.dense.counts)) {
		l.dense.counts[i] += n
		return
	}
	if l.extent.trie == nil {
		if l.dense.addTimes(length, n) {
			return
		}
		l.extent.start(l.dense.counted(), s)
		l.dense = dense{}
	}
	l.extent.addTimes(float64(length), n)
}

func (l *lengths) numbers(s *scratch) *Numbers {
	if l.extent.trie == nil {
		return numbersOf(l.dense.counted(), true)
	}
	return l.extent.numbers(true, s)
}

func ascii(s []byte) bool {
	for ; len(s) >= 8; s = s[8:] {
		if binary.LittleEndian.Uint64(s)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range s {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// garbled reports whether s looks as if it was read in a wrong encoding: it is
// not UTF-8, has the sign that stands for unreadable bytes, or UTF-8 that was
// taken for Windows-1252: an Ã or Â before a sign that stands for a byte of 80 to
// BF, or the â€ of a quotation mark.
func garbled(s []byte) bool {
	if !utf8.Valid(s) || bytes.Contains(s, []byte("\ufffd")) || bytes.Contains(s, []byte("â€")) {
		return true
	}
	for i := 0; i+3 < len(s); i++ {
		if s[i] == 0xc3 && (s[i+1] == 0x83 || s[i+1] == 0x82) && s[i+2] == 0xc2 && s[i+3] >= 0x80 {
			return true
		}
	}
	return false
}

// isNumber reports whether s is a decimal number: sign, digits, a point or
// exponent, and no more.
func isNumber(s []byte) bool {
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	whole := digits(s)
	if s = s[whole:]; len(s) == 0 {
		return whole > 0
	}
	if s[0] == '.' {
		n := digits(s[1:])
		if whole += n; whole == 0 {
			return false
		}
		s = s[1+n:]
	}
	if len(s) == 0 || whole == 0 || s[0] != 'e' && s[0] != 'E' {
		return len(s) == 0 && whole > 0
	}
	s = s[1:]
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	n := digits(s)
	return n > 0 && n == len(s)
}

func digits(s []byte) int {
	for i, c := range s {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(s)
}

func hashText(s []byte) uint64 { return xxhash.Sum64(s) }
