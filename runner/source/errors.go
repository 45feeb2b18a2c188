package source

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

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

// A statusError is an answer that is none of those that were hoped for.
type statusError struct {
	status string
	code   int
	detail string        // code and message of an S3 server
	after  time.Duration // that the server asks to wait
	region string        // where an S3 bucket lies
}

func (e *statusError) Error() string {
	if e.detail != "" {
		return "the server answers " + e.status + ": " + e.detail
	}
	return "the server answers " + e.status
}

// final is an error that trying again does not change.
type final struct {
	err error
	fix string
}

func (e *final) Error() string { return e.err.Error() }
func (e *final) Unwrap() error { return e.err }

var errCut = errors.New("the connection was cut before all bytes had come")

// plain takes the address out of an error of net/http: it may hold secrets.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return errCut // before the answer began
	}
	return err
}

// passing reports whether an error may be gone the next time.
func passing(err error) bool {
	var status *statusError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var cert x509.CertificateInvalidError
	var fin *final
	switch {
	case errors.Is(err, context.Canceled), errors.As(err, &fin), errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &cert):
		return false
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EROFS):
		return false
	case errors.As(err, &status):
		switch status.code {
		case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
			http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	return true
}

// explain makes the error that a person sees.
func explain(shown string, s3 bool, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	e := &Error{Address: shown, Err: err}
	var status *statusError
	var fin *final
	switch {
	case errors.As(err, &fin):
		e.fix = fin.fix
	case !errors.As(err, &status):
		if passing(err) {
			e.fix = "look whether the address can be reached from here, and run again"
		}
	case status.code == http.StatusNotFound:
		e.fix = "correct the address"
	case s3 && (status.code == http.StatusForbidden || status.code == http.StatusUnauthorized || status.code == http.StatusBadRequest):
		e.fix = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE (for gs:// GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY), to keys that may read it"
	case status.code == http.StatusForbidden || status.code == http.StatusUnauthorized:
		e.fix = "web addresses are read without a password; use s3://, or one that everybody may read"
	case passing(err):
		e.fix = "the server has trouble; run again later"
	}
	return e
}

// answerError reads what a server says of a request that it did not carry out.
func answerError(resp *http.Response) error {
	e := &statusError{status: resp.Status, code: resp.StatusCode, region: resp.Header.Get("X-Amz-Bucket-Region")}
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 {
		e.after = time.Duration(n) * time.Second
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	e.detail = s3Detail(body)
	return e
}
