package record

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Canonical returns v as the one JSON text that stands for it, so that equal
// values have equal bytes and equal digests, and a person can still read and
// diff them. It is the text that `jq -S .` prints:
//
//   - keys sorted by their bytes, two spaces of indentation, one space after a
//     colon, LF line ends and one at the end, empty containers as {} and [];
//   - strings in UTF-8 with only ", \ and control characters escaped, the latter
//     as \b \f \n \r \t or \u00xx; bytes that are no UTF-8 become U+FFFD;
//   - integers in full; floats as JavaScript prints them, the shortest text that
//     reads back as the same float64 (-0 stays -0);
//   - NaN and the infinities, which JSON lacks, as the strings "NaN",
//     "Infinity" and "-Infinity"; times in UTC.
//
// Struct fields follow encoding/json's tags (name, omitempty, omitzero, "-").
// A type that writes itself must implement encoding.TextMarshaler on the value; MarshalJSON
// alone is an error, because its text need not be canonical.
func Canonical(v any) ([]byte, error) {
	e := encoder{indent: true}
	if err := e.value(reflect.ValueOf(v), 0); err != nil {
		return nil, fmt.Errorf("canonical json: %w", err)
	}
	return append(e.buf, '\n'), nil
}

// CanonicalLine is [Canonical] on one line without any space, as in a file of
// JSON Lines. It ends with LF.
func CanonicalLine(v any) ([]byte, error) {
	var e encoder
	if err := e.value(reflect.ValueOf(v), 0); err != nil {
		return nil, fmt.Errorf("canonical json: %w", err)
	}
	return append(e.buf, '\n'), nil
}

// encoder appends canonical JSON to buf. It is its own reflection walk because
// encoding/json refuses NaN, escapes HTML and keeps the order of fields.
type encoder struct {
	buf    []byte
	indent bool
	level  int // of recursion
	fields map[reflect.Type][]field
	plain  map[reflect.Type]bool
}

// maxDepth bounds recursion through pointers that form a cycle.
const maxDepth = 400

// value appends v; depth is that of its indentation.
func (e *encoder) value(v reflect.Value, depth int) error {
	if e.level++; e.level > maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	defer func() { e.level-- }()
	if !v.IsValid() {
		e.buf = append(e.buf, "null"...)
		return nil
	}
	if done, err := e.special(v); done || err != nil {
		return err
	}
	switch v.Kind() {
	case reflect.Bool:
		e.buf = strconv.AppendBool(e.buf, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.buf = strconv.AppendInt(e.buf, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		e.buf = strconv.AppendUint(e.buf, v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		e.buf = appendFloat(e.buf, v.Float())
	case reflect.String:
		e.buf = appendString(e.buf, v.String())
	case reflect.Pointer, reflect.Interface:
		return e.value(v.Elem(), depth)
	case reflect.Slice, reflect.Array:
		return e.list(v, depth)
	case reflect.Map:
		return e.object(v, depth)
	case reflect.Struct:
		return e.structure(v, depth)
	default:
		return fmt.Errorf("no JSON for %s", v.Type())
	}
	return nil
}

// special writes the types whose text is not that of their kind.
func (e *encoder) special(v reflect.Value) (bool, error) {
	if k := v.Kind(); k == reflect.Interface || k == reflect.Pointer {
		return false, nil // what it leads to may be
	}
	if e.isPlain(v.Type()) {
		return false, nil
	}
	switch t := v.Interface().(type) {
	case time.Time:
		e.buf = appendString(e.buf, t.UTC().Format(time.RFC3339Nano))
	case Point:
		e.point(t)
	case json.Number:
		return true, e.number(t)
	case encoding.TextMarshaler:
		text, err := t.MarshalText()
		if err != nil {
			return true, err
		}
		e.buf = appendString(e.buf, string(text))
	case json.Marshaler:
		return true, fmt.Errorf("%s writes its own JSON", v.Type())
	default:
		return false, nil
	}
	return true, nil
}

// isPlain reports whether a type's text is that of its kind. To ask the type is
// far cheaper than to ask each of its values.
func (e *encoder) isPlain(t reflect.Type) bool {
	plain, ok := e.plain[t]
	if ok {
		return plain
	}
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[Point](), reflect.TypeFor[json.Number]():
	case reflect.TypeFor[Metric]():
		plain = true
	default:
		plain = !t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) && !t.Implements(reflect.TypeFor[json.Marshaler]())
	}
	if e.plain == nil {
		e.plain = map[reflect.Type]bool{}
	}
	e.plain[t] = plain
	return plain
}

// points appends a list of points, of which there may be very many.
func (e *encoder) points(ps []Point, depth int) {
	e.buf = append(e.buf, '[')
	for i, p := range ps {
		e.next(i, depth+1)
		e.point(p)
	}
	e.close(']', depth)
}

func (e *encoder) point(p Point) {
	e.buf = appendFloat(append(e.buf, '['), p.Step)
	e.buf = appendFloat(append(e.buf, ','), p.Value)
	e.buf = append(e.buf, ']')
}

// number writes a number that was read with UseNumber: integers in full, the rest as float64.
func (e *encoder) number(n json.Number) error {
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil && string(n) != "-0" {
		e.buf = strconv.AppendInt(e.buf, i, 10)
		return nil
	}
	if u, err := strconv.ParseUint(string(n), 10, 64); err == nil {
		e.buf = strconv.AppendUint(e.buf, u, 10)
		return nil
	}
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil && !math.IsInf(f, 0) {
		return err
	}
	e.buf = appendFloat(e.buf, f)
	return nil
}

func (e *encoder) list(v reflect.Value, depth int) error {
	if v.Len() == 0 {
		e.buf = append(e.buf, "[]"...)
		return nil
	}
	if ps, ok := reflect.TypeAssert[[]Point](v); ok {
		e.points(ps, depth)
		return nil
	}
	e.buf = append(e.buf, '[')
	for i := range v.Len() {
		e.next(i, depth+1)
		if err := e.value(v.Index(i), depth+1); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	e.close(']', depth)
	return nil
}

func (e *encoder) object(v reflect.Value, depth int) error {
	if v.Type().Key().Kind() != reflect.String {
		return fmt.Errorf("no JSON for a map with keys of %s", v.Type().Key())
	}
	if v.Len() == 0 {
		e.buf = append(e.buf, "{}"...)
		return nil
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	e.buf = append(e.buf, '{')
	for i, k := range keys {
		e.next(i, depth+1)
		e.key(k.String())
		if err := e.value(v.MapIndex(k), depth+1); err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
	}
	e.close('}', depth)
	return nil
}

func (e *encoder) structure(v reflect.Value, depth int) error {
	e.buf = append(e.buf, '{')
	n := 0
	for _, f := range e.fieldsOf(v.Type()) {
		x := v.Field(f.index)
		if f.omit(x) {
			continue
		}
		e.next(n, depth+1)
		e.key(f.name)
		if err := e.value(x, depth+1); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		n++
	}
	if n == 0 {
		e.buf = append(e.buf, '}')
		return nil
	}
	e.close('}', depth)
	return nil
}

func (e *encoder) key(name string) {
	e.buf = append(appendString(e.buf, name), ':')
	if e.indent {
		e.buf = append(e.buf, ' ')
	}
}

// next goes to the place of element i.
func (e *encoder) next(i, depth int) {
	if i > 0 {
		e.buf = append(e.buf, ',')
	}
	e.newline(depth)
}

func (e *encoder) close(bracket byte, depth int) {
	e.newline(depth)
	e.buf = append(e.buf, bracket)
}

func (e *encoder) newline(depth int) {
	if !e.indent {
		return
	}
	if room := 2*depth + 64; cap(e.buf)-len(e.buf) < room { // append alone grows large texts by a quarter
		e.buf = slices.Grow(e.buf, max(room, len(e.buf)))
	}
	e.buf = append(e.buf, '\n')
	for range depth {
		e.buf = append(e.buf, "  "...)
	}
}

// field is a struct field that has a place in JSON.
type field struct {
	name                string
	index               int
	omitEmpty, omitZero bool
}

func (f field) omit(v reflect.Value) bool {
	if f.omitZero && v.IsZero() {
		return true
	}
	if !f.omitEmpty {
		return false
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String, reflect.Array:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// fieldsOf returns the fields of t sorted by name; the cache pays for lists of
// thousands of artifacts.
func (e *encoder) fieldsOf(t reflect.Type) []field {
	if fs, ok := e.fields[t]; ok {
		return fs
	}
	var fs []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		fs = append(fs, field{name, i, strings.Contains(options, "omitempty"), strings.Contains(options, "omitzero")})
	}
	sort.Slice(fs, func(i, j int) bool { return fs[i].name < fs[j].name })
	if e.fields == nil {
		e.fields = map[reflect.Type][]field{}
	}
	e.fields[t] = fs
	return fs
}

// The names of the numbers that JSON lacks, as JavaScript and Python spell them.
const (
	nanText    = "NaN"
	infText    = "Infinity"
	negInfText = "-Infinity"
)

// appendFloat appends f as ECMAScript's Number.prototype.toString does, which
// RFC 8785 prescribes; non-finite numbers become strings.
func appendFloat(buf []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(buf, `"`+nanText+`"`...)
	case math.IsInf(f, 1):
		return append(buf, `"`+infText+`"`...)
	case math.IsInf(f, -1):
		return append(buf, `"`+negInfText+`"`...)
	}
	if i := int64(f); float64(i) == f && i != 0 && i > -1e15 && i < 1e15 { // such as the steps of a curve
		return strconv.AppendInt(buf, i, 10)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	from := len(buf)
	buf = strconv.AppendFloat(buf, f, format, -1, 64)
	if n := len(buf); format == 'e' && n-from >= 4 && buf[n-4] == 'e' && buf[n-3] == '-' && buf[n-2] == '0' {
		buf[n-2] = buf[n-1] // e-09 → e-9
		buf = buf[:n-1]
	}
	return buf
}

func appendString(buf []byte, s string) []byte {
	const hex = "0123456789abcdef"
	buf = append(buf, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			buf = utf8.AppendRune(buf, r)
			i += n
			continue
		}
		switch {
		case c == '"' || c == '\\':
			buf = append(buf, '\\', c)
		case c >= 0x20:
			buf = append(buf, c)
		case strings.IndexByte("\b\f\n\r\t", c) >= 0:
			buf = append(buf, '\\', "btn\x00fr"[c-'\b'])
		default:
			buf = append(buf, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
	}
	return append(buf, '"')
}
