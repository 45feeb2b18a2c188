package table

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// What bounds the memory that text takes.
const (
	windowSize = 1 << 20  // bytes read ahead, where rows are no longer than that
	maxField   = 16 << 20 // bytes of one value
	maxRow     = 64 << 20 // bytes of one row
	maxColumns = 100_000
	maxKeys    = 10_000 // of JSON, where one file may have another key in each row
	margin     = 64     // bytes before and behind the text that can be loaded with it
)

// A window is the stretch of a text that is in memory.
type window struct {
	src    io.Reader
	buf    []byte // buf[pos:end] is unread; margin bytes stand before and behind it
	pos    int
	end    int
	line   int64 // on which pos lies, from 1
	moved  int   // how often the text moved
	eof    bool  // nothing comes behind end
	failed error // why nothing more could be read
}

// newWindow reads src, which holds at most so many bytes as far as is known.
func newWindow(src io.Reader, most int64) *window {
	w := &window{src: src, line: 1, pos: margin, end: margin}
	w.buf = make([]byte, min(windowSize, max(most, 0)+1)+2*margin)
	return w
}

// refill moves what is unread to the front and reads on until the window is
// full. What was read before becomes invalid.
func (w *window) refill() {
	if w.stopped() {
		return
	}
	copy(w.buf[margin:], w.buf[w.pos:w.end])
	w.end -= w.pos - margin
	w.moved++
	w.pos = margin
	w.read()
}

// grow does as refill and doubles the window first if nothing of it was read.
func (w *window) grow() {
	if w.pos == margin && w.end == len(w.buf)-margin {
		bigger := make([]byte, 2*(len(w.buf)-2*margin)+2*margin)
		copy(bigger, w.buf[:w.end])
		w.buf = bigger
	}
	w.refill()
}

// stopped reports whether nothing more can be read.
func (w *window) stopped() bool { return w.eof || w.failed != nil }

func (w *window) read() {
	limit := len(w.buf) - margin
	for w.end < limit && !w.stopped() {
		n, err := w.src.Read(w.buf[w.end:limit])
		w.end += n
		if w.eof = err == io.EOF; !w.eof {
			w.failed = err
		}
	}
	w.buf[w.end] = '\n' // so that a search for the end of a field ends
}

// tooLong returns an error if the row at pos, of which so many bytes were seen,
// is too long to go on reading it.
func (w *window) tooLong(seen int) error {
	if seen <= maxRow {
		return nil
	}
	e := &cutError{line: w.line, reason: "a row of more than 64 MiB", fix: openQuote}
	switch {
	case bytes.ContainsAny(w.buf[w.pos:w.pos+seen], `"'`):
	case bytes.ContainsAny(w.buf[w.pos:w.pos+seen], "\r\n"):
		e.fix = ownFile
	default:
		e.fix = "look whether the file is text with line ends"
	}
	return e
}

// What may be done about a row or a value that is too long.
const (
	openQuote = "look for a quote that is not closed"
	ownFile   = "keep what is so large in a file of its own, and its name here"
)

// A span is where in a window a field lies. The zero span is a field without a
// value.
type span struct{ from, to uint32 }

// Marks of a span, beside its end.
const (
	quoted  = 1 << 31 // the text stood between quotes, which are not part of the span
	escaped = 1 << 30 // and holds escapes
	toMask  = escaped - 1
)

func (s span) end() int         { return int(s.to & toMask) }
func (s span) is(m uint32) bool { return s.to&m != 0 }
func (s span) len() int         { return s.end() - int(s.from) }

// A block holds the fields of some rows.
type block struct {
	buf   []byte
	spans []span  // rows*width of them
	width int     // fields a row
	rows  int     // how many
	first int64   // the number of the first, from 1
	lines []int64 // on which they start
}

func (b *block) reset(w *window, width, rows int) {
	b.buf, b.width, b.rows = w.buf, width, 0
	if cap(b.spans) < width*rows {
		b.spans = make([]span, width*rows)
	}
	if cap(b.lines) < rows {
		b.lines = make([]int64, rows)
	}
	b.spans, b.lines = b.spans[:width*rows], b.lines[:rows]
}

// tooLong returns an error if a row of so many bytes, or a field of it, is too
// long.
func (b *block) tooLong(w *window, row, size int) error {
	if size <= maxField {
		return nil
	}
	for _, s := range b.spans[row*b.width : (row+1)*b.width] {
		if s.len() > maxField {
			e := &cutError{line: w.line, reason: "a value of more than 16 MiB", fix: ownFile}
			if s.is(quoted) && bytes.ContainsAny(b.text(s), "\r\n") {
				e.fix = openQuote
			}
			return e
		}
	}
	return w.tooLong(size)
}

// text returns the bytes of a field.
func (b *block) text(s span) []byte { return b.buf[s.from:s.end()] }

// A cutter finds the fields of rows.
type cutter interface {
	// cut puts the next rows of w into b, at most so many, and moves w behind them.
	// Fewer come if the window ends before them; no row is put in part. An error
	// is about the row at w, behind those in b.
	cut(w *window, b *block, most int) error
	// unescape takes the escapes out of the bytes of a field, in place.
	unescape([]byte) []byte
}

// A cutError says that a row cannot be cut into fields.
type cutError struct {
	line   int64
	reason string
	fix    string
}

func (e *cutError) Error() string { return e.reason }

// badByte returns the row and the column of the first field that is not text,
// what is wrong with it and what to do; "" if all are.
func (b *block) badByte(from, to int) (row, column int, reason, fix string) {
	text := b.buf[from:to]
	if utf8.Valid(text) && bytes.IndexByte(text, 0) < 0 {
		return 0, 0, "", ""
	}
	for i, s := range b.spans[:b.rows*b.width] {
		if reason, fix = notText(b.text(s)); reason != "" {
			return i / b.width, i % b.width, reason, fix
		}
	}
	return 0, 0, "bytes that are not UTF-8 between the values", "look whether the file is text"
}

// notText says why a field is no text and what to do; "" if it is.
func notText(field []byte) (reason, fix string) {
	switch {
	case bytes.IndexByte(field, 0) >= 0:
		return "a NUL byte", "look whether the file is text, and take the byte out"
	case !utf8.Valid(field):
		return "bytes that are not UTF-8", "convert the file, as by iconv -f WINDOWS-1252 -t UTF-8"
	}
	return "", ""
}
