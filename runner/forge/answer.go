package forge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// An Answer is what a forge said to a request that failed.
type Answer struct {
	Status  int
	Header  http.Header
	Message string // as the forge worded it
	Err     error  // why there is no answer; the rest is empty then
}

// Failed makes an [*Error] of an answer. op names what was tried and where, write
// whether it was to change something. fix returns what helps against a kind of
// error, "" if nothing is known. Errors of the context and an *Error come back
// as they are.
func (a Answer) Failed(op string, write bool, now time.Time, fix func(kind error, message string) string) error {
	var known *Error
	if errors.As(a.Err, &known) {
		return a.Err
	}
	if errors.Is(a.Err, context.Canceled) || errors.Is(a.Err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w", op, a.Err)
	}
	e := &Error{Op: op, Kind: a.kind(write), Detail: oneLine(a.Message), Status: a.Status, Err: a.Err}
	if a.Err != nil {
		e.Detail = oneLine(a.Err.Error())
	}
	e.pause, e.again = a.wait(0, now)
	if e.Kind == ErrRateLimit {
		e.Until = now.Add(e.pause)
	}
	e.Fix = fix(e.Kind, a.Message)
	return e
}

// kind is what sort of failure an answer is.
func (a Answer) kind(write bool) error {
	switch {
	case a.Err != nil || a.Status >= 500:
		return ErrDown
	case a.limited():
		return ErrRateLimit
	case a.Status == http.StatusUnauthorized:
		return ErrToken
	case a.Status == http.StatusForbidden && write:
		return ErrReadOnly
	case a.Status == http.StatusForbidden:
		return ErrDenied
	case a.Status == http.StatusNotFound || a.Status == http.StatusGone:
		return ErrNotFound
	case strings.Contains(strings.ToLower(a.Message), "too long") || a.Status == http.StatusRequestEntityTooLarge:
		return ErrTooLong
	}
	return ErrInvalid
}

// limited reports whether an answer is about the number of requests. GitHub says
// so by 429 or 403, of which the second can mean many other things.
func (a Answer) limited() bool {
	if a.Status == http.StatusTooManyRequests {
		return true
	}
	return a.Status == http.StatusForbidden &&
		(a.Header.Get("Retry-After") != "" || a.Header.Get("X-RateLimit-Remaining") == "0" || strings.Contains(strings.ToLower(a.Message), "rate limit"))
}

// MessageOf returns what the body of a failed request says: the JSON fields
// message and error, each with what is nested in it, else the text itself.
func MessageOf(body []byte) string {
	var v map[string]any
	if json.Unmarshal(body, &v) != nil {
		return oneLine(string(body))
	}
	var parts []string
	for _, key := range []string{"message", "error", "errors", "error_description"} {
		if v[key] != nil {
			parts = append(parts, words(v[key]))
		}
	}
	return oneLine(strings.Join(parts, ": "))
}

// words are the texts inside a JSON value.
func words(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		for _, key := range []string{"message", "detail", "code"} {
			if v[key] != nil {
				return words(v[key])
			}
		}
		text, _ := json.Marshal(v)
		return string(text)
	case []any:
		var parts []string
		for _, one := range v {
			parts = append(parts, words(one))
		}
		return strings.Join(parts, ", ")
	}
	return fmt.Sprint(v)
}
