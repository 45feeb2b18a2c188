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
	t.count(t.present(v, rows))
}

// present returns the texts of v that are not null and that shorts do not count.
func (t *textual) present(v *table.Vector, rows int) [][]byte {
	texts := v.Texts[:rows]
	switch {
	case !t.shorts.given:
		t.texts = t.texts[:0]
		for i, s := range texts {
			if !v.Null(i) && !t.shorts.add(s, t.values.count+int64(len(t.texts)), t.addText) {
				t.texts = append(t.texts, s)
			}
		}
	case v.Nulls != nil:
		t.texts = present(texts, v.Nulls, t.texts)
	default:
		return texts
	}
	return t.texts
}

// count takes in texts, each of which occurs once.
func (t *textual) count(texts [][]byte) {
	t.hashes = sized(t.hashes, len(texts))
	for i := 0; i < len(texts); i += textsAtOnce {
		upTo := min(i+textsAtOnce, len(texts))
		t.lookAtAll(texts[i:upTo], t.hashes[i:upTo])
	}
	t.values.addTexts(t.hashes, texts, t.scratch)
	clear(t.texts) // they are the reader's
}

// textsAtOnce is how many texts are looked at together, few enough to stay near.
const textsAtOnce = 512

// lookAtAll hashes texts and finds out what is to be told of each but its value.
func (t *textual) lookAtAll(texts [][]byte, hashes []uint64) {
	if t.lengths.extent.trie == nil {
		if places, counts, ok := t.byLength(texts); ok {
			t.lookAlike(texts, hashes, places, &counts)
			return
		}
	}
	for i, s := range texts {
		hashes[i] = hashText(s)
		t.look(s, 1)
	}
}

// lookAlike does what lookAtAll does for texts at places in order of their lengths,
// of which there are so many each: loops over their bytes turn as often as for the
// text before, which is guessed right.
func (t *textual) lookAlike(texts [][]byte, hashes []uint64, places []int32, counts *[maxAlike + 1]int32) {
	for length, n := range counts {
		if n == 0 {
			continue
		}
		odd := int64(0)
		for _, at := range places[:n] {
			s := texts[at]
			hashes[at] = hashText(s)
			if !ascii(s) {
				t.lookOdd(s, 1)
				odd++
			}
			if len(s) > 0 && s[0] <= '9' && isNumber(s) {
				t.numeric++
			}
		}
		if rest := int64(n) - odd; rest > 0 {
			t.lengths.add(int64(length), rest, t.scratch)
		}
		places = places[n:]
	}
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
	if ascii(s) {
		t.lengths.add(int64(len(s)), n, t.scratch)
	} else {
		t.lookOdd(s, n)
	}
	if len(s) > 0 && s[0] <= '9' && isNumber(s) {
		t.numeric += n
	}
}

// lookOdd finds out how long a text that is not ASCII is, and whether it is garbled.
func (t *textual) lookOdd(s []byte, n int64) {
	t.lengths.add(int64(utf8.RuneCount(s)), n, t.scratch)
	if garbled(s) {
		t.garbled += n
	}
}

func hashText(s []byte) uint64 { return xxhash.Sum64(s) }

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
