package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/mlops-runner/mlops/runner/s3"
	"github.com/mlops-runner/mlops/runner/store"
)

// An Error is why an address could not be read.
type Error struct {
	Address string // without secrets
	Err     error
	fix     string
}

func (e *Error) Error() string { return "fetch " + e.Address + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Fix is what may help, or "".
func (e *Error) Fix() string { return e.fix }

// A DigestError reports content that is not what the dataset is pinned to.
type DigestError struct {
	Name      string // of the dataset
	Address   string // without secrets
	Want, Got store.Digest
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("the data at %s is not what %s is pinned to: it has %s, and digest: says %s", e.Address, e.Name, e.Got, e.Want)
}

// Fix says how to take the new content.
func (e *DigestError) Fix() string {
	return fmt.Sprintf(`if the new content is meant, run "mlops data pin %s"`, e.Name)
}

// final is an error that trying again does not change, with what may help or "".
func final(err error, cure string) error { return &s3.FinalError{Err: err, Cure: cure} }

// explain makes the error that a person sees.
func explain(shown string, bucket bool, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	e := &Error{Address: shown, Err: err}
	var status *s3.StatusError
	var fin *s3.FinalError
	switch {
	case errors.As(err, &fin):
		e.fix = fin.Cure
	case !errors.As(err, &status):
		if s3.Passing(err) {
			e.fix = "look whether the address can be reached from here, and run again"
		}
	case status.Code == http.StatusNotFound:
		e.fix = "correct the address"
	case bucket && (status.Code == http.StatusForbidden || status.Code == http.StatusUnauthorized || status.Code == http.StatusBadRequest):
		e.fix = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE (for gs:// GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY), to keys that may read it"
	case status.Code == http.StatusForbidden || status.Code == http.StatusUnauthorized:
		e.fix = "web addresses are read without a password; use s3://, or one that everybody may read"
	case s3.Passing(err):
		e.fix = "the server has trouble; run again later"
	}
	return e
}
