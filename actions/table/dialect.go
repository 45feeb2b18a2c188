package table

import (
	"path/filepath"
	"strings"
)

// sniffRows is how many rows tell how a text of delimited fields is written.
const (
	sniffRows  = 100
	sniffBytes = 64 << 10 // in which they lie, or fewer
)

// dialectOf tells the dialect from the first rows of a text. The delimiter is the
// one by which most rows have as many fields as the first, and more than one; of
// several the one with most fields. The name decides where nothing else does.
func dialectOf(text []byte, whole bool, path string) dialect {
	head := rows{text, whole}
	d := dialect{delimiter: ',', quote: '"', header: true}
	if named(path, ".tsv") || named(path, ".tab") {
		d.delimiter = '\t'
	}
	if len(text) > sniffBytes {
		head = rows{text[:sniffBytes], false}
	}
	var best trial
	for _, delimiter := range []byte{d.delimiter, ',', '\t', ';', '|'} {
		for _, quote := range []byte{'"', '\''} {
			t := head.try(dialect{delimiter: delimiter, quote: quote})
			if t.better(best) {
				best = t
				d.delimiter, d.quote = delimiter, quote
			}
		}
	}
	d.header = !head.looksLikeData(d)
	return d
}

// named reports whether a path has the ending, before that of a packed file.
func named(path, ending string) bool {
	base := strings.ToLower(filepath.Base(path))
	for _, packed := range []string{".gz", ".zst", ".zstd"} {
		base = strings.TrimSuffix(base, packed)
	}
	return strings.HasSuffix(base, ending)
}

// A trial is what a dialect makes of the first rows.
type trial struct {
	fields int // of the first row
	same   int // rows that have as many
	rows   int
	quotes int // fields that are quoted
}

func (t trial) better(u trial) bool {
	if t.fields < 2 {
		return false
	}
	if a, b := t.same*u.rows, u.same*t.rows; u.fields > 1 && a != b {
		return a > b
	}
	if t.fields != u.fields {
		return t.fields > u.fields
	}
	return t.quotes > u.quotes
}

func (r rows) try(d dialect) trial {
	var t trial
	r.each(d, func(b *block, spans []span) bool {
		if t.rows == 0 {
			t.fields = len(spans)
		}
		t.rows++
		if t.fields == len(spans) {
			t.same++
		}
		for _, s := range spans {
			if s.is(quoted) {
				t.quotes++
			}
		}
		return t.rows < sniffRows
	})
	return t
}

// rows are the head of a text.
type rows struct {
	text  []byte
	whole bool // nothing follows
}

// each calls f with the rows, as far as they are whole.
func (r rows) each(d dialect, f func(*block, []span) bool) {
	w := &window{buf: make([]byte, len(r.text)+2*margin), pos: margin, end: margin + len(r.text), line: 1, eof: r.whole}
	copy(w.buf[margin:], r.text)
	w.buf[w.end] = '\n'
	c := newCSVCutter(d, 0)
	b := &block{buf: w.buf, spans: make([]span, 64)}
	for {
		c.skipEmpty(w)
		if w.pos == w.end {
			return
		}
		n, next, _, err := c.row(w, b.spans)
		if err != nil || next < 0 {
			return
		}
		if n > len(b.spans) {
			b.spans = make([]span, n)
			continue
		}
		w.pos = next
		if !f(b, b.spans[:n]) {
			return
		}
	}
}

// looksLikeData reports whether the first row is data rather than a header: a
// field of it is a number, a date or a truth value, and no field is a text above
// a column that has none.
func (r rows) looksLikeData(d dialect) bool {
	var first, rest []Kind
	words, n := newNulls(nil), 0
	r.each(d, func(b *block, spans []span) bool {
		kinds := make([]Kind, len(spans))
		for i, s := range spans {
			s = trim(b.buf, s)
			if s.len() > 0 && !words.has(b.text(s)) {
				kinds[i] = kindOf(b.buf, s, false)
			}
		}
		if first == nil {
			first, rest = kinds, make([]Kind, len(kinds))
			return true
		}
		for i := range min(len(rest), len(kinds)) {
			rest[i] = join(rest[i], kinds[i])
		}
		n++
		return n < sniffRows
	})
	data := false
	for i, k := range first {
		switch {
		case k != Text && k != Unknown:
			data = true
		case k == Text && rest[i] != Text && rest[i] != Unknown:
			return false
		}
	}
	return data
}
