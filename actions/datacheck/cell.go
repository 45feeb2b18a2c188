package datacheck

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/mlops-runner/mlops/actions/table"
)

// text is the value of row i as text that is the same whatever file it stands
// in, "" where it is null.
func text(v *table.Vector, i int) string {
	if v.Null(i) {
		return ""
	}
	switch v.Kind {
	case table.Text:
		return string(v.Text(i))
	case table.Unknown:
		return ""
	case table.Bool:
		return strconv.FormatBool(v.Ints[i] != 0)
	case table.Float:
		return strconv.FormatFloat(v.Floats[i], 'g', -1, 64)
	case table.Date:
		return time.Unix(v.Ints[i]*86400, 0).UTC().Format(time.DateOnly)
	case table.Time:
		return time.UnixMicro(v.Ints[i]).UTC().Format(time.RFC3339Nano)
	}
	return strconv.FormatInt(v.Ints[i], 10)
}

// absent reports whether row i has no value. What is not a number is none, as in
// text files, where NaN stands for a missing value.
func absent(v *table.Vector, i int) bool {
	return v.Null(i) || v.Kind == table.Unknown || v.Kind == table.Float && math.IsNaN(v.Floats[i])
}

// number reads a value as a type of a column line: the numbers themselves, booleans as 0 and
// 1, dates in days and times in microseconds since 1970. ok is false for what is
// no value of the type. Of texts and of lines without a type, it is whether there
// is a number that a range could hold.
func number(v *table.Vector, i int, typ string) (n float64, ok bool) {
	if v.Kind == table.Text {
		return parse(asString(v.Text(i)), typ)
	}
	n = v.Float(i)
	switch typ {
	case "int":
		return n, v.Kind == table.Int || v.Kind == table.Float && n == math.Trunc(n)
	case "float":
		return n, v.Kind == table.Int || v.Kind == table.Float
	case "bool":
		return n, v.Kind == table.Bool || v.Kind == table.Int && (n == 0 || n == 1)
	case "date":
		return n, v.Kind == table.Date
	case "datetime":
		if v.Kind == table.Date {
			return n * 86400e6, true
		}
		return n, v.Kind == table.Time
	case "string":
		return 0, false
	}
	return n, true
}

// asString is b as a string that is good as long as b is.
func asString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// asBytes is s as bytes that nobody may write.
func asBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// parse reads a text as a value of a type, see number.
func parse(s, typ string) (float64, bool) {
	if typ != "string" {
		s = trim(s)
	}
	switch typ {
	case "int":
		n, err := strconv.ParseInt(s, 10, 64)
		return float64(n), err == nil
	case "bool":
		v, ok := table.Truth(asBytes(s))
		if v {
			return 1, ok
		}
		return 0, ok
	case "date":
		t, err := time.Parse(time.DateOnly, s)
		return math.Floor(float64(t.Unix()) / 86400), err == nil
	case "datetime":
		t, ok := moment(s)
		return float64(t.UnixMicro()), ok
	case "string":
		return 0, true
	}
	if s == "" || strings.Trim(s, "0123456789+-.eE") != "" && !infinite(s) {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// trim cuts blanks off, as tables are read.
func trim(s string) string {
	if s != "" && s[0] != ' ' && s[0] != '\t' && s[len(s)-1] != ' ' && s[len(s)-1] != '\t' {
		return s // as nearly always
	}
	return strings.Trim(s, " \t")
}

// infinite reports whether s spells an infinity, as tables do.
func infinite(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return strings.EqualFold(s, "inf") || strings.EqualFold(s, "infinity")
}

// moment reads a time as tables do, so that what is a time for one is for the other.
func moment(s string) (time.Time, bool) {
	micros, ok := table.Moment(asBytes(s))
	return time.UnixMicro(micros).UTC(), ok
}

// timeOf is the moment of row i, of any column that holds moments.
func timeOf(v *table.Vector, i int) (time.Time, bool) {
	switch v.Kind {
	case table.Date:
		return time.Unix(v.Ints[i]*86400, 0).UTC(), true
	case table.Time:
		return time.UnixMicro(v.Ints[i]).UTC(), true
	case table.Text:
		return moment(asString(v.Text(i)))
	}
	return time.Time{}, false
}

const maxShownBytes = 80

// clip bounds a value for people, at the end of a character.
func clip(s string) string {
	if len(s) <= maxShownBytes {
		return s
	}
	end := maxShownBytes - len("…")
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
