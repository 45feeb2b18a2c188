package expression

import (
	"errors"
	"path/filepath"
	"runtime"
	"testing"
)

// seed adds the expressions of the conformance suite and some of our own.
func seed(f *testing.F, wrap func(string) string) {
	files, err := filepath.Glob("testdata/conformance/expressions/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		for _, cases := range readSuite(f, file) {
			for _, c := range cases {
				f.Add(wrap(c.Expr))
			}
		}
	}
	for _, s := range []string{"auc - -(loss) * 2 / 3 % 4", "better(auc) || auc-0.5 > 1", "data.*.name[0]", "case(!a, b.c['d'], e[*])", "min(1, round(x, 2))"} {
		f.Add(wrap(s))
	}
}

func within(t *testing.T, src string, e *Error) {
	t.Helper()
	if e.Pos < 0 || e.Pos > e.End || e.End > len(src) {
		t.Fatalf("%q: error %q stands at %d to %d", src, e.Msg, e.Pos, e.End)
	}
	if e.Error() == "" {
		t.Fatalf("%q: error without text", src)
	}
}

// FuzzParse: parsing does not panic; errors stand within the source; so do
// references and what Check finds; what parses in an environment parses without.
func FuzzParse(f *testing.F) {
	seed(f, func(s string) string { return s })
	f.Fuzz(func(t *testing.T, src string) {
		env := gateEnv()
		_, inErr := ParseIn(src, env)
		x, err := Parse(src)
		for _, err := range []error{err, inErr} {
			var e *Error
			if err != nil && !errors.As(err, &e) {
				t.Fatalf("%q: %T", src, err)
			} else if err != nil {
				within(t, src, e)
			}
		}
		if err != nil {
			if inErr == nil {
				t.Fatalf("%q: parses in an environment, but else: %v", src, err)
			}
			return
		}
		if x.String() != src {
			t.Fatalf("%q became %q", src, x)
		}
		_, errs := x.Check(env)
		for _, e := range errs {
			within(t, src, e)
		}
		for _, r := range x.References() {
			within(t, src, &Error{Pos: r.Pos, End: r.End, Msg: "reference"})
		}
	})
}

// FuzzTemplate: the parts of a template are the whole template, in order.
func FuzzTemplate(f *testing.F) {
	seed(f, func(s string) string { return "a ${{ " + s + " }} b${{1}}" })
	f.Add("${{ 'a}}b' }}}}")
	f.Add("${{ it's }}")
	f.Add("$${{ ${{")
	f.Fuzz(func(t *testing.T, src string) {
		p, err := ParseTemplate(src)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%q: %T", src, err)
			}
			within(t, src, e)
			return
		}
		at, text := 0, ""
		for _, part := range p.Parts {
			if part.Start != at || part.Expr != nil && src[part.ExprStart:part.ExprEnd] != part.Expr.String() {
				t.Fatalf("%q: part %+v", src, part)
			}
			at = part.End
			text += src[part.Start:part.End]
		}
		if text != src {
			t.Fatalf("%q: parts make %q", src, text)
		}
		_, errs := p.Check(gateEnv())
		for _, e := range errs {
			within(t, src, e)
		}
	})
}

// FuzzEval: evaluation fails only by an operation, at a place, and a trace finds
// the same value.
func FuzzEval(f *testing.F) {
	seed(f, func(s string) string { return s })
	s := gateScope()
	f.Fuzz(func(t *testing.T, src string) {
		x, err := Parse(src)
		if err != nil {
			return
		}
		v, err := x.Eval(s)
		n, traceErr := x.Trace(s)
		if (err == nil) != (traceErr == nil) || err != nil && err.Error() != traceErr.Error() {
			t.Fatalf("%q: error %v, of trace %v", src, err, traceErr)
		}
		if err == nil {
			if ToJSON(v) != ToJSON(n.Value) {
				t.Fatalf("%q: %s, trace %s", src, ToJSON(v), ToJSON(n.Value))
			}
			return
		}
		var e *Error
		var bug runtime.Error
		if !errors.As(err, &e) || e.Unwrap() == nil || errors.As(err, &bug) {
			t.Fatalf("%q: %T %v", src, err, err)
		}
		within(t, src, e)
	})
}

// FuzzJSON: what FromJSON reads is written so that it reads the same again. It is
// written compactly: the indentation of a deep value is as long as its depth squared.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"b":1,"a":[null,true,1e-7,"\u00e9\n"],"B":2}`, `[[],{}]`, `-0`, `1e999`, `"\ud800"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		v, err := FromJSON(src)
		if err != nil {
			return
		}
		once := string(compactJSON(v))
		again, err := FromJSON(once)
		if err != nil || string(compactJSON(again)) != once {
			t.Fatalf("%q: %q, then %q, %v", src, once, compactJSON(again), err)
		}
	})
}

// gateScope has values for gateEnv.
func gateScope() *Scope {
	return &Scope{
		Names: map[string]any{
			"auc": 0.9, "loss": 0.1, "baseline": FromGo(map[string]any{"auc": 0.8, "loss": 0.2}),
			"params": FromGo(map[string]any{"train": map[string]any{"lr": 0.1, "layers": []any{8, 4}}, "debug": false}),
			"github": FromGo(map[string]any{"ref": "refs/heads/main"}), "env": NewObject(0), "anything": nil,
			"data": FromGo([]any{map[string]any{"name": "a", "rows": 10}}), "foo": FromGo([]any{[]any{1, "x", nil}}), "test": "abc",
		},
		Funcs: map[string]Func{"better": {Params: []Param{{ByName: true}}, Call: func(a []any) (any, error) { return a[0] == "auc", nil }}},
	}
}
