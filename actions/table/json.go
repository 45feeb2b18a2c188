package table

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"
	"strings"
)

// maxDepth is how deep objects may lie in each other.
const maxDepth = 64

// A jsonCutter cuts objects, one after the other with blanks between or in one
// array, into fields: what an object within holds is named by its path with
// dots. A null and a key that an object lacks are fields without a value; an
// array is a text as it stands. Of a key that comes twice the last counts.
type jsonCutter struct {
	names  []string
	fields map[string]int         // by name
	skip   func(name []byte) bool // whether an unknown key is of no interest
	array  bool
	state  arrayState

	// Of the row at hand:
	spans []span
	next  int      // the field that the next key is likely to be of
	path  []byte   // scratch
	fresh []string // keys that are unknown, but of interest
}

// An arrayState is what was read of an array of objects.
type arrayState uint8

const (
	beforeArray arrayState = iota
	beforeFirst
	behindValue
	behindComma
	behindArray
)

// newKeys says that a row has keys that were not known.
type newKeys struct{ names []string }

func (e *newKeys) Error() string { return fmt.Sprintf("new key %q", e.names[0]) }

func newJSONCutter(array bool, cols []Column, skip func([]byte) bool) *jsonCutter {
	c := &jsonCutter{array: array, skip: skip, fields: make(map[string]int, len(cols))}
	for _, col := range cols {
		c.add(col.Name)
	}
	return c
}

func (c *jsonCutter) add(name string) {
	c.fields[name] = len(c.names)
	c.names = append(c.names, name)
}

// cut implements cutter. It fails with newKeys if a row has some.
func (c *jsonCutter) cut(w *window, b *block, most int) error {
	b.reset(w, len(c.names), most)
	for b.rows < most {
		if more, err := c.between(w); !more || err != nil {
			return err
		}
		c.spans = b.spans[b.rows*b.width : (b.rows+1)*b.width]
		clear(c.spans)
		c.next, c.path, c.fresh = 0, c.path[:0], nil
		p, err := c.object(w, w.pos, 0)
		if err != nil {
			return err
		}
		if p < 0 {
			return w.tooLong(w.end - w.pos)
		}
		if c.fresh != nil {
			return &newKeys{c.fresh}
		}
		if err := b.tooLong(w, b.rows, p-w.pos); err != nil {
			return err
		}
		c.state = behindValue
		b.lines[b.rows] = w.line
		b.rows++
		w.line += lineEnds(w.buf[w.pos:p])
		w.pos = p
	}
	return nil
}

// between passes over what stands between objects and reports whether one
// follows.
func (c *jsonCutter) between(w *window) (more bool, err error) {
	for ; w.pos < w.end; w.pos++ {
		switch b := w.buf[w.pos]; {
		case b == ' ' || b == '\t' || b == '\r':
		case b == '\n':
			w.line++
		case b == '{' && (!c.array || c.state == beforeFirst || c.state == behindComma):
			return true, nil
		case c.array && b == '[' && c.state == beforeArray:
			c.state = beforeFirst
		case c.array && b == ',' && c.state == behindValue:
			c.state = behindComma
		case c.array && b == ']' && (c.state == beforeFirst || c.state == behindValue):
			c.state = behindArray
		case c.array:
			return false, c.wrong(w, w.pos, "not an array of objects", `write it as [{"a": 1}, {"a": 2}]`)
		default:
			return false, c.wrong(w, w.pos, "not a JSON object", `write one object a line, as {"a": 1}`)
		}
	}
	if w.eof && c.array && c.state != behindArray {
		return false, c.wrong(w, w.pos, "the array is not closed", "look whether the file is whole")
	}
	return false, nil
}

func (c *jsonCutter) wrong(w *window, p int, reason, fix string) error {
	return &cutError{line: w.line + lineEnds(w.buf[w.pos:min(p, w.end)]), reason: reason, fix: fix}
}

func (c *jsonCutter) invalid(w *window, p int, what string) error {
	return c.wrong(w, p, "not valid JSON: "+what, `write one object a line, as {"a": 1}`)
}

// behind returns what to say of a row that goes on behind the window: nothing
// but -1, or an error if nothing follows.
func (c *jsonCutter) behind(w *window) (int, error) {
	if w.eof {
		return -1, c.wrong(w, w.end, "an object is not closed", "look whether the file is whole")
	}
	return -1, nil
}

// object finds the fields of the object at p, whose path is in c.path. It
// returns where it ends, -1 if it goes on behind the window.
func (c *jsonCutter) object(w *window, p, depth int) (int, error) {
	if depth == maxDepth {
		return 0, c.wrong(w, p, fmt.Sprintf("objects lie more than %d deep in each other", maxDepth), "flatten them")
	}
	above := len(c.path)
	p = blank(w, p+1)
	if w.buf[p] == '}' && p < w.end {
		return p + 1, nil
	}
	for {
		if p >= w.end {
			return c.behind(w)
		}
		if w.buf[p] != '"' {
			return 0, c.invalid(w, p, "a key was expected")
		}
		key, q, err := c.str(w, p)
		if q < 0 || err != nil {
			return q, err
		}
		if p = blank(w, q); p >= w.end {
			return c.behind(w)
		}
		if w.buf[p] != ':' {
			return 0, c.invalid(w, p, "a colon was expected")
		}
		if p, err = c.member(w, key, blank(w, p+1), depth); p < 0 || err != nil {
			return p, err
		}
		c.path = c.path[:above]
		if p = blank(w, p); p >= w.end {
			return c.behind(w)
		}
		if w.buf[p] == '}' {
			return p + 1, nil
		}
		if w.buf[p] != ',' {
			return 0, c.invalid(w, p, "a comma or } was expected")
		}
		p = blank(w, p+1)
	}
}

// member reads the value at p of a key.
func (c *jsonCutter) member(w *window, key span, p, depth int) (int, error) {
	name := w.buf[key.from:key.end()]
	if key.is(escaped) {
		name = c.unescape(bytes.Clone(name)) // the row may be read again
	}
	if p < w.end && w.buf[p] == '{' {
		c.path = append(append(c.path, name...), '.')
		return c.object(w, p, depth+1)
	}
	value, next, err := c.value(w, p)
	if next < 0 || err != nil {
		return next, err
	}
	if i := c.field(name); i >= 0 {
		c.spans[i] = value
	}
	return next, nil
}

// field returns the field of a key below c.path, -1 if there is none.
func (c *jsonCutter) field(key []byte) int {
	if i := c.next; i < len(c.names) {
		n, above := c.names[i], len(c.path)
		if len(n) == above+len(key) && n[above:] == string(key) && n[:above] == string(c.path) {
			c.next++
			return i
		}
	}
	c.path = append(c.path, key...)
	if i, ok := c.fields[string(c.path)]; ok {
		c.next = i + 1
		return i
	}
	if c.skip == nil || !c.skip(c.path) {
		c.fresh = append(c.fresh, string(c.path))
	}
	return -1
}

// blank returns the first place from p on that is no blank.
func blank(w *window, p int) int {
	for p < w.end && (w.buf[p] == ' ' || w.buf[p] == '\n' || w.buf[p] == '\t' || w.buf[p] == '\r') {
		p++
	}
	return p
}

// value finds the end of the value at p, which is not an object.
func (c *jsonCutter) value(w *window, p int) (s span, next int, err error) {
	if p >= w.end {
		next, err = c.behind(w)
		return s, next, err
	}
	switch b := w.buf[p]; b {
	case '"':
		return c.str(w, p)
	case '[':
		return c.list(w, p)
	default:
		return c.literal(w, p)
	}
}

// str finds the end of the string at p.
func (c *jsonCutter) str(w *window, p int) (s span, next int, err error) {
	s, p = span{from: uint32(p + 1), to: quoted}, p+1
	for {
		x := binary.LittleEndian.Uint64(w.buf[p:])
		m := zeros(x^lowBits*'"') | zeros(x^lowBits*'\\') | ^((x|highBits)-lowBits*' '|x)&highBits
		if m == 0 {
			p += 8
			continue
		}
		p += bits.TrailingZeros64(m) >> 3
		if p >= w.end {
			next, err = c.behind(w)
			return s, next, err
		}
		switch w.buf[p] {
		case '"':
			s.to |= uint32(p)
			return s, p + 1, nil
		case '\\':
			if p+6 > w.end && !w.eof {
				return s, -1, nil
			}
			n := escapeLen(w.buf[p+1 : max(p+1, min(p+6, w.end))])
			if n == 0 {
				return s, 0, c.invalid(w, p, "a backslash that escapes nothing")
			}
			s.to |= escaped
			p += 1 + n
		default:
			return s, 0, c.invalid(w, p, "a line break or control character in a string")
		}
	}
}

// escapeLen returns how many bytes behind a backslash belong to it, 0 if it is
// no escape.
func escapeLen(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	if strings.IndexByte(`"\/bfnrt`, b[0]) >= 0 {
		return 1
	}
	if b[0] != 'u' || len(b) < 5 {
		return 0
	}
	if _, ok := hex4(b[1:5]); !ok {
		return 0
	}
	return 5
}

// list finds the end of the array at p.
func (c *jsonCutter) list(w *window, p int) (s span, next int, err error) {
	start, depth := p, 0
	for p < w.end {
		switch w.buf[p] {
		case '"':
			if _, p, err = c.str(w, p); p < 0 || err != nil {
				return s, p, err
			}
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		p++
		if depth == 0 {
			if !json.Valid(w.buf[start:p]) {
				return s, 0, c.invalid(w, start, "an array was expected")
			}
			return span{uint32(start), uint32(p)}, p, nil
		}
	}
	next, err = c.behind(w)
	return s, next, err
}

// literal finds the end of a number or a word. NaN and infinities count as
// numbers, as many programs write them.
func (c *jsonCutter) literal(w *window, p int) (s span, next int, err error) {
	start := p
	for p < w.end && literalByte(w.buf[p]) {
		p++
	}
	if p == w.end && !w.eof {
		return s, -1, nil
	}
	switch text := w.buf[start:p]; {
	case string(text) == "null":
		return span{}, p, nil
	case string(text) == "true", string(text) == "false":
	case len(text) == 0 || text[0] == '+' || !floatSyntax(text):
		return s, 0, c.invalid(w, start, "a value was expected")
	default:
		if b := text[len(text)-1]; b > '9' && string(text) != "NaN" && !strings.HasSuffix(string(text), "Infinity") {
			return s, 0, c.invalid(w, start, "a value was expected")
		}
	}
	return span{uint32(start), uint32(p)}, p, nil
}

func literalByte(b byte) bool {
	return b-'0' <= 9 || b|0x20-'a' <= 'z'-'a' || b == '-' || b == '+' || b == '.'
}
