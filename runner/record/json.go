package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// jsonReader reads JSON values with their lines. It is our own because
// Python's json.dump writes NaN, Infinity and -Infinity bare, which
// encoding/json refuses, and because encoding/json tells no lines.
type jsonReader struct {
	data   []byte
	pos    int
	line   int // counts from 1
	values int // read of the current root
}

// next skips space and reports whether a value follows.
func (r *jsonReader) next() bool {
	r.space()
	r.values = 0
	return r.pos < len(r.data)
}

func (r *jsonReader) space() {
	for ; r.pos < len(r.data); r.pos++ {
		switch r.data[r.pos] {
		case '\n':
			r.line++
		case ' ', '\t', '\r':
		default:
			return
		}
	}
}

// peek returns the next byte that is no space, or 0 at the end.
func (r *jsonReader) peek() byte {
	r.space()
	if r.pos < len(r.data) {
		return r.data[r.pos]
	}
	return 0
}

func (r *jsonReader) accept(c byte) bool {
	if r.peek() != c || r.pos == len(r.data) {
		return false
	}
	r.pos++
	return true
}

// value reads one value.
func (r *jsonReader) value(depth int) (n node, err error) {
	if r.values++; r.values > maxTreeValues {
		return n, errValues
	}
	if depth > maxTreeDepth {
		return n, errDepth
	}
	c := r.peek()
	line := r.line
	switch c {
	case '{':
		n, err = r.items(objectNode, '}', depth)
	case '[':
		n, err = r.items(listNode, ']', depth)
	case '"':
		n.kind = textNode
		n.text, err = r.text()
	default:
		n, err = r.word()
	}
	n.line = line
	return n, err
}

// items reads a list or an object; we stand at its opening bracket.
func (r *jsonReader) items(kind kind, end byte, depth int) (node, error) {
	n := node{kind: kind}
	r.pos++
	if r.accept(end) {
		return n, nil
	}
	for {
		key, err := r.key(kind)
		if err != nil {
			return n, err
		}
		x, err := r.value(depth + 1)
		if err != nil {
			return n, err
		}
		x.key = key
		n.items = append(n.items, x)
		if r.accept(end) {
			return n, nil
		}
		if !r.accept(',') {
			return n, r.unexpected(fmt.Sprintf("want , or %c", end))
		}
	}
}

// key reads the key of an object's member; a list has none.
func (r *jsonReader) key(kind kind) (string, error) {
	if kind == listNode {
		return "", nil
	}
	if r.peek() != '"' {
		return "", r.unexpected("want a key in double quotes")
	}
	key, err := r.text()
	if err == nil && !r.accept(':') {
		err = r.unexpected("want : after a key")
	}
	return key, err
}

func (r *jsonReader) unexpected(want string) error {
	if r.peek() == 0 && r.pos == len(r.data) {
		return fmt.Errorf("ends too early: %s", want)
	}
	return fmt.Errorf("unexpected %q: %s", r.data[r.pos], want)
}

// text reads a string; we stand at its opening quote.
func (r *jsonReader) text() (string, error) {
	from := r.pos
	plain := true
	for r.pos++; r.pos < len(r.data); r.pos++ {
		switch c := r.data[r.pos]; {
		case c == '\\':
			plain = false
			r.pos++
		case c < 0x20:
			return "", errors.New("a string that does not end in its line")
		case c == '"':
			r.pos++
			if plain {
				return strings.ToValidUTF8(string(r.data[from+1:r.pos-1]), "\uFFFD"), nil
			}
			var s string
			err := json.Unmarshal(r.data[from:r.pos], &s)
			return s, err
		}
	}
	r.pos = len(r.data)
	return "", errors.New("a string that does not end")
}

// word reads a number or one of the words that JSON and Python have.
func (r *jsonReader) word() (node, error) {
	from := r.pos
	for r.pos < len(r.data) && strings.IndexByte(" \t\r\n,:]}{[\"", r.data[r.pos]) < 0 {
		r.pos++
	}
	text := string(r.data[from:r.pos])
	switch text {
	case "":
		return node{}, r.unexpected("want a value")
	case "true", "false":
		return boolNode(text == "true"), nil
	case "null":
		return node{}, nil
	}
	if f, ok := specialNumber(text); ok {
		return node{kind: numberNode, num: f}, nil
	}
	if len(text) > 10_000 || !json.Valid([]byte(text)) {
		return node{}, fmt.Errorf("%q is no JSON value; numbers look like 0.91, 1e-5, NaN or -Infinity, text stands in double quotes", clip(text))
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) { // 1e400 is Infinity, as Python reads it
		return node{}, err
	}
	return node{kind: numberNode, num: f}, nil
}

// readJSON takes one value, or several one after another (JSON Lines).
func (c *collector) readJSON(data []byte, firstLine int) error {
	r := jsonReader{data: data, line: firstLine}
	if !r.next() {
		return c.errorf(0, "is empty")
	}
	for r.next() {
		n, err := r.value(0)
		if err == nil {
			err = c.root(&n)
		}
		if typed := (*MetricError)(nil); err != nil && !errors.As(err, &typed) {
			err = c.errorf(r.line, "%w", err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
