package table

import (
	"fmt"
	"strings"
)

// An Error says what is wrong with a table and where. Fields that are zero are
// not known.
type Error struct {
	File   string
	Line   int64  // of a text file, from 1
	Row    int64  // from 1, a header is not a row
	Column string // its name
	Reason string // lower case, no full stop
	Fix    string // what to do, "" if nothing is known
	Err    error  // the cause, if there is one
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	} else if e.Row > 0 {
		fmt.Fprintf(&b, ": row %d", e.Row)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, ": column %q", e.Column)
	}
	b.WriteString(": " + e.Reason)
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.Fix != "" {
		b.WriteString("; " + e.Fix)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }
