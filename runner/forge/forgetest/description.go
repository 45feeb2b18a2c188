package forgetest

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

//go:embed testdata/github-openapi.json.gz
var gitHubDescription []byte

// describe reads the description once a process; it takes a third of a second.
var describe = sync.OnceValues(func() (*openapi3.T, error) {
	z, err := gzip.NewReader(bytes.NewReader(gitHubDescription))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(text)
})

// A description is an OpenAPI document that both sides of a conversation are
// held against.
type description struct{ doc *openapi3.T }

// example returns GitHub's own example of an answer's part, as a copy.
func (d description) example(name string) map[string]any {
	v := d.doc.Components.Examples[name].Value.Value
	if list, ok := v.([]any); ok {
		v = list[0]
	}
	return clone(v).(map[string]any)
}

// clone copies a JSON value.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, value := range v {
			m[key] = clone(value)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i := range v {
			l[i] = clone(v[i])
		}
		return l
	}
	return v
}

// operation finds what a request asks for.
func (d description) operation(r *http.Request, prefix string) (*routers.Route, map[string]string, error) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), prefix)
	for pattern, item := range d.doc.Paths.Map() {
		open := pattern
		if strings.HasSuffix(pattern, "/contents/{path}") {
			open = strings.Replace(pattern, "{path}", "{path...}", 1)
		}
		op := item.GetOperation(r.Method)
		param, ok := match(open, path)
		if !ok || op == nil {
			continue
		}
		return &routers.Route{Spec: d.doc, Path: pattern, PathItem: item, Method: r.Method, Operation: op}, param, nil
	}
	return nil, nil, fmt.Errorf("GitHub's description has no %s %s", r.Method, path)
}

// check holds an answer against the description; the request was by bad. Of failed
// requests only the shape of the error is looked at: which errors an operation
// can have is mostly not described, and the fake refuses what is wrong itself.
func (d description) check(r *http.Request, prefix string, body []byte, status int, header http.Header, answer []byte) error {
	route, param, err := d.operation(r, prefix)
	if err != nil {
		return err
	}
	in := &openapi3filter.RequestValidationInput{
		Request: r.Clone(r.Context()), PathParams: param, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	in.Request.Body = io.NopCloser(bytes.NewReader(body))
	if status >= 400 {
		return d.checkError(status, answer)
	}
	if err := unknownQuery(route, r); err != nil {
		return err
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: header, Options: in.Options}
	return short(openapi3filter.ValidateResponse(r.Context(), out.SetBodyBytes(answer)))
}

// bad returns what is wrong with a request's body and parameters, so that the
// fake can refuse it as GitHub would.
func (d description) bad(r *http.Request, prefix string, body []byte) error {
	route, param, err := d.operation(r, prefix)
	if err != nil {
		return nil // the check tells
	}
	in := &openapi3filter.RequestValidationInput{
		Request: r.Clone(r.Context()), PathParams: param, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	in.Request.Body = io.NopCloser(bytes.NewReader(body))
	return short(openapi3filter.ValidateRequest(r.Context(), in))
}

func (d description) checkError(status int, answer []byte) error {
	name := "basic-error"
	if status == http.StatusUnprocessableEntity {
		name = "validation-error"
	}
	var v any
	if err := json.Unmarshal(answer, &v); err != nil {
		return err
	}
	return short(d.doc.Components.Schemas[name].Value.VisitJSON(v))
}

// unknownQuery finds parameters that the operation does not have. GitHub ignores
// them, which hides the mistake: sorted comments do not exist.
func unknownQuery(route *routers.Route, r *http.Request) error {
	for name := range r.URL.Query() {
		if route.Operation.Parameters.GetByInAndName("query", name) == nil && route.PathItem.Parameters.GetByInAndName("query", name) == nil {
			return fmt.Errorf("the operation has no parameter %q", name)
		}
	}
	return nil
}

// short cuts off the schema that an error quotes.
func short(err error) error {
	if err == nil {
		return nil
	}
	text, _, _ := strings.Cut(err.Error(), "\nSchema:")
	return errors.New(text)
}
