package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner/worktree"
	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

type evalOptions struct {
	context string
	json    bool
}

func newEval(a *app) *cobra.Command {
	var o evalOptions
	c := &cobra.Command{
		Use:   "eval EXPR",
		Short: "Evaluate an expression: its kind and value, or the error with its place",
		Long: `Evaluate an expression as mlops.yaml would, with or without ${{ }} around it.
--context names a JSON file (or - for standard input) with the contexts by name,
such as {"metrics": {"auc": 0.91}, "params": {"lr": 0.1}}.`,
		Example: "  mlops eval \"contains('main', 'ai') && 1 < 2\"\n  mlops eval 'metrics.auc >= 0.8' --context metrics.json --json",
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return a.eval(args[0], o) },
	}
	c.Flags().StringVar(&o.context, "context", "", "JSON `file` with the contexts")
	c.Flags().BoolVar(&o.json, "json", false, `print {"kind", "value"}, or {"err": {"kind", "value", "position"}}`)
	return c
}

func (a *app) eval(src string, o evalOptions) error {
	names, err := a.evalContexts(o.context)
	if err != nil {
		return err
	}
	src = unwrap(src)
	v, err := evaluateExpression(src, names)
	if err == nil {
		return a.printValue(v, o.json)
	}
	var e *expression.Error
	if !errors.As(err, &e) {
		return err
	}
	if o.json {
		if err := a.printJSON(map[string]any{"err": map[string]any{"kind": e.Kind, "value": e.Error(), "position": column(src, e.Pos)}}); err != nil {
			return err
		}
		return failedError{exitFailed}
	}
	fmt.Fprintf(a.stderr, "mlops: %s\n  | %s\n  | %s^\n", e.Error(), strings.ReplaceAll(src, "\n", " "), strings.Repeat(" ", column(src, e.Pos)-1))
	if fix := evalFix(e, src, names); fix != "" {
		fmt.Fprintf(a.stderr, "  fix: %s\n", fix)
	}
	return failedError{exitFailed}
}

// evalFix is the cure for an error: that of the expression, or where a name
// would have come from.
func evalFix(e *expression.Error, src string, names map[string]any) string {
	word := src[e.Pos:e.End]
	switch {
	case e.Fix != "" || e.Kind != expression.ParsingError:
		return e.Fix
	case strings.HasPrefix(e.Msg, "unrecognized function"):
		known := slices.Concat(slices.Sorted(maps.Keys(expression.Builtins())), slices.Sorted(maps.Keys(evalFunctions())))
		return suggestion(word, known, "use one of "+strings.Join(known, ", "))
	case strings.HasPrefix(e.Msg, "unrecognized named-value"):
		return suggestion(word, slices.Sorted(maps.Keys(names)), "give it in a JSON file: --context FILE.json")
	}
	return ""
}

// suggestion is the nearest of some words, or else another cure.
func suggestion(word string, known []string, other string) string {
	if near := spec.Nearest(word, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return other
}

// column is the place of a byte offset, in characters from 1.
func column(src string, offset int) int {
	return utf8.RuneCountInString(src[:min(max(offset, 0), len(src))]) + 1
}

// evalFunctions are what a condition of a step may call beside the built-in
// functions, in a run where everything has succeeded so far; hashFiles looks
// into the folder in which mlops was called.
func evalFunctions() map[string]expression.Func {
	status := func(v bool) expression.Func {
		return expression.Func{Result: expression.BooleanType(), Call: func([]any) (any, error) { return v, nil }}
	}
	return map[string]expression.Func{
		"success": status(true), "always": status(true), "failure": status(false), "cancelled": status(false),
		"hashFiles": evalHashFiles(),
	}
}

func evalHashFiles() expression.Func {
	f := spec.StepFunctions()["hashFiles"]
	f.Call = func(args []any) (any, error) {
		tree, err := worktree.Open(".", worktree.Options{})
		if err != nil {
			return nil, err
		}
		patterns := make([]string, len(args))
		for i, a := range args {
			patterns[i] = expression.Format(a)
		}
		return tree.HashFiles(patterns...)
	}
	return f
}

// unwrap takes ${{ }} off an expression, if it is there.
func unwrap(src string) string {
	s := strings.TrimSpace(src)
	if inner, ok := strings.CutPrefix(s, "${{"); ok {
		if inner, ok = strings.CutSuffix(inner, "}}"); ok {
			return strings.TrimSpace(inner)
		}
	}
	return src
}

func evaluateExpression(src string, names map[string]any) (any, error) {
	types := make(map[string]expression.Type, len(names))
	for k := range names {
		types[k] = expression.AnyType()
	}
	x, err := expression.ParseIn(src, &expression.Env{Names: types, Funcs: evalFunctions()})
	if err != nil {
		return nil, err
	}
	return x.Eval(&expression.Scope{Names: names, Funcs: evalFunctions()})
}

// evalContexts reads the file of --context; its top-level keys are the contexts.
func (a *app) evalContexts(path string) (map[string]any, error) {
	if path == "" {
		return map[string]any{}, nil
	}
	text, err := a.readArgument(path)
	if err != nil {
		return nil, err
	}
	v, err := expression.FromJSON(string(text))
	if err != nil {
		return nil, usagef("--context %s: %w", path, err)
	}
	o, ok := v.(*expression.Object)
	if !ok {
		return nil, usagef("--context %s: write a JSON object with the contexts by name", path)
	}
	names := map[string]any{}
	for i, k := range o.Keys() {
		names[k] = o.Values()[i]
	}
	return names, nil
}

// readArgument reads a file that a flag names; - is standard input.
func (a *app) readArgument(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(a.stdin)
	}
	return os.ReadFile(path)
}

func (a *app) printValue(v any, asJSON bool) error {
	kind := string(expression.KindOf(v))
	if asJSON {
		return a.printJSON(map[string]any{"kind": kind, "value": jsonValue(v)})
	}
	text := expression.Format(v)
	switch v.(type) {
	case *expression.Object, *expression.Array:
		text = expression.ToJSON(v)
	case string:
		quoted, _ := json.Marshal(v) // a string always marshals
		text = string(quoted)
	case nil:
		text = "null"
	}
	_, err := fmt.Fprintf(a.stdout, "%s %s\n", kind, text)
	return err
}

// jsonValue is a value for encoding/json; numbers that JSON lacks become strings.
func jsonValue(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return expression.Format(v)
		}
	case *expression.Object, *expression.Array:
		return json.RawMessage(expression.ToJSON(v))
	}
	return v
}

// printJSON writes a result for programs: one indented document.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
