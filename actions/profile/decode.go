package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// A decoder reads the JSON of profiles. It takes what Encode writes and what
// differs from that by spaces and order: histograms have thousands of numbers,
// for which encoding/json takes ten times as long.
type decoder struct {
	text []byte
	at   int
	err  error // the first
}

func (d *decoder) fail(reason string) {
	if d.err == nil {
		d.err = fmt.Errorf("at byte %d: %s", d.at, reason)
	}
	d.at = len(d.text) // so that all that follows ends
}

// peek returns the next byte that is no space, 0 at the end.
func (d *decoder) peek() byte {
	for d.at < len(d.text) {
		switch c := d.text[d.at]; c {
		case ' ', '\n', '\t', '\r':
			d.at++
		default:
			return c
		}
	}
	return 0
}

// accept skips a byte if it comes next.
func (d *decoder) accept(c byte) bool {
	if d.peek() != c {
		return false
	}
	d.at++
	return true
}

func (d *decoder) expect(c byte) {
	if !d.accept(c) {
		d.fail("want " + strconv.Quote(string(c)))
	}
}

// list reads what stands between open and shut, separated by commas.
func (d *decoder) list(open, shut byte, element func()) {
	d.expect(open)
	if d.err != nil || d.accept(shut) {
		return
	}
	for d.err == nil {
		element()
		if d.accept(shut) {
			return
		}
		d.expect(',')
	}
}

// object reads an object by its keys; field returns whether it knows one.
func (d *decoder) object(field func(key string) bool) {
	seen := make([]string, 0, 16)
	d.list('{', '}', func() {
		key := d.string()
		d.expect(':')
		if d.err != nil {
			return
		}
		if slices.Contains(seen, key) || !field(key) {
			d.fail("unknown field or one that is there twice: " + strconv.Quote(key))
		}
		seen = append(seen, key)
	})
}

func (d *decoder) string() string {
	if d.peek() != '"' {
		d.fail("want a string")
		return ""
	}
	start, plain := d.at, true
	for d.at++; d.at < len(d.text); d.at++ {
		switch c := d.text[d.at]; {
		case c == '"':
			d.at++
			return d.unquote(d.text[start:d.at], plain)
		case c == '\\':
			plain = false
			d.at++
		case c < ' ' || c >= utf8.RuneSelf:
			plain = false
		}
	}
	d.fail("string without an end")
	return ""
}

func (d *decoder) unquote(quoted []byte, plain bool) (s string) {
	if plain {
		return string(quoted[1 : len(quoted)-1])
	}
	if err := json.Unmarshal(quoted, &s); err != nil {
		d.fail(err.Error())
	}
	return s
}

// number returns the text of a number.
func (d *decoder) number() []byte {
	d.peek()
	start := d.at
	for d.at < len(d.text) {
		c := d.text[d.at]
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			break
		}
		d.at++
	}
	return d.text[start:d.at]
}

func (d *decoder) int() int64 { return d.parseInt(d.number()) }

func (d *decoder) float() float64 { return d.parseFloat(d.number()) }

func (d *decoder) parseInt(number []byte) int64 {
	v, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil {
		d.fail(err.Error())
	}
	return v
}

func (d *decoder) parseFloat(number []byte) float64 {
	x, err := strconv.ParseFloat(string(number), 64)
	if err != nil {
		d.fail(err.Error())
	}
	return x
}

// version says that the profile has another version than this package.
func (d *decoder) version(v int) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %d, want %d", ErrVersion, v, Version)
	}
	d.at = len(d.text)
}

func (d *decoder) bool() bool {
	d.peek()
	for _, word := range []string{"true", "false"} {
		if rest := d.text[d.at:]; len(rest) >= len(word) && string(rest[:len(word)]) == word {
			d.at += len(word)
			return word == "true"
		}
	}
	d.fail("want true or false")
	return false
}

// unmarshal reads a string that a type reads itself.
func (d *decoder) unmarshal(to interface{ UnmarshalText([]byte) error }) {
	s := d.string()
	if d.err != nil {
		return
	}
	if err := to.UnmarshalText([]byte(s)); err != nil {
		d.fail(err.Error())
	}
}

// end wants nothing but spaces.
func (d *decoder) end() error {
	if d.err == nil && d.peek() != 0 {
		return errors.New("more behind the profile")
	}
	return d.err
}
