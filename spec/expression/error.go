package expression

import (
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of the language; the first two are GitHub's.
const (
	MaxLength = 21_000   // UTF-16 code units of one expression
	MaxDepth  = 50       // nested expressions, indexes and calls
	MaxText   = 10 << 20 // bytes of text that one evaluation may build
)

// An ErrorKind says which stage found an error.
type ErrorKind string

// The stages. The first, second and last are named as in GitHub's conformance data.
const (
	LexingError     ErrorKind = "lexing"
	ParsingError    ErrorKind = "parsing"
	CheckError      ErrorKind = "check"
	EvaluationError ErrorKind = "evaluation"
)

// An Error is a problem at a place of an expression. All errors of this package
// that a source can cause are of this type.
type Error struct {
	Kind ErrorKind
	// Msg is the fact without its place: `unknown name "acu"; there are auc, loss`.
	Msg string
	// Pos and End are byte offsets: source[Pos:End] is what the error is about.
	// They count in what was parsed: the expression or, for errors of
	// [ParseTemplate] and [Template.Check], the whole template.
	Pos, End int
	// Fix is the cure, such as `did you mean "auc"?`, or "".
	Fix string

	src   string // expression; "" leaves it out of the text
	base  int    // where src starts in what Pos counts in
	cause error
}

// Error returns the message. For errors of lexing and parsing it is the text
// that GitHub shows, whose position counts UTF-16 code units from 1.
func (e *Error) Error() string {
	switch {
	case e.Kind == CheckError && e.Fix != "":
		return e.Msg + ": " + e.Fix
	case e.Kind == CheckError:
		return e.Msg
	case e.src == "":
		return upperFirst(e.Msg)
	case e.Kind == EvaluationError:
		return fmt.Sprintf("%s. Located within expression: %s", e.Msg, e.src)
	}
	return fmt.Sprintf("%s. Located at position %d within expression: %s",
		upperFirst(e.Msg), utf16Len(e.src[:e.Pos-e.base])+1, e.src)
}

// Unwrap returns what a function's Call returned, if that is the cause.
func (e *Error) Unwrap() error { return e.cause }

// moved returns e with its places counted from an offset of a template.
func (e *Error) moved(by int) *Error {
	m := *e
	m.Pos, m.End, m.base = e.Pos+by, e.End+by, e.base+by
	return &m
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// A reason is a constant error of an operation. GitHub's begin with a capital.
type reason string

func (r reason) Error() string { return string(r) }
