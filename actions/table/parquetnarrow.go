package table

import (
	"bytes"
	"fmt"
	"strconv"
)

// A narrowing reads a column as a kind that was asked for and that holds not
// all that the file's kind does: values are written as text and read again.
type narrowing struct {
	from, to Kind
	file     string
	column   string
	misfit   func(Misfit)
}

// vector returns the values of v, whose first row is at the given number of its
// file. A value that is not of the kind is an error, or null and told.
func (n *narrowing) vector(v Vector, rows int, first int64) (Vector, error) {
	out := Vector{Kind: n.to, Nulls: make([]bool, rows)}
	if n.to == Float {
		out.Floats = make([]float64, rows)
	} else {
		out.Ints = make([]int64, rows)
	}
	for i := range rows {
		if v.Null(i) || v.Codes != nil && v.Codes[i] < 0 {
			out.Nulls[i] = true
			continue
		}
		text := n.text(&v, i)
		ok := false
		if n.to == Float {
			out.Floats[i], _, ok = longFloat(text)
		} else {
			out.Ints[i], ok = n.parse(text)
		}
		if ok {
			continue
		}
		out.Nulls[i] = true
		if err := n.report(text, first+int64(i)); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (n *narrowing) text(v *Vector, i int) []byte {
	if n.from == Text {
		return bytes.Trim(v.Text(i), " \t")
	}
	one := values{}
	if n.from == Float {
		one.floats = v.Floats[i : i+1]
	} else {
		one.ints = v.Ints[i : i+1]
	}
	one.toTexts(n.from)
	return one.texts[0]
}

func (n *narrowing) parse(text []byte) (int64, bool) {
	switch n.to {
	case Bool:
		return parseBool(text, true)
	case Date:
		return parseDate(text)
	case Time:
		return Moment(text)
	}
	v, err := strconv.ParseInt(string(text), 10, 64)
	return v, err == nil
}

func (n *narrowing) report(text []byte, row int64) error {
	if n.misfit != nil {
		n.misfit(Misfit{File: n.file, Row: row, Column: n.column, Kind: n.to, Text: clip(text)})
		return nil
	}
	return &Error{File: n.file, Row: row, Column: n.column, Reason: fmt.Sprintf("%q is not a value of kind %s", clip(text), n.to),
		Fix: fmt.Sprintf("correct it, or read the column as %s", n.from)}
}
