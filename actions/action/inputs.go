package action

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// Inputs reads the inputs of a call, and collects what is wrong with them. A
// value that is missing reads as the zero value.
type Inputs struct {
	Values map[string]any // as in [Call]
	errs   []error
}

// An InputError says which input is wrong.
type InputError struct{ Input, What string }

func (e *InputError) Error() string { return e.Input + ": " + e.What }

// Wrong notes that an input is wrong.
func (in *Inputs) Wrong(input, format string, args ...any) {
	in.errs = append(in.errs, &InputError{input, fmt.Sprintf(format, args...)})
}

// Err is all that was found to be wrong, or nil.
func (in *Inputs) Err() error { return errors.Join(in.errs...) }

// Text returns an input as text.
func (in *Inputs) Text(name string) string { return TextOf(in.Values[name]) }

// TextOf returns a value as expressions write it; "" for nil.
func TextOf(v any) string {
	if v == nil {
		return ""
	}
	return expression.Format(expression.FromGo(v))
}

// List returns an input that is one text or several.
func (in *Inputs) List(name string) []string { return ListOf(in.Values[name]) }

// ListOf returns one value or several as texts; nil for nil.
func ListOf(v any) []string {
	list, ok := v.([]any)
	switch {
	case v == nil:
		return nil
	case !ok:
		return []string{TextOf(v)}
	}
	var out []string
	for _, e := range list {
		out = append(out, TextOf(e))
	}
	return out
}

// Map returns an input that is a mapping.
func (in *Inputs) Map(name string) map[string]any {
	m, ok := in.Values[name].(map[string]any)
	if in.Values[name] != nil && !ok {
		in.Wrong(name, "it must be a mapping")
	}
	return m
}

// Entries returns an input that is one or several values, each a mapping or a
// text that stands for its given key.
func (in *Inputs) Entries(name, key string) []map[string]any {
	v := in.Values[name]
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []map[string]any
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		} else {
			out = append(out, map[string]any{key: e})
		}
	}
	return out
}

// Word returns an input that is one of some words, or "" for none.
func (in *Inputs) Word(name string, words []string) string {
	w := in.Text(name)
	if w != "" && !slices.Contains(words, w) {
		in.Wrong(name, "%q is none of %s", w, strings.Join(words, ", "))
	}
	return w
}

// Share returns a value of an input that is a share such as 10%; 0 for none.
func (in *Inputs) Share(input string, v any) float64 {
	if v == nil {
		return 0
	}
	s, err := spec.ParseShare(TextOf(v))
	if err != nil || s < 0 || s > 1 {
		in.Wrong(input, "%q is no share such as 10%%", TextOf(v))
	}
	return s
}

// Int returns an input that is a whole number from least on, or what it is without one.
func (in *Inputs) Int(name string, least, without int) int {
	v, ok := in.Values[name].(float64)
	switch {
	case in.Values[name] == nil:
		return without
	case !ok || v != float64(int(v)) || int(v) < least:
		in.Wrong(name, "%s is no whole number from %d", TextOf(in.Values[name]), least)
		return without
	}
	return int(v)
}
