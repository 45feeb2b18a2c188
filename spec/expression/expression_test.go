package expression

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestArithmetic(t *testing.T) {
	s := &Scope{Names: map[string]any{"a": 7, "b": 2.0, "base": map[string]any{"auc": 0.5}, "list": []any{3, 1}, "a-1": 100}}
	for src, want := range map[string]float64{
		"1 + 2 * 3":                7,
		"(1 + 2) * 3":              9,
		"a - b - 1":                4,
		"a - -1":                   8,
		"a / b":                    3.5,
		"a % b":                    1,
		"-7 % 3":                   -1,
		"- a":                      -7,
		"-(a + b)":                 -9,
		"- -a":                     math.NaN(), // not reached: "-a" is no number
		"base.auc - 0.002":         0.498,
		"list[0] * list[1]":        3,
		"base.* [0] * 2":           math.NaN(),
		"a-1":                      100,
		"a - 1":                    6,
		"1 / 0":                    math.Inf(1),
		"abs(0 - 3)":               3,
		"abs(-3)":                  3,
		"min(3, 1, 2)":             1,
		"max(3, 1, 2)":             3,
		"min(5)":                   5,
		"round(2.5)":               3,
		"round(-2.5)":              -3,
		"round(0.12345, 3)":        0.123,
		"round(1e300, 15)":         1e300,
		"max(a, b) + min(a, b)":    9,
		"case(a > b, a, b) * 10":   70,
		"2 * 3 == 6 && 1 || 0":     1,
		"1 + 1 > 1 && 10 / 4":      2.5,
		"(a)*(b)":                  math.NaN(),
		"fromJSON('{\"x\":4}').x ": 4,
	} {
		if math.IsNaN(want) {
			if _, err := evalSource(src, s); err == nil {
				t.Errorf("%s: no error", src)
			}
			continue
		}
		got, err := evalSource(src, s)
		if err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", src, got, err, want)
		}
	}
}

func evalSource(src string, s *Scope) (any, error) {
	x, err := Parse(src)
	if err != nil {
		return nil, err
	}
	return x.Eval(s)
}

// TestErrors gives for each source the error of parsing or evaluating it: the
// part it stands at, the message and the cure.
func TestErrors(t *testing.T) {
	s := &Scope{
		Names: map[string]any{"auc": 0.9, "none": nil, "text": "abc"},
		Funcs: map[string]Func{"fails": {Call: func([]any) (any, error) { return nil, errTest }}},
	}
	for _, c := range []struct{ src, want string }{
		{"auc-0.5 > 1", `-| unexpected symbol: '-' | put spaces around "-": auc - 0.5`},
		{"auc -0.5", `-0.5| unexpected symbol: '-0.5' | put spaces around "-"`},
		{"auc -text", `-text| unexpected symbol: '-text' | put spaces around "-"`},
		{"auc +1", `+1| unexpected symbol: '+1' | put spaces around "+"`},
		{"auc*2", `auc*2| unexpected symbol: 'auc*2' | put spaces around "*"`},
		{"1/2", `1/2| unexpected symbol: '1/2' | put spaces around "/"`},
		{`text == "abc"`, `"abc"| unexpected symbol: '"abc"' | write strings in single quotes`},
		{"text = 'abc'", `=| unexpected symbol: '=' | write "==" to compare`},
		{"text & 'abc'", `&| unexpected symbol: '&' | write "&&"`},
		{"auc -", `-| unexpected symbol: '-'`},
		{"+ 1", `+| unexpected symbol: '+'`},
		{"auc * ", `*| unexpected symbol: '*'`},
		{"auc *text", `*| unexpected symbol: '*'`},
		{"text 'it''s'", `'it''s'| unexpected symbol: 'it's'`},
		{"'abc", `'abc| unexpected symbol: ''abc' | close the string with '`},
		{"foo[1", `1| unexpected symbol: 'EOF'`},
		{strings.Repeat("1", MaxLength+1), strings.Repeat("1", MaxLength+1) + `| exceeded max expression length 21000`},
		{"auc > missing", `missing| unrecognized named-value: 'missing'`},
		{"nope(1)", `nope(1)| unrecognized function: 'nope'`},
		{"contains(1)", `contains(1)| too few parameters supplied: 'contains'`},
		{"1 + none * 2", `none| "*" needs numbers, but none is null`},
		{"auc + (text)", `(text)| "+" needs numbers, but (text) is the string 'abc'`},
		{"-('" + strings.Repeat("é", 30) + "')", `('` + strings.Repeat("é", 30) + `')| "-" needs numbers, but ('` + strings.Repeat("é", 30) + `') is the string '` + strings.Repeat("é", 20) + `...'`},
		{"abs(none)", `abs(none)| abs needs numbers, argument 1 is null`},
		{"max(1, fromJSON('[]'))", `max(1, fromJSON('[]'))| max needs numbers, argument 2 is an array`},
		{"round(1, 16)", `round(1, 16)| round to 16 digits: want a whole number from 0 to 15`},
		{"1 == 2 || fails()", `fails()| test`},
		{"fromJSON('{')", `fromJSON('{')| Error parsing JSON when evaluating fromJson`},
		{"fromJSON(' ')", `fromJSON(' ')| empty input`},
	} {
		_, err := evalSource(c.src, s)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: error is %v", c.src, err)
			continue
		}
		if got := describeErrors(c.src, []*Error{e})[0]; got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

var errTest = errors.New("test")

func TestErrorUnwraps(t *testing.T) {
	_, err := evalSource("fails()", &Scope{Funcs: map[string]Func{"fails": {Call: func([]any) (any, error) { return nil, errTest }}}})
	if !errors.Is(err, errTest) {
		t.Errorf("%v does not wrap the function's error", err)
	}
}

// TestErrorPosition shows that the text counts UTF-16 code units as GitHub does,
// and Pos bytes.
func TestErrorPosition(t *testing.T) {
	_, err := Parse("'😊é' == @")
	var e *Error
	if !errors.As(err, &e) || e.Pos != 12 || !strings.Contains(err.Error(), "at position 10 within") {
		t.Errorf("error at %d: %v", e.Pos, err)
	}
}

// TestLazy shows what is not evaluated: fails() would be an error.
func TestLazy(t *testing.T) {
	s := &Scope{Funcs: map[string]Func{"fails": {Call: func([]any) (any, error) { return nil, errTest }}}}
	for _, src := range []string{"true || fails()", "false && fails()", "1 || fails()", "'' && fails()",
		"1 == 2 && !fails()", "1 < 2 || fails() == 1", "case(true, 1, fails())", "case(false, fails(), 2)", "case(true, 1, fails(), 2, fails())"} {
		if _, err := evalSource(src, s); err != nil {
			t.Errorf("%s: %v", src, err)
		}
	}
}

func TestByName(t *testing.T) {
	echo := func(args []any) (any, error) { return args[0], nil }
	s := &Scope{
		Names: map[string]any{"slices": map[string]any{"north": map[string]any{"auc": 0.5}}},
		Funcs: map[string]Func{
			"better": {Params: []Param{{ByName: true}, {}}, Variadic: true, Call: echo},
			"value":  {Params: []Param{{}}, Call: echo},
		},
	}
	for src, want := range map[string]any{
		"better(auc)":                  "auc", // not in the scope, and not asked for
		"BETTER(slices.north.auc)":     "slices.north.auc",
		"better(slices['north'].auc)":  "slices.north.auc",
		"better((auc))":                "auc",
		"better(slices.north.auc + 1)": 1.5,
		"value(slices.north.auc)":      0.5,
	} {
		if got, err := evalSource(src, s); err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", src, got, err, want)
		}
	}
}

// TestBounds shows that no short source takes long or builds much.
func TestBounds(t *testing.T) {
	big := strings.Repeat("x", 1<<20)
	s := &Scope{Names: map[string]any{"big": big, "text": strings.ToUpper(big), "rows": manyRows(100_000)}}
	for name, src := range map[string]string{
		"format":   nest("format('{0}{0}{0}{0}', ", "big", ")", 10),
		"join":     "join(fromJSON('[" + strings.Repeat(`"",`, 100) + `""]'), big)`,
		"json":     nest("toJSON(", "rows", ")", 40),
		"fromJSON": "fromJSON(toJSON(rows)) && fromJSON(toJSON(rows)) && fromJSON(toJSON(rows))",
		"contains": repeat("contains(rows, big)", " || ", 850),
		"compare":  repeat("big != text", " || ", 1200),
		"filter":   repeat("!rows.*.*.*", " || ", 1300),
		"template": "${{ format('{0}{0}{0}{0}{0}{0}', big) }}${{ format('{0}{0}{0}{0}{0}{0}', big) }}",
	} {
		start := time.Now()
		var err error
		if name == "template" {
			var p *Template
			if p, err = ParseTemplate(src); err == nil {
				_, err = p.Eval(s)
			}
		} else {
			_, err = evalSource(src, s)
		}
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Msg, "maximum allowed") {
			t.Errorf("%s: %.200v", name, err)
		}
		t.Log(name, time.Since(start))
	}
}

func nest(before, in, after string, n int) string {
	return strings.Repeat(before, n) + in + strings.Repeat(after, n)
}

func repeat(s, sep string, n int) string { return strings.Repeat(s+sep, n-1) + s }

func manyRows(n int) *Array {
	items := make([]any, n)
	for i := range items {
		items[i] = array(float64(i))
	}
	return array(items...)
}

// TestLongChains shows that long flat expressions do not exhaust the stack.
func TestLongChains(t *testing.T) {
	for _, op := range []string{" || ", " && ", " == ", " + ", " < "} {
		if _, err := evalSource(repeat("1", op, 4000), nil); err != nil {
			t.Errorf("%s: %v", op, err)
		}
	}
}

func TestConcurrentEval(t *testing.T) {
	x := mustParse(t, "format('{0}', a.b + 1) == '3' && contains(a.list, 'X')")
	s := &Scope{Names: map[string]any{"a": FromGo(map[string]any{"b": 2, "list": []string{"x"}})}}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if v, err := x.Eval(s); v != true || err != nil {
					t.Errorf("%v, %v", v, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestConvertedOnce shows that a Go map in the scope is one object.
func TestConvertedOnce(t *testing.T) {
	s := &Scope{Names: map[string]any{"m": map[string]any{"a": []int{1}}}}
	for src, want := range map[string]bool{"m == m": true, "M == m": true, "m.a == m.a": true, "m.a == fromJSON('[1]')": false} {
		if got, err := evalSource(src, s); err != nil || got != want {
			t.Errorf("%s = %v, %v", src, got, err)
		}
	}
}

func TestReferences(t *testing.T) {
	for src, want := range map[string][]string{
		"":                           nil,
		"1 + 2":                      nil,
		"params.train.lr":            {"params/train/lr@0-15"},
		"auc >= baseline.auc - 0.1":  {"auc@0-3", "baseline/auc@7-19"},
		"a['b'][0].c":                {"a/b/0/c@0-11"},
		"(a.b).c":                    {"a/b/c@0-7"},
		"a[b.c].d":                   {"a@0-8...", "b/c@2-5"},
		"a.*.b":                      {"a@0-5..."},
		"a.b.*":                      {"a/b@0-5..."},
		"better(auc, min(x, -(y)))":  {"auc@7-10 better", "x@16-17 min", "y@21-22"},
		"fromJSON(a.b).c[d]":         {"a/b@9-12 fromJSON", "d@16-17"},
		"case(a, b, c) || !d && e.f": {"a@5-6 case", "b@8-9 case", "c@11-12 case", "d@18-19", "e/f@23-26"},
		"a[b[c]]":                    {"a@0-7...", "b@2-6...", "c@4-5"},
		"a == a":                     {"a@0-1", "a@5-6"},
		"a.b[null]":                  {"a/b@0-9..."},
	} {
		var got []string
		for _, r := range mustParse(t, src).References() {
			s := fmt.Sprintf("%s@%d-%d", strings.Join(r.Path, "/"), r.Pos, r.End)
			if r.Dynamic {
				s += "..."
			}
			if r.Call != "" {
				s += " " + r.Call
			}
			got = append(got, s)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", src, diff)
		}
	}
}

func TestTrace(t *testing.T) {
	s := &Scope{
		Names: map[string]any{"auc": 0.912, "baseline": map[string]any{"auc": 0.915}, "none": nil, "list": []any{1}, "name": "churn"},
		Funcs: map[string]Func{"better": {Params: []Param{{ByName: true}}, Call: func([]any) (any, error) { return false, nil }}},
	}
	for _, c := range []struct{ src, want string }{
		{"auc >= baseline.auc - 0.002", "auc 0.912 >= baseline.auc 0.915 - 0.002"},
		{"(auc>0.5)&&!none", "(auc 0.912>0.5)&&!none null"},
		{"auc > 0 || none", "auc 0.912 > 0 || none"},
		{"better(auc) || min(auc, 1) > 2", "better(auc) false || min(auc 0.912, 1) 0.912 > 2"},
		{"list == name", "list [1 item] == name 'churn'"},
		{"list[none]", "list[none null] 1"},
		{"case(auc > 1, auc, name)", "case(auc 0.912 > 1, auc, name 'churn') 'churn'"},
		{"", ""},
	} {
		n, err := mustParse(t, c.src).Trace(s)
		if err != nil || n.String() != c.want {
			t.Errorf("%s: %s, %v", c.src, n, err)
		}
	}
}

func TestTraceTree(t *testing.T) {
	n, err := mustParse(t, "auc >= (base.auc - 0.5)").Trace(&Scope{Names: map[string]any{"auc": 0.25, "base": map[string]any{"auc": 1}}})
	if err != nil {
		t.Fatal(err)
	}
	want := "auc >= (base.auc - 0.5)@0-23=false [auc@0-3=0.25 [] base.auc - 0.5@8-22=0.5 [base.auc@8-16=1 [] 0.5@19-22=0.5 []]]"
	if got := showTree(n); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func showTree(n *Node) string {
	var kids []string
	for _, c := range n.Children {
		kids = append(kids, showTree(c))
	}
	return fmt.Sprintf("%s@%d-%d=%v [%s]", n.Text, n.Start, n.End, n.Value, strings.Join(kids, " "))
}

func TestTraceOfError(t *testing.T) {
	n, err := mustParse(t, "auc > 0 && none + 1 > 2").Trace(&Scope{Names: map[string]any{"auc": 0.25, "none": nil}})
	var e *Error
	if !errors.As(err, &e) || e.Pos != 11 {
		t.Errorf("error is %v", err)
	}
	if want := "auc 0.25 > 0 && none null + 1 > 2"; n.String() != want || n.Evaluated {
		t.Errorf("trace is %q, evaluated %v", n, n.Evaluated)
	}
}
