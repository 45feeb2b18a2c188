package spec

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Severity tells whether a Diagnostic stops the file from being used.
type Severity int

// The severities. The zero value is Error.
const (
	Error   Severity = iota // the file cannot be used
	Warning                 // the file works, but likely not as meant
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// A Diagnostic is one problem of a file: the place, the fact and the cure.
type Diagnostic struct {
	File     string
	Pos, End Pos // End is the place after the last character; equal to Pos if the problem is a point
	Severity Severity
	Code     Code
	Message  string // lower case, one line, without place and code
	Fix      string // what to do, one line; "" if there is no sure cure
	Line     string // source text of Pos.Line
	Related  []Related
}

// Related is another place that takes part in a problem, such as the first of
// two equal keys.
type Related struct {
	File    string
	Pos     Pos
	Message string
}

// Error gives the first line of the text form: place, message and code.
func (d Diagnostic) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s [%s]", printable(d.File), d.Pos.Line, d.Pos.Col, d.text(), d.Code)
}

// text is the message as people see it: a warning says so, an error need not.
func (d Diagnostic) text() string {
	if d.Severity == Warning {
		return "warning: " + printable(d.Message)
	}
	return printable(d.Message)
}

// Diagnostics are the problems of a pipeline, sorted by file and place. As an
// error they read as one line for each problem.
type Diagnostics []Diagnostic

// Error joins the problems' first lines.
func (ds Diagnostics) Error() string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

// HasErrors reports whether at least one problem is more than a warning.
func (ds Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}

// Err returns ds as an error if it has errors, and nil if it is empty or has
// only warnings.
func (ds Diagnostics) Err() error {
	if !ds.HasErrors() {
		return nil
	}
	return ds
}

// Count returns the number of errors and of warnings.
func (ds Diagnostics) Count() (errors, warnings int) {
	for _, d := range ds {
		if d.Severity == Warning {
			warnings++
		}
	}
	return len(ds) - warnings, warnings
}

// Quote fills in the source lines of the problems of one file that lack them,
// such as those of a plan, which knows places but no text. src is the content
// of the file called path. It changes ds and returns it.
func (ds Diagnostics) Quote(path string, src []byte) Diagnostics {
	text := newSource(path, strings.TrimPrefix(string(src), "\uFEFF"))
	for i := range ds {
		if d := &ds[i]; d.Line == "" && d.File == path {
			d.Line = text.line(d.Pos.Line)
		}
	}
	return ds
}

// Sorted orders problems by file, then by place, code and message,
// and drops exact repetitions.
func (ds Diagnostics) Sorted() Diagnostics {
	sort.SliceStable(ds, func(i, j int) bool {
		a, b := &ds[i], &ds[j]
		return cmp.Or(cmp.Compare(a.File, b.File), a.Pos.compare(b.Pos), cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message)) < 0
	})
	return slices.CompactFunc(ds, func(a, b Diagnostic) bool {
		return a.File == b.File && a.Pos == b.Pos && a.Code == b.Code && a.Message == b.Message
	})
}

func (p Pos) compare(q Pos) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Col, q.Col))
}
