package agent

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/mlops-runner/mlops/spec/expression"
)

// A status is what the status functions of a condition see.
type status struct {
	failed      bool // a step before failed
	interrupted bool // the job was cancelled or has timed out
	cancelled   bool // it was cancelled
}

func (s status) success() bool { return !s.failed && !s.interrupted }

func (s status) failure() bool { return s.failed || s.interrupted && !s.cancelled }

// word is job.status in GitHub's words.
func (s status) word() Status {
	switch {
	case s.cancelled:
		return Canceled
	case !s.success():
		return Failure
	}
	return Success
}

// functions are the status functions of a condition.
func (s status) functions() map[string]expression.Func {
	fixed := func(v bool) expression.Func {
		return expression.Func{Result: expression.BooleanType(), Call: func([]any) (any, error) { return v, nil }}
	}
	return map[string]expression.Func{
		"success": fixed(s.success()), "failure": fixed(s.failure()),
		"cancelled": fixed(s.cancelled), "always": fixed(true),
	}
}

// condition evaluates a step's `if`. As on GitHub, a condition that names no
// status function holds only while every step before it succeeded.
func condition(src string, s status, scope func() *expression.Scope) (bool, error) {
	if strings.TrimSpace(src) == "" {
		return s.success(), nil
	}
	if !callsStatus(src) && !s.success() {
		return false, nil
	}
	sc := scope()
	maps.Copy(sc.Funcs, s.functions())
	v, err := evalExpr(src, sc)
	if err != nil {
		return false, fmt.Errorf("if: %w", err)
	}
	return expression.Truthy(v), nil
}

// callsStatus reports whether an expression calls a status function. What is
// written counts, not what gets called: behind && it may not be.
func callsStatus(src string) bool {
	for i := 0; i < len(src); {
		switch c := src[i]; {
		case c == '\'':
			end := strings.IndexByte(src[i+1:], '\'')
			if end < 0 {
				return false
			}
			i += end + 2
		case isWord(c):
			end := i
			for end < len(src) && isWord(src[end]) {
				end++
			}
			if isStatusName(src[i:end]) && strings.HasPrefix(strings.TrimLeft(src[end:], " \t\r\n"), "(") {
				return true
			}
			i = end
		default:
			i++
		}
	}
	return false
}

func isWord(c byte) bool {
	return c == '_' || c == '-' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func isStatusName(word string) bool {
	switch strings.ToLower(word) {
	case "success", "failure", "always", "cancelled":
		return true
	}
	return false
}

// evalExpr evaluates an expression with or without ${{ }} around it.
func evalExpr(src string, s *expression.Scope) (any, error) {
	if strings.Contains(src, "${{") {
		return evalTemplate(src, s)
	}
	x, err := expression.Parse(src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", src, err)
	}
	v, err := x.Eval(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", src, err)
	}
	return v, nil
}

func evalTemplate(src string, s *expression.Scope) (any, error) {
	t, err := expression.ParseTemplate(src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", src, err)
	}
	v, err := t.Eval(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", src, err)
	}
	return v, nil
}

// text evaluates text that may hold ${{ }}.
func text(src string, scope func() *expression.Scope) (string, error) {
	if !strings.Contains(src, "${{") {
		return src, nil
	}
	v, err := evalTemplate(src, scope())
	return expression.Format(v), err
}

// variables evaluates a step's variables. They do not see each other.
func variables(vars []Var, scope func() *expression.Scope) ([]Var, error) {
	if len(vars) == 0 {
		return nil, nil
	}
	out := make([]Var, len(vars))
	for i, v := range vars {
		value, err := text(v.Value, scope)
		if err != nil {
			return nil, fmt.Errorf("env %s: %w", v.Name, err)
		}
		if strings.ContainsRune(value, 0) {
			return nil, fmt.Errorf("env %s: the value holds a NUL byte", v.Name)
		}
		out[i] = Var{v.Name, value}
	}
	return out, nil
}

// references evaluates the expressions of a script, which it reads as variables.
func references(exprs []Var, scope func() *expression.Scope) ([]Var, error) {
	if len(exprs) == 0 {
		return nil, nil
	}
	out := make([]Var, len(exprs))
	for i, x := range exprs {
		v, err := evalExpr(x.Value, scope())
		if err != nil {
			return nil, fmt.Errorf("run: %w", err)
		}
		out[i] = Var{x.Name, expression.Format(v)}
		if strings.ContainsRune(out[i].Value, 0) {
			return nil, fmt.Errorf("run: %s: the value holds a NUL byte", x.Value)
		}
	}
	return out, nil
}

// inputs evaluates the inputs of an action and returns them as JSON.
func inputs(with map[string]any, scope func() *expression.Scope) ([]byte, error) {
	out := make(map[string]any, len(with))
	for name, v := range with {
		w, err := input(v, scope)
		if err != nil {
			return nil, fmt.Errorf("with: %s: %w", name, err)
		}
		out[name] = w
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("with: %w", err)
	}
	return b, nil
}

// input evaluates the strings in a value, however deep they stand.
func input(v any, scope func() *expression.Scope) (any, error) {
	switch v := v.(type) {
	case string:
		if !strings.Contains(v, "${{") {
			return v, nil
		}
		w, err := evalTemplate(v, scope())
		return expression.ToGo(w), err
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			w, err := input(item, scope)
			if err != nil {
				return nil, err
			}
			out[i] = w
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			w, err := input(item, scope)
			if err != nil {
				return nil, err
			}
			out[k] = w
		}
		return out, nil
	}
	return v, nil
}
