package table

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// A dialect is how a text of delimited fields is written.
type dialect struct {
	delimiter byte
	quote     byte
	header    bool
}

// A csvCutter cuts delimited text. A row ends at LF, CR or CR LF; an empty line
// is no row. A field that starts with a quote ends at the next quote that is not
// doubled, and may hold delimiters and line ends. A quote elsewhere is a
// character like others.
type csvCutter struct {
	dialect
	width  int // fields a row has
	commas uint64
	marks  marks
	used   int // where marks start to be true
	moved  int // of the window that they are about
}

func newCSVCutter(d dialect, width int) *csvCutter {
	return &csvCutter{dialect: d, width: width, commas: lowBits * uint64(d.delimiter)}
}

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// zeros sets the high bit of each byte of x that is zero, and no other bit.
func zeros(x uint64) uint64 { return ^((x&^highBits + ^uint64(highBits)) | x | ^uint64(highBits)) }

// cut implements cutter.
func (c *csvCutter) cut(w *window, b *block, most int) error {
	b.reset(w, c.width, most)
	for b.rows < most {
		c.skipEmpty(w)
		if w.pos == w.end {
			break
		}
		n, next, lines, err := c.row(w, b.spans[b.rows*c.width:(b.rows+1)*c.width])
		if err != nil {
			return err
		}
		if next < 0 {
			return w.tooLong(w.end - w.pos)
		}
		if n != c.width {
			return c.ragged(n, w.line)
		}
		if err := b.tooLong(w, b.rows, next-w.pos); err != nil {
			return err
		}
		b.lines[b.rows] = w.line
		b.rows++
		w.pos, w.line = next, w.line+lines
	}
	return nil
}

// skipEmpty passes over empty lines.
func (c *csvCutter) skipEmpty(w *window) {
	for w.pos < w.end && (w.buf[w.pos] == '\n' || w.buf[w.pos] == '\r') {
		next := lineEnd(w, w.pos)
		if next < 0 {
			return
		}
		w.pos = next
		w.line++
	}
}

// lineEnd returns where the line after the one that ends at p starts, -1 if the
// window ends too early to say.
func lineEnd(w *window, p int) int {
	if p >= w.end {
		return w.end
	}
	if w.buf[p] == '\r' {
		if p+1 == w.end && !w.eof {
			return -1
		}
		if p+1 < w.end && w.buf[p+1] == '\n' {
			p++
		}
	}
	return p + 1
}

// row finds the fields of the row at w.pos, as many as spans can take. It
// returns how many there are, where the next row starts and how many lines this
// one takes. The row goes on behind the window if next is negative.
func (c *csvCutter) row(w *window, spans []span) (n, next int, lines int64, err error) {
	buf, end, p := w.buf, w.end, w.pos
	m := c.marks
	if p < c.used || p >= m.base+64 || w.moved != c.moved {
		m = marks{p - 64, 0}
	} else {
		m.bits &= ^uint64(0) << (p - m.base)
	}
	for lines = 1; ; n++ {
		s := span{from: uint32(p)}
		if buf[p] == c.quote && p < end {
			var more int64
			if s, p, more, err = c.quoted(w, p, w.line+lines-1); p < 0 || err != nil {
				return n, -1, lines, err
			}
			lines += more
			m = marks{p - 64, 0}
		}
		b := byte(0)
		for ; b != c.delimiter && b != '\n' && b != '\r'; b = buf[p] {
			for m.bits == 0 {
				m.base += 64
				m.bits = c.find(buf[m.base:])
			}
			p = m.base + bits.TrailingZeros64(m.bits)
			m.bits &= m.bits - 1
		}
		if s.to == 0 {
			s.to = uint32(p)
		}
		if n < len(spans) {
			spans[n] = s
		}
		if b == c.delimiter && p < end {
			p++
			continue
		}
		if p < end || w.eof {
			c.marks, c.used, c.moved = m, p, w.moved
			return n + 1, lineEnd(w, p), lines, nil
		}
		return n, -1, lines, nil
	}
}

// marks are where in the 64 bytes of a window from base on the ends of fields
// may lie: bit i stands for base+i. Bits that were used are cleared.
type marks struct {
	base int
	bits uint64
}

// find returns which of the first 64 bytes are the delimiter or below 14, as
// line ends are.
func (c *csvCutter) find(b []byte) uint64 {
	b = b[:64]
	d := c.commas
	low := ends(b[0:8], d) | ends(b[8:16], d)<<8 | ends(b[16:24], d)<<16 | ends(b[24:32], d)<<24
	high := ends(b[32:40], d) | ends(b[40:48], d)<<8 | ends(b[48:56], d)<<16 | ends(b[56:64], d)<<24
	return low | high<<32
}

// ends does for eight bytes what find does for 64; d is eight delimiters.
func ends(b []byte, d uint64) uint64 {
	x := binary.LittleEndian.Uint64(b)
	y := x ^ d
	// The high bit of a byte of either half is clear if the byte is one of them;
	// setting it before keeps the subtraction from borrowing of the next byte.
	no := ((x | highBits) - lowBits*14 | x) & ((y | highBits) - lowBits | y)
	return (^no & highBits >> 7) * 0x0102040810204080 >> 56
}

// quoted finds the end of the field whose opening quote is at p, and how many
// line ends it holds. The field goes on behind the window if next is negative.
func (c *csvCutter) quoted(w *window, p int, line int64) (s span, next int, lines int64, err error) {
	s.from = uint32(p + 1)
	mark := uint32(quoted)
	for q := p + 1; ; {
		i := bytes.IndexByte(w.buf[q:w.end], c.quote)
		if i < 0 || q+i+1 == w.end && !w.eof {
			if i < 0 && w.eof {
				err = &cutError{line: line, reason: "a quote is not closed", fix: fmt.Sprintf("close it with a %c, or double it if it is part of the text", c.quote)}
			}
			return s, -1, 0, err
		}
		q += i + 1
		if q < w.end && w.buf[q] == c.quote {
			mark |= escaped
			q++
			continue
		}
		s.to = uint32(q-1) | mark
		if b := w.buf[q]; q < w.end && b != c.delimiter && b != '\n' && b != '\r' {
			err = &cutError{line: line, reason: "text after a closing quote", fix: fmt.Sprintf("double the quotes (%c%c) inside a quoted field", c.quote, c.quote)}
		}
		return s, q, lineEnds(w.buf[s.from : q-1]), err
	}
}

// lineEnds counts LF, CR and CR LF.
func lineEnds(b []byte) int64 {
	n := bytes.Count(b, []byte{'\n'})
	if bytes.IndexByte(b, '\r') >= 0 {
		n += bytes.Count(b, []byte{'\r'}) - bytes.Count(b, []byte("\r\n"))
	}
	return int64(n)
}

func (c *csvCutter) ragged(n int, line int64) error {
	e := &cutError{line: line, reason: fmt.Sprintf("%d fields where the first row has %d", n, c.width)}
	if n == 1 {
		e.reason = fmt.Sprintf("1 field where the first row has %d", c.width)
	}
	switch {
	case c.width == 1 && n > 1:
		e.fix = "take out what stands above the names of the columns, if it does"
	case n > c.width:
		e.fix = fmt.Sprintf("quote the fields that hold a %s", delimiterName(c.delimiter))
	default:
		e.fix = "add what is missing, or quote the fields that hold a line break"
	}
	return e
}

func delimiterName(b byte) string {
	if b == '\t' {
		return "tab"
	}
	return fmt.Sprintf("%q", b)
}

// unescape takes the escapes out of a field, in place, and returns it.
func (c *csvCutter) unescape(b []byte) []byte {
	n := 0
	for i := 0; i < len(b); i++ {
		b[n] = b[i]
		n++
		if b[i] == c.quote {
			i++ // it is doubled
		}
	}
	return b[:n]
}
