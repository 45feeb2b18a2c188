package expression

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func array(items ...any) *Array { return &Array{items: items} }

func TestParseNumber(t *testing.T) {
	nan := math.NaN()
	for s, want := range map[string]float64{
		"": 0, "  ": 0, "\u00a0\ufeff\u2003": 0, " 12 ": 12, "+1": 1, "-1.5": -1.5, ".5": 0.5, "5.": 5, "1e3": 1000, "1E-2": 0.01,
		"0x1F": 31, "0X1f": 31, "0o17": 15, "0O17": 15, "0b101": 5, "0x": nan, "0xg": nan, "0o8": nan, "0b2": nan, "-0x1": nan,
		"Infinity": math.Inf(1), "+Infinity": math.Inf(1), "-Infinity": math.Inf(-1), "infinity": nan, "inf": nan, "NaN": nan, "nan": nan,
		"1_000": nan, "0x1p3": nan, "1e": nan, "e1": nan, ".": nan, "+": nan, "--1": nan, "1 2": nan, "abc": nan, "1e999": math.Inf(1),
		"-1e999": math.Inf(-1), "1e-999": 0, "01": 1, "1f": nan, "0xffffffffffffffff": 18446744073709551615,
	} {
		if got := parseNumber(s); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%q is %v, want %v", s, got, want)
		}
	}
}

func TestFormatNumber(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", math.Copysign(0, -1): "0", 1: "1", -1: "-1", 0.5: "0.5", 1.0 / 3: "0.333333333333333", 0.1 + 0.2: "0.3",
		1e15: "1000000000000000", 1e20: "100000000000000000000", 1e21: "1e+21", 1.5e300: "1.5e+300", 123456789.123: "123456789.123",
		0.000001: "0.000001", 1e-7: "1e-7", 1.5e-10: "1.5e-10", 1e-16: "0", -1e-16: "0",
		math.Pow(2, -16): "0.000015258789063", -math.Pow(2, -16): "-0.000015258789063", // exact ties go away from zero
		math.Inf(1): "Infinity", math.Inf(-1): "-Infinity", 4.35: "4.35", 9007199254740993: "9007199254740992",
	} {
		if got := Format(f); got != want {
			t.Errorf("%g is %q, want %q", f, got, want)
		}
	}
	if got := Format(math.NaN()); got != "NaN" {
		t.Errorf("NaN is %q", got)
	}
}

func TestCompareText(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want order
	}{
		{"", "", same}, {"", "a", less}, {"b", "A", greater}, {"abc", "ABC", same}, {"abc", "ABCD", less}, {"a", "_", less},
		{"ß", "SS", greater}, {"ſ", "s", same}, {"é", "É", same}, {"ı", "I", greater}, {"İ", "i", greater},
		{"😀", "\uffff", less}, {"\uffff", "😀", greater}, {"😀", "😁", less}, {"😀", "a", greater},
	} {
		if got := compareText(c.a, c.b); got != c.want {
			t.Errorf("%q with %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestLowerText(t *testing.T) {
	for s, want := range map[string]string{
		"ABC": "abc", "İ": "i̇", "ΟΔΟΣ": "οδος", "ΣΑ": "σα", "Σ": "σ", "ΑΣ ΑΣ": "ας ας", "ΑΣΑ": "ασα", "É": "é",
	} {
		if got := lowerText(s); got != want {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
}

func TestTruthy(t *testing.T) {
	for _, v := range []any{nil, false, 0.0, math.Copysign(0, -1), math.NaN(), ""} {
		if Truthy(v) {
			t.Errorf("%#v is true", v)
		}
	}
	for _, v := range []any{true, 1.0, -1.0, "0", "false", array(), NewObject(0)} {
		if !Truthy(v) {
			t.Errorf("%#v is false", v)
		}
	}
}

func TestObject(t *testing.T) {
	for _, n := range []int{3, 40} { // searched and indexed
		o := NewObject(0)
		for i := range n {
			o.Set(fmt.Sprintf("Key%d", i), float64(i))
		}
		o.Set("KEY1", "dropped")
		o.Set("Key2", "replaced")
		if v, ok := o.Get("kEY1"); !ok || v != 1.0 {
			t.Errorf("of %d names kEY1 is %v, %v", n, v, ok)
		}
		if v, _ := o.Get("key2"); v != "replaced" {
			t.Errorf("of %d names key2 is %v", n, v)
		}
		if _, ok := o.Get("key"); ok || o.Len() != n || o.Keys()[n-1] != fmt.Sprintf("Key%d", n-1) {
			t.Errorf("keys are %v", o.Keys())
		}
		o.Set("É", 1.0)
		if _, ok := o.Get("é"); !ok {
			t.Errorf("of %d names é is missing", n)
		}
		if _, ok := o.Get("\u212aey1"); !ok { // the Kelvin sign is a k in lower case
			t.Errorf("of %d names \u212aey1 is missing", n)
		}
	}
}

type label string

func TestFromGo(t *testing.T) {
	n := 3
	type pair struct{ A int }
	loop := map[string]any{}
	loop["self"] = loop
	for _, c := range []struct {
		in   any
		want string
	}{
		{nil, `null`}, {true, `true`}, {int8(-3), `-3`}, {uint64(7), `7`}, {float32(0.5), `0.5`}, {label("x"), `"x"`}, {&n, `3`},
		{json.Number("1.5"), `1.5`}, {json.Number("x"), `null`},
		{[]int{1, 2}, `[1,2]`}, {[2]string{"a", "b"}, `["a","b"]`}, {[]any{nil, map[string]any{"b": 1, "a": "x"}}, `[null,{"a":"x","b":1}]`},
		{map[label][]bool{"k": {true}}, `{"k":[true]}`}, {map[int]int{1: 1}, `null`}, {pair{1}, `null`}, {(*int)(nil), `null`},
		{[]int(nil), `null`}, {map[string]int(nil), `null`}, {array("x"), `["x"]`},
	} {
		got, err := json.Marshal(FromGo(c.in))
		if err != nil || string(got) != c.want {
			t.Errorf("%#v is %s, %v; want %s", c.in, got, err, c.want)
		}
	}
	if o, ok := FromGo(loop).(*Object); !ok || o.Len() != 1 {
		t.Errorf("a map in itself is %v", o)
	}
}

func TestToGo(t *testing.T) {
	want := map[string]any{"a": []any{1.0, nil, "x", map[string]any{"b": true}}}
	if diff := cmp.Diff(want, ToGo(FromGo(want))); diff != "" {
		t.Error(diff)
	}
}

func TestToJSON(t *testing.T) {
	tenth := 0.1
	o := NewObject(0)
	o.Set("z", array(1e21, 1e-7, math.NaN(), math.Inf(1), math.Copysign(0, -1), tenth+0.2))
	o.Set("a", NewObject(0))
	o.Set("s", "\"\\\b\f\n\r\t\x01<é\u2028😀\xff")
	want := `{
  "z": [
    1e+21,
    1e-7,
    null,
    null,
    0,
    0.30000000000000004
  ],
  "a": {},
  "s": "\"\\\b\f\n\r\t\u0001<é` + "\u2028😀\ufffd" + `"
}`
	if diff := cmp.Diff(want, ToJSON(o)); diff != "" {
		t.Error(diff)
	}
}

func TestFromJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"b":1,"a":2}`:             `{"b":1,"a":2}`,
		`{"a":1,"b":2,"a":3}`:       `{"a":3,"b":2}`,
		`{"a":1,"A":2}`:             `{"a":1}`,
		" [ 1 , [ ] , { } ]\n":      `[1,[],{}]`,
		`"\u0041\ud83d\ude00"`:      `"A😀"`,
		`-0`:                        `0`,
		`1e2`:                       `100`,
		`{"x":[{"y":null}, false]}`: `{"x":[{"y":null},false]}`,
	} {
		v, err := FromJSON(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := string(compactJSON(v)); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
	for _, in := range []string{"", " \t", "{", "[1,]", "{'a':1}", "01", "+1", "NaN", "1 2", "nul", "\"a\nb\"", "\ufeff1", strings.Repeat("[", 20_000)} {
		if v, err := FromJSON(in); err == nil {
			t.Errorf("%.20q is %v", in, v)
		}
	}
	if v, err := FromJSON("1e999"); err != nil || v != math.Inf(1) {
		t.Errorf("1e999 is %v, %v", v, err)
	}
}

func TestKindOf(t *testing.T) {
	for want, v := range map[Kind]any{NullKind: nil, BooleanKind: true, NumberKind: 1.0, StringKind: "", ArrayKind: array(), ObjectKind: NewObject(0)} {
		if got := KindOf(v); got != want {
			t.Errorf("%#v is %s", v, got)
		}
	}
}

func TestTypes(t *testing.T) {
	o := object(map[string]Type{"Known": NumberType()}, Type{}, true)
	if f, ok := o.Field("KNOWN"); !ok || f != NumberType() {
		t.Errorf("KNOWN is %s, %v", f, ok)
	}
	if f, ok := o.Field("other"); !ok || !f.IsAny() {
		t.Errorf("other is %s, %v", f, ok)
	}
	if _, ok := ObjectOf(nil).Field("x"); ok {
		t.Error("an object without names has x")
	}
	if k, ok := MetricType().Kind(); !ok || k != NumberKind || !MetricType().IsMetric() {
		t.Errorf("a metric is %s", k)
	}
	if _, ok := AnyType().Kind(); ok {
		t.Error("any has a kind")
	}
	if got := TypeOf([]any{1, "x"}).Elem().String(); got != "scalar" {
		t.Errorf("items are %s", got)
	}
	if got := TypeOf([]any{map[string]any{"a": 1, "b": 2}, map[string]any{"a": "x"}}).Elem().Fields(); !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("names are %v", got)
	}
	for _, typ := range []Type{{}, NullType(), BooleanType(), StringType(), ScalarType(), MapOf(StringType()), ArrayOf(Type{})} {
		if !typ.accepts(AnyType()) || !AnyType().accepts(typ) {
			t.Errorf("%s and any do not go together", typ)
		}
	}
}

// TestBuiltins shows that the functions can be called by others.
func TestBuiltins(t *testing.T) {
	fs := Builtins()
	for _, c := range []struct {
		name string
		args []any
		want any
	}{
		{"contains", []any{"Hello", "ELL"}, true}, {"startsWith", []any{"Hello", "he"}, true}, {"endsWith", []any{"Hello", "LO"}, true},
		{"format", []any{"{1}{0}{{}}", "a", 1.0}, "1a{}"}, {"join", []any{array(1.0, "b"), "-"}, "1-b"}, {"toJSON", []any{"x"}, `"x"`},
		{"fromJSON", []any{"3"}, 3.0}, {"case", []any{false, 1.0, 2.0}, 2.0}, {"abs", []any{-2.0}, 2.0}, {"min", []any{2.0, 1.0}, 1.0},
		{"max", []any{2.0, 1.0}, 2.0}, {"round", []any{1.25, 1.0}, 1.3},
	} {
		f, ok := fs[c.name]
		if !ok {
			t.Errorf("%s is missing", c.name)
			continue
		}
		if got, err := f.Call(c.args); err != nil || got != c.want {
			t.Errorf("%s%v = %v, %v", c.name, c.args, got, err)
		}
	}
}
