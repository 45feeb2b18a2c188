package mlflow

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/mlops-runner/mlops/runner/registry"
)

// Codes of errors, as MLflow's clients know them.
const (
	codeMissing   = "RESOURCE_DOES_NOT_EXIST"
	codeExists    = "RESOURCE_ALREADY_EXISTS"
	codeInvalid   = "INVALID_PARAMETER_VALUE"
	codeState     = "INVALID_STATE"
	codeBad       = "BAD_REQUEST"
	codeEndpoint  = "ENDPOINT_NOT_FOUND"
	codeInternal  = "INTERNAL_ERROR"
	codeForbidden = "PERMISSION_DENIED"
	codeNobody    = "UNAUTHENTICATED"
	codeStopped   = "TEMPORARILY_UNAVAILABLE"
)

// An Error is an answer that is none, as MLflow's clients read it.
type Error struct {
	Code    string `json:"error_code"` // one of MLflow's, such as RESOURCE_DOES_NOT_EXIST
	Message string `json:"message"`    // for people
}

// Error is the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

func (e *Error) status() int {
	switch e.Code {
	case codeMissing, codeEndpoint:
		return http.StatusNotFound
	case codeInternal:
		return http.StatusInternalServerError
	case codeForbidden:
		return http.StatusForbidden
	case codeStopped:
		return http.StatusServiceUnavailable
	case codeNobody:
		return http.StatusUnauthorized
	}
	return http.StatusBadRequest
}

func failure(code, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *Error { return failure(codeInvalid, format, args...) }

func missing(format string, args ...any) *Error { return failure(codeMissing, format, args...) }

// answerOf is the answer that an error is.
func answerOf(err error) *Error {
	var known *Error
	var name *registry.NameError
	var state *registry.StateError
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, registry.ErrNotFound):
		return missing("%v", err)
	case errors.As(err, &name):
		return invalid("%v", err)
	case errors.As(err, &state):
		return failure(codeState, "%v; %s", err, state.Cure())
	}
	return failure(codeInternal, "%v", err)
}
