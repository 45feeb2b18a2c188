package s3

import (
	"context"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrNotFound is an object that is not there. A bucket that is not there is a
// *StatusError.
var ErrNotFound = errors.New("no such object")

// ErrExists is an object that was to be new and is there, or was to be replaced
// and is another one now.
var ErrExists = errors.New("the object is there already, or was changed")

// ErrCut is a connection that ended before the answer did.
var ErrCut = errors.New("the connection was cut before all bytes had come")

// A StatusError is an answer that is none of those that were hoped for.
type StatusError struct {
	Status string
	Code   int
	Detail string        // code and message of an S3 server
	After  time.Duration // that the server asks to wait
	Region string        // where an S3 bucket lies
}

func (e *StatusError) Error() string {
	if e.Detail != "" {
		return "the server answers " + e.Status + ": " + e.Detail
	}
	return "the server answers " + e.Status
}

// A FinalError is one that trying again does not change.
type FinalError struct {
	Err  error
	Cure string // what may help, or ""
}

func (e *FinalError) Error() string { return e.Err.Error() }
func (e *FinalError) Unwrap() error { return e.Err }

// Fix is what may help, or "".
func (e *FinalError) Fix() string { return e.Cure }

// Plain takes the address out of an error of net/http: it may hold secrets.
func Plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrCut // before the answer began
	}
	return err
}

// Passing reports whether an error may be gone the next time.
func Passing(err error) bool {
	var status *StatusError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var cert x509.CertificateInvalidError
	var final *FinalError
	switch {
	case errors.Is(err, context.Canceled), errors.As(err, &final), errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &cert):
		return false
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EROFS):
		return false
	case errors.As(err, &status):
		switch status.Code {
		case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
			http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	return true
}

// Cure is what may help against an error of this package, or "".
func Cure(err error) string {
	var status *StatusError
	var final *FinalError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &final):
		return final.Cure
	case !errors.As(err, &status):
		if Passing(err) {
			return "look whether the address can be reached from here, and run again"
		}
	case status.Code == http.StatusForbidden || status.Code == http.StatusUnauthorized || status.Code == http.StatusBadRequest:
		return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE (for gs:// GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY), to keys that may do it"
	case status.Code == http.StatusNotFound:
		return "correct the address, or make the bucket"
	case Passing(err):
		return "the server has trouble; run again later"
	}
	return ""
}

// AnswerError reads what a server says of a request that it did not carry out.
func AnswerError(resp *http.Response) error {
	e := &StatusError{Status: resp.Status, Code: resp.StatusCode, Region: resp.Header.Get("X-Amz-Bucket-Region")}
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 {
		e.After = time.Duration(n) * time.Second
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	e.Detail = detail(body)
	return e
}

// detail is what an S3 server says of an error: code and message.
func detail(body []byte) string {
	var e struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}
	if xml.Unmarshal(body, &e) != nil || e.Code == "" {
		return ""
	}
	text := e.Code
	if e.Message != "" {
		text += ", " + e.Message
	}
	return strings.Join(strings.Fields(text[:min(len(text), 300)]), " ")
}

// Pauses between attempts.
const (
	Attempts   = 6 // without a byte more than before
	firstPause = 500 * time.Millisecond
	longPause  = 30 * time.Second
)

// PauseAfter is how long to wait after so many failures.
func PauseAfter(err error, fails int) time.Duration {
	pause := min(firstPause<<(fails-1), longPause)
	var status *StatusError
	if errors.As(err, &status) && status.After > pause {
		pause = min(status.After, 2*longPause)
	}
	return pause
}

// finalf is an error that trying again does not change.
func finalf(cure, format string, args ...any) error {
	return &FinalError{fmt.Errorf(format, args...), cure}
}
