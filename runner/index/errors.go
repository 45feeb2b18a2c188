package index

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// errForeign is what a file is that this version did not make.
var errForeign = errors.New("made by another version or program")

// reason is an error without what wraps it.
func reason(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// An AddressError reports an address that no database has.
type AddressError struct{ Address string }

// Error says what is wrong, and where.
func (e *AddressError) Error() string {
	scheme, _, _ := strings.Cut(e.Address, "://")
	return "MLOPS_DB: unknown kind of database " + scheme + "://"
}

// Cure says what to write.
func (e *AddressError) Cure() string {
	return "set it to postgres://user@host/database, to the path of an SQLite file, or to nothing"
}

// A ConnectError reports a server that does not let us in.
type ConnectError struct {
	Place string
	Err   error
}

// Error says what is wrong, and where.
func (e *ConnectError) Error() string { return "index " + e.Place + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *ConnectError) Unwrap() error { return e.Err }

// Cure says what to do about it.
func (e *ConnectError) Cure() string {
	return "start the server or correct MLOPS_DB; without that variable the index is a file in the store"
}

// A FileError reports an SQLite file that cannot be made or written.
type FileError struct {
	Path string
	Err  error
}

// Error says what is wrong, and where.
func (e *FileError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Cure says what to do about it.
func (e *FileError) Cure() string {
	return "make its folder writable for you, or let MLOPS_DB name a file elsewhere, such as /tmp/index.db"
}

// A FormatError reports a shared database that another version of mlops made.
type FormatError struct{ Place, Why string }

// Error says what is wrong, and where.
func (e *FormatError) Error() string { return "index " + e.Place + ": " + e.Why }

// Cure says what to do about it.
func (e *FormatError) Cure() string {
	return "use the version of mlops that made it, or name an empty database in MLOPS_DB"
}

// A QueryError reports what is wrong with an expression, or with a name to sort by.
type QueryError struct {
	Source   string // the expression
	Pos, End int    // Source[Pos:End] is what the error is about
	Msg      string
	Fix      string // the cure, or ""
}

// Error returns the message with the column, counted in characters from 1, and
// the source with a mark under the place.
func (e *QueryError) Error() string {
	at := utf8.RuneCountInString(e.Source[:e.Pos])
	mark := strings.Repeat("~", max(0, utf8.RuneCountInString(e.Source[e.Pos:e.End])-1))
	line := strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, e.Source)
	return "column " + decimal(at+1) + ": " + e.Msg + "\n    " + line + "\n    " + strings.Repeat(" ", at) + "^" + mark
}

// Cure says what to write instead.
func (e *QueryError) Cure() string { return e.Fix }
