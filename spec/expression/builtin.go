package expression

import (
	"fmt"
	"math"
	"strings"
)

// builtins lists every function that is always there. The first eight are
// GitHub's, the others are for numbers.
var builtins = [...]struct {
	name string
	Func
}{
	{"contains", Func{Params: []Param{{}, {Type: Type{kind: kindScalar}}}, Result: Type{kind: kindBoolean}, run: contains}},
	{"startsWith", Func{Params: []Param{{Type: Type{kind: kindScalar}}, {Type: Type{kind: kindScalar}}}, Result: Type{kind: kindBoolean}, run: startsWith}},
	{"endsWith", Func{Params: []Param{{Type: Type{kind: kindScalar}}, {Type: Type{kind: kindScalar}}}, Result: Type{kind: kindBoolean}, run: endsWith}},
	{"format", Func{Params: []Param{{Type: Type{kind: kindScalar}}, {Type: Type{kind: kindScalar}}}, Variadic: true, max: 255, Result: Type{kind: kindString}, run: format}},
	{"join", Func{Params: []Param{{}, {Type: Type{kind: kindScalar}, Optional: true}}, Result: Type{kind: kindString}, run: join}},
	{"toJSON", Func{Params: []Param{{}}, Result: Type{kind: kindString}, run: toJSON}},
	{"fromJSON", Func{Params: []Param{{Type: Type{kind: kindScalar}}}, run: fromJSON}},
	{"case", Func{Params: []Param{{Type: Type{kind: kindBoolean}}, {}, {}, {}}, Variadic: true, kind: caseFunc, run: chooseCase}},
	{"abs", Func{Params: []Param{{Type: Type{kind: kindNumber}}}, Result: Type{kind: kindNumber}, run: abs}},
	{"min", Func{Params: []Param{{Type: Type{kind: kindNumber}}, {Type: Type{kind: kindNumber}}}, Variadic: true, Result: Type{kind: kindNumber}, run: smallest}},
	{"max", Func{Params: []Param{{Type: Type{kind: kindNumber}}, {Type: Type{kind: kindNumber}}}, Variadic: true, Result: Type{kind: kindNumber}, run: largest}},
	{"round", Func{Params: []Param{{Type: Type{kind: kindNumber}}, {Type: Type{kind: kindNumber}, Optional: true}}, Result: Type{kind: kindNumber}, run: round}},
}

// contains reports whether a text holds another, in any case, or an array an item.
func contains(b *budget, args []any) (any, error) {
	if err := b.readText(args...); err != nil {
		return nil, err
	}
	if a, ok := args[0].(*Array); ok {
		return containsItem(b, a, args[1])
	}
	if !primitive(args[0]) || !primitive(args[1]) {
		return false, nil
	}
	return strings.Contains(lowerText(Format(args[0])), lowerText(Format(args[1]))), nil
}

func containsItem(b *budget, a *Array, item any) (any, error) {
	if err := b.visit(len(a.items)); err != nil {
		return nil, err
	}
	for _, v := range a.items {
		if equal(item, v) {
			return true, nil
		}
		if err := b.readText(v); err != nil {
			return nil, err
		}
	}
	return false, nil
}

func startsWith(b *budget, args []any) (any, error) {
	return affix(b, args, strings.HasPrefix)
}

func endsWith(b *budget, args []any) (any, error) {
	return affix(b, args, strings.HasSuffix)
}

func affix(b *budget, args []any, has func(s, affix string) bool) (any, error) {
	if !primitive(args[0]) || !primitive(args[1]) {
		return false, nil
	}
	if err := b.readText(args...); err != nil {
		return nil, err
	}
	return has(upperText(Format(args[0])), upperText(Format(args[1]))), nil
}

// format replaces {0}, {1}, ... in args[0] by the arguments behind it; {{ and }}
// are braces. Anything between the digits and the } is passed over, as GitHub does.
func format(b *budget, args []any) (any, error) {
	f := formatter{src: Format(args[0]), args: args[1:], budget: b}
	for rest := f.src; rest != ""; {
		i := strings.IndexAny(rest, "{}")
		if i < 0 {
			return f.finish(rest)
		}
		n, err := f.brace(rest, i)
		if err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	return f.finish("")
}

type formatter struct {
	src    string
	args   []any
	out    strings.Builder
	budget *budget
}

func (f *formatter) write(s string) error {
	if err := f.budget.text(len(s)); err != nil {
		return err
	}
	f.out.WriteString(s)
	return nil
}

func (f *formatter) finish(rest string) (any, error) {
	if err := f.write(rest); err != nil {
		return nil, err
	}
	return f.out.String(), nil
}

func (f *formatter) invalid() error {
	return reason("The following format string is invalid: " + f.src)
}

// brace writes s up to and with what its first brace, at i, begins, and returns
// how much of s that was.
func (f *formatter) brace(s string, i int) (int, error) {
	if i+1 < len(s) && s[i+1] == s[i] {
		return i + 2, f.write(s[:i+1])
	}
	end := strings.IndexByte(s, '}')
	if s[i] == '}' || end < 0 {
		return 0, f.invalid()
	}
	n, ok := leadingInt(s[i+1 : end])
	if !ok {
		return 0, f.invalid()
	}
	if n >= len(f.args) {
		return 0, reason("The following format string references more arguments than were supplied: " + f.src)
	}
	if err := f.write(s[:i]); err != nil {
		return 0, err
	}
	return end + 1, f.write(Format(f.args[n]))
}

// leadingInt reads the digits that s begins with; ok is false without any. It
// stops counting where no call has so many arguments.
func leadingInt(s string) (n int, ok bool) {
	for i := 0; i < len(s) && '0' <= s[i] && s[i] <= '9'; i++ {
		n, ok = min(n*10+int(s[i]-'0'), MaxLength), true
	}
	return n, ok
}

// join returns the items of an array as one text, "," between them if no other
// separator is given; a scalar is its own text and an object none.
func join(b *budget, args []any) (any, error) {
	a, ok := args[0].(*Array)
	if !ok {
		if !primitive(args[0]) {
			return "", nil
		}
		s := Format(args[0])
		return s, b.text(len(s))
	}
	sep := ","
	if len(args) > 1 && primitive(args[1]) {
		sep = Format(args[1])
	}
	var out strings.Builder
	if err := b.visit(len(a.items)); err != nil {
		return nil, err
	}
	for i, item := range a.items {
		s := Format(item)
		if i > 0 {
			out.WriteString(sep)
		}
		if err := b.text(len(s) + len(sep)); err != nil {
			return nil, err
		}
		out.WriteString(s)
	}
	return out.String(), nil
}

func toJSON(b *budget, args []any) (any, error) {
	w := jsonWriter{indent: "  ", limit: b.left()}
	w.value(args[0], 0)
	if w.full {
		return nil, errText
	}
	return string(w.out), b.text(len(w.out))
}

func fromJSON(b *budget, args []any) (any, error) {
	s := Format(args[0])
	// A value takes more room than its text, and no more text may be kept than may be built.
	if err := b.text(len(s)); err != nil {
		return nil, err
	}
	return FromJSON(s)
}

const errCase reason = "case predicate must evaluate to a boolean value"

// chooseCase is case() on values; expressions evaluate only the branch they need.
func chooseCase(_ *budget, args []any) (any, error) {
	for i := 0; i+1 < len(args); i += 2 {
		yes, ok := args[i].(bool)
		if !ok {
			return nil, errCase
		}
		if yes {
			return args[i+1], nil
		}
	}
	return args[len(args)-1], nil
}

// numberArg returns argument i of a function that takes numbers alone.
func numberArg(name string, args []any, i int) (float64, error) {
	f, ok := args[i].(float64)
	if !ok {
		return 0, fmt.Errorf("%s needs numbers, argument %d is %s", name, i+1, describe(args[i]))
	}
	return f, nil
}

// abs returns the distance of a number from 0.
func abs(_ *budget, args []any) (any, error) {
	f, err := numberArg("abs", args, 0)
	return math.Abs(f), err
}

// smallest is min(); NaN if a number is.
func smallest(_ *budget, args []any) (any, error) { return fold("min", args, math.Min) }

// largest is max(); NaN if a number is.
func largest(_ *budget, args []any) (any, error) { return fold("max", args, math.Max) }

func fold(name string, args []any, f func(a, b float64) float64) (any, error) {
	best, err := numberArg(name, args, 0)
	for i := 1; i < len(args) && err == nil; i++ {
		var x float64
		x, err = numberArg(name, args, i)
		best = f(best, x)
	}
	return best, err
}

// maxDigits is how many digits behind the point a float64 can be rounded to.
const maxDigits = 15

// round rounds half away from zero, to whole numbers or to the digits behind
// the point that the second argument gives, 0 to 15.
func round(_ *budget, args []any) (any, error) {
	f, err := numberArg("round", args, 0)
	if err != nil || len(args) == 1 {
		return math.Round(f), err
	}
	digits, err := numberArg("round", args, 1)
	if err != nil {
		return nil, err
	}
	if digits != math.Trunc(digits) || digits < 0 || digits > maxDigits {
		return nil, fmt.Errorf("round to %s digits: want a whole number from 0 to %d", formatNumber(digits), maxDigits)
	}
	scale := math.Pow10(int(digits))
	if r := math.Round(f*scale) / scale; !math.IsInf(r, 0) {
		return r, nil
	}
	return f, nil
}
