package oci

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/mlops-runner/mlops/runner/store"
)

// A MismatchError reports bytes that are not the announced ones.
type MismatchError struct {
	What              string // such as a file's path
	Want, Got         store.Digest
	WantSize, GotSize int64 // bytes
}

// Error says what is wrong, and where.
func (e *MismatchError) Error() string {
	if e.WantSize != e.GotSize {
		return fmt.Sprintf("%s has %d bytes, not the %d of %s", e.What, e.GotSize, e.WantSize, e.Want)
	}
	return fmt.Sprintf("%s is %s, not %s", e.What, e.Got, e.Want)
}

// Cure says what to do about it.
func (e *MismatchError) Cure() string {
	return "the registry, or something on the way, changed it; nothing of it was kept. Pull again, or from another registry"
}

// A RefError reports what is no reference to a repository.
type RefError struct {
	Ref string
	Err error
}

// Error says what is wrong, and where.
func (e *RefError) Error() string { return fmt.Sprintf("%q is no reference: %v", e.Ref, e.Err) }

// Unwrap returns the cause.
func (e *RefError) Unwrap() error { return e.Err }

// Cure shows one.
func (e *RefError) Cure() string {
	return "write REGISTRY/REPOSITORY:TAG or …@sha256:DIGEST, lower case, such as registry.example.com/team/churn:production"
}

// An AccessError reports that a registry would not let us.
type AccessError struct {
	Repository string
	Host       string // as "docker login" wants it
	Status     int    // 401 or 403
	User       string // whose login was shown; "" for nobody's
	Source     string // where logins were looked for
	Err        error
}

// Error says what is wrong, and where.
func (e *AccessError) Error() string {
	who := "nobody is logged in"
	if e.User != "" {
		who = "logged in as " + e.User
	}
	what := "does not let us in"
	if e.Status == http.StatusForbidden {
		what = "does not allow that"
	}
	text := fmt.Sprintf("%s %s (HTTP %d; %s, by %s)", e.Repository, what, e.Status, who, e.Source)
	if said := e.said(); said != "" && e.Status == http.StatusForbidden {
		text += ": it says: " + said
	}
	return text
}

// said is the registry's own reason, in one line of bounded length.
func (e *AccessError) said() string {
	var resp *errcode.ErrorResponse
	if !errors.As(e.Err, &resp) || len(resp.Errors) == 0 {
		return ""
	}
	clean := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, resp.Errors[0].Message)
	return clean[:min(len(clean), 400)]
}

// Unwrap returns the cause.
func (e *AccessError) Unwrap() error { return e.Err }

// Cure says how to log in, or whom to ask.
func (e *AccessError) Cure() string {
	if e.Status == http.StatusForbidden {
		return fmt.Sprintf("ask its owner for the right, or log in as somebody who has it: \"docker login %s\"", e.Host)
	}
	if e.User == "" {
		return fmt.Sprintf("log in: \"docker login %s\"", e.Host)
	}
	return fmt.Sprintf("the password or token is wrong or expired; log in again: \"docker login %s\"", e.Host)
}

// A NotFoundError reports that a registry does not have something.
type NotFoundError struct {
	Ref string
	Err error
}

// Error says what is wrong, and where.
func (e *NotFoundError) Error() string { return e.Ref + " is not in the registry" }

// Unwrap returns the cause.
func (e *NotFoundError) Unwrap() error { return e.Err }

// A KindError reports an artifact that holds no model that can be unpacked.
type KindError struct{ Ref, Why string }

// Error says what is wrong, and where.
func (e *KindError) Error() string { return e.Ref + " cannot be pulled: " + e.Why }

// A SchemeError reports a registry that speaks HTTP without TLS, or a TLS that
// is not trusted.
type SchemeError struct {
	Host string
	Fix  string
	Err  error
}

// Error says what is wrong, and where.
func (e *SchemeError) Error() string { return e.Host + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *SchemeError) Unwrap() error { return e.Err }

// Cure says what to do about it.
func (e *SchemeError) Cure() string { return e.Fix }

// An UnreachableError reports a registry to which no connection came about: nobody
// listens there, its name is unknown, or the network does not lead to it.
type UnreachableError struct {
	Host string
	Err  error
}

// Error says what is wrong, and where.
func (e *UnreachableError) Error() string { return e.Host + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Cure says what to look at.
func (e *UnreachableError) Cure() string {
	return "look whether the registry runs and its name and port are right; behind a proxy, set HTTPS_PROXY"
}

// explain says what an answer of the registry means.
func (r *Repository) explain(err error) error {
	var resp *errcode.ErrorResponse
	switch {
	case err == nil:
		return nil
	case errors.As(err, &resp) && (resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden):
		return r.access(resp.StatusCode, err)
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		return r.access(http.StatusUnauthorized, err)
	case errors.Is(err, errdef.ErrNotFound) || errors.As(err, &resp) && resp.StatusCode == http.StatusNotFound:
		return &NotFoundError{r.String(), err}
	}
	return r.scheme(err)
}
