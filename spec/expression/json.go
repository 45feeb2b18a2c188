package expression

import (
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	errEmptyJSON reason = "empty input"
	errJSON      reason = "Error parsing JSON when evaluating fromJson"
)

// FromJSON reads one JSON value (RFC 8259), keeping the order of names. Of equal
// names the last value counts, of names that differ in case the first.
func FromJSON(s string) (any, error) {
	if strings.TrimFunc(s, isSpace) == "" {
		return nil, errEmptyJSON
	}
	// Valid is stricter than the token reader, and bounds the depth.
	if !json.Valid([]byte(s)) {
		return nil, errJSON
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	return readJSON(d)
}

func readJSON(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Number:
		// Out of range is an infinity, as in JavaScript.
		f, _ := strconv.ParseFloat(string(t), 64)
		return f, nil
	case json.Delim:
		if t == '[' {
			return readArray(d)
		}
		return readObject(d)
	}
	return t, nil
}

func readArray(d *json.Decoder) (any, error) {
	a := new(Array)
	for d.More() {
		v, err := readJSON(d)
		if err != nil {
			return nil, err
		}
		a.items = append(a.items, v)
	}
	_, err := d.Token()
	return a, err
}

func readObject(d *json.Decoder) (any, error) {
	o := new(Object)
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := k.(string)
		if !ok {
			return nil, io.ErrUnexpectedEOF
		}
		v, err := readJSON(d)
		if err != nil {
			return nil, err
		}
		o.Set(name, v)
	}
	_, err := d.Token()
	return o, err
}

// ToJSON writes v as GitHub's toJSON does: indented by two spaces, names in
// order, numbers as JavaScript writes them, NaN and the infinities as null.
func ToJSON(v any) string {
	w := jsonWriter{indent: "  "}
	w.value(FromGo(v), 0)
	return string(w.out)
}

// MarshalJSON writes the array as compact JSON.
func (a *Array) MarshalJSON() ([]byte, error) { return compactJSON(a), nil }

// MarshalJSON writes the object as compact JSON, names in order.
func (o *Object) MarshalJSON() ([]byte, error) { return compactJSON(o), nil }

func compactJSON(v any) []byte {
	var w jsonWriter
	w.value(v, 0)
	return w.out
}

type jsonWriter struct {
	out    []byte
	indent string // "": compact
	limit  int    // stop soon after so many bytes; 0: never
	full   bool
}

func (w *jsonWriter) value(v any, depth int) {
	if w.limit > 0 && len(w.out) > w.limit {
		w.full = true
		return
	}
	switch v := v.(type) {
	case bool:
		w.out = strconv.AppendBool(w.out, v)
	case float64:
		w.number(v)
	case string:
		w.string(v)
	case *Array:
		w.array(v, depth)
	case *Object:
		w.object(v, depth)
	default:
		w.out = append(w.out, "null"...)
	}
}

func (w *jsonWriter) number(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		w.out = append(w.out, "null"...)
		return
	}
	w.out = appendNumber(w.out, f)
}

func (w *jsonWriter) array(a *Array, depth int) {
	if len(a.items) == 0 {
		w.out = append(w.out, "[]"...)
		return
	}
	w.out = append(w.out, '[')
	for i, item := range a.items {
		w.item(i, depth+1)
		w.value(item, depth+1)
	}
	w.newline(depth)
	w.out = append(w.out, ']')
}

func (w *jsonWriter) object(o *Object, depth int) {
	if len(o.keys) == 0 {
		w.out = append(w.out, "{}"...)
		return
	}
	w.out = append(w.out, '{')
	for i, k := range o.keys {
		w.item(i, depth+1)
		w.string(k)
		w.out = append(w.out, ':')
		if w.indent != "" {
			w.out = append(w.out, ' ')
		}
		w.value(o.vals[i], depth+1)
	}
	w.newline(depth)
	w.out = append(w.out, '}')
}

// item starts item i of a list.
func (w *jsonWriter) item(i, depth int) {
	if i > 0 {
		w.out = append(w.out, ',')
	}
	w.newline(depth)
}

func (w *jsonWriter) newline(depth int) {
	if w.indent == "" || w.full {
		return
	}
	w.out = append(w.out, '\n')
	for range depth {
		w.out = append(w.out, w.indent...)
	}
}

// string quotes s as JSON.stringify does: only what must be escaped is.
func (w *jsonWriter) string(s string) {
	w.out = append(w.out, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				w.out = append(append(w.out, s[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += n
			continue
		}
		if c < 0x20 || c == '"' || c == '\\' {
			w.out = append(w.out, s[from:i]...)
			w.escape(c)
			from = i + 1
		}
		i++
	}
	w.out = append(append(w.out, s[from:]...), '"')
}

func (w *jsonWriter) escape(c byte) {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		w.out = append(w.out, '\\', c)
	case '\b':
		w.out = append(w.out, `\b`...)
	case '\f':
		w.out = append(w.out, `\f`...)
	case '\n':
		w.out = append(w.out, `\n`...)
	case '\r':
		w.out = append(w.out, `\r`...)
	case '\t':
		w.out = append(w.out, `\t`...)
	default:
		w.out = append(w.out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
}
