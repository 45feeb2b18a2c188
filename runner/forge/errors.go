package forge

import (
	"errors"
	"time"
)

// What a caller can branch on. An [*Error] is one of them.
var (
	ErrNoToken     = errors.New("there is no token")
	ErrToken       = errors.New("the forge does not know the token")
	ErrReadOnly    = errors.New("the token may not write here") // a fork's, or one without the permission
	ErrDenied      = errors.New("the token may not read this")
	ErrNotFound    = errors.New("not found")
	ErrTooLong     = errors.New("the text is longer than the forge takes")
	ErrInvalid     = errors.New("the forge does not take this")
	ErrRateLimit   = errors.New("the forge's limit of requests is reached")
	ErrDown        = errors.New("the forge does not answer as it should")
	ErrUnsupported = errors.New("this forge cannot tell")
	ErrNoChange    = errors.New("there is no such pull request")
	ErrAmbiguous   = errors.New("several pull requests have this head")
	ErrRestless    = errors.New("the comment does not settle: others write it, too")
)

// An Error says what a forge did not do, why, and what helps.
type Error struct {
	Op     string    // what was tried, and where: "comment on pull request 7 of acme/churn"
	Kind   error     // one of the errors above
	Detail string    // what the forge said, on one line; may be empty
	Fix    string    // what helps; may be empty
	Status int       // of HTTP; 0 if there was no answer
	Until  time.Time // of ErrRateLimit: when it ends
	Err    error     // the cause below, if there is one

	// again is whether the same request may succeed later, and pause how long the
	// forge wants to be left alone before.
	again bool
	pause time.Duration
}

func (e *Error) Error() string {
	s := e.Op + ": " + e.Kind.Error()
	if !e.Until.IsZero() {
		s += " until " + e.Until.UTC().Format("15:04:05 MST")
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Unwrap gives errors.Is the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// passing reports whether an error may be gone on another try, and how long to
// wait before it.
func passing(err error) (pause time.Duration, again bool) {
	var e *Error
	if !errors.As(err, &e) {
		return 0, false
	}
	return e.pause, e.again
}
