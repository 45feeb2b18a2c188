package model

import (
	"fmt"
	"strconv"
	"strings"
)

// literal reads the dtype of an npy header: a code, or a list of fields
// (name, dtype) or (name, dtype, shape), each dtype the same again.
type literal struct {
	text    string
	at      int
	objects bool
}

func (l *literal) skip(token string) bool {
	if strings.HasPrefix(l.text[l.at:], token) {
		l.at += len(token)
		return true
	}
	return false
}

func (l *literal) fault() error {
	return fmt.Errorf("dtype %.100q is not understood at character %d", l.text, l.at)
}

// dtype returns the bytes of an item.
func (l *literal) dtype(depth int) (int64, error) {
	if depth > 16 {
		return 0, l.fault()
	}
	if !l.skip("[") {
		code, ok := l.quoted()
		if !ok {
			return 0, l.fault()
		}
		return l.code(code)
	}
	var total int64
	for {
		size, err := l.field(depth)
		if err != nil {
			return 0, err
		}
		total += size
		if l.skip("]") {
			return total, nil
		}
		if !l.skip(", ") || total > 1<<40 {
			return 0, l.fault()
		}
	}
}

// field reads (name, dtype[, shape]); a name may be a pair with a title.
func (l *literal) field(depth int) (int64, error) {
	if !l.skip("(") {
		return 0, l.fault()
	}
	if l.skip("(") {
		_, ok := l.quoted()
		ok = ok && l.skip(", ")
		_, ok2 := l.quoted()
		if !ok || !ok2 || !l.skip(")") {
			return 0, l.fault()
		}
	} else if _, ok := l.quoted(); !ok {
		return 0, l.fault()
	}
	if !l.skip(", ") {
		return 0, l.fault()
	}
	size, err := l.dtype(depth + 1)
	if err != nil {
		return 0, err
	}
	if l.skip(", (") {
		end := strings.IndexByte(l.text[l.at:], ')')
		if end < 0 {
			return 0, l.fault()
		}
		shape, err := sizes(l.text[l.at : l.at+end])
		if err != nil {
			return 0, err
		}
		l.at += end + 1
		if size, err = product(size, shape); err != nil {
			return 0, err
		}
	}
	if !l.skip(")") {
		return 0, l.fault()
	}
	return size, nil
}

func sizes(text string) (out []int64, err error) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// quoted reads a string; escapes are passed over, not read.
func (l *literal) quoted() (string, bool) {
	if !l.skip("'") {
		return "", false
	}
	for i := l.at; i < len(l.text); i++ {
		switch l.text[i] {
		case '\\':
			i++
		case '\'':
			s := l.text[l.at:i]
			l.at = i + 1
			return s, true
		}
	}
	return "", false
}

// code reads <f8, |S5, <M8[ns], |O.
func (l *literal) code(code string) (int64, error) {
	c := strings.TrimLeft(code, "<>|=")
	if unit := strings.IndexByte(c, '['); unit > 0 && (c[0] == 'M' || c[0] == 'm') {
		c = c[:unit]
	}
	if c == "O" || c == "O8" {
		l.objects = true
		return 8, nil
	}
	if len(c) < 2 || !strings.Contains("biufcUSVMm?", c[:1]) {
		return 0, l.fault()
	}
	n, err := strconv.ParseInt(c[1:], 10, 32)
	if err != nil || n < 0 {
		return 0, l.fault()
	}
	if c[0] == 'U' {
		n *= 4
	}
	return n, nil
}
