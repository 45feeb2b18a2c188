package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// defaultLegs is how many legs a matrix may have unless Options say otherwise.
const defaultLegs = 1024

// matrix evaluates and expands the matrix of a job. It reports what is wrong;
// ok is then false.
func (b *builder) matrix(j *spec.Job) (ls []spec.Leg, axes []spec.Axis, ok bool) {
	m := j.Strategy.Matrix
	known := len(b.diagnostics)
	open := false
	for _, a := range m.Axes {
		open = open || a.Expr.Value != ""
		axes = append(axes, b.axis(j, a))
	}
	m.Include, m.Exclude = b.evalLegs(j, m.Include), b.evalLegs(j, m.Exclude)
	if len(b.diagnostics) > known || open && !b.countLegs(j, axes) {
		return nil, nil, false
	}
	if ls = legs(m, axes); len(ls) == 0 {
		b.report(m.Pos, spec.CodeMatrixEmpty, fmt.Sprintf("the matrix of job %q has no leg left", j.ID), "remove an exclude, or add values")
	}
	return ls, axes, len(ls) > 0
}

// axis returns an axis with its values evaluated.
func (b *builder) axis(j *spec.Job, a spec.Axis) spec.Axis {
	values := a.Values
	if a.Expr.Value != "" {
		v, err := b.value(a.Expr.Value, nil)
		list, ok := v.(*expression.Array)
		if err != nil || !ok {
			b.report(a.Expr.Pos, spec.CodeMatrixExpression, fmt.Sprintf("matrix key %q of job %q is not a list: %s", a.Name, j.ID, why(v, err)),
				"give a list, such as ${{ fromJSON('[4, 8]') }}")
			return a
		}
		a.Values, _ = expression.ToGo(list).([]any)
		return a
	}
	a.Values = make([]any, len(values))
	for i, v := range values {
		a.Values[i] = b.matrixGo(a.Name.Pos, j, v)
	}
	return a
}

func why(v any, err error) string {
	if err != nil {
		return err.Error()
	}
	return "it is " + expression.Format(v)
}

func (b *builder) evalLegs(j *spec.Job, ls []spec.Leg) []spec.Leg {
	out := make([]spec.Leg, len(ls))
	for i, l := range ls {
		for _, v := range l {
			out[i] = append(out[i], spec.LegValue{Name: v.Name, Value: b.matrixGo(j.Strategy.Matrix.Pos, j, v.Value)})
		}
	}
	return out
}

// matrixGo evaluates the expressions in a matrix value.
func (b *builder) matrixGo(at spec.Pos, j *spec.Job, v any) any {
	switch v := v.(type) {
	case string:
		if !strings.Contains(v, "${{") {
			return v
		}
		x, err := b.value(v, nil)
		if err != nil {
			b.report(at, spec.CodeMatrixExpression, fmt.Sprintf("the matrix of job %q: %s: %v", j.ID, v, err), "")
		}
		return expression.ToGo(x)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = b.matrixGo(at, j, e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = b.matrixGo(at, j, e)
		}
		return out
	}
	return v
}

// countLegs bounds how many legs expressions can make before any is made.
func (b *builder) countLegs(j *spec.Job, axes []spec.Axis) bool {
	m, limit := &j.Strategy.Matrix, cmp.Or(b.options.MaxLegs, defaultLegs)
	n := 1
	for _, a := range axes {
		n = min(n*len(a.Values), math.MaxInt32)
	}
	if n += len(m.Include); n <= limit {
		return true
	}
	b.report(m.Pos, spec.CodeMatrix, fmt.Sprintf("the matrix of job %q spans %d combinations; at most %d are allowed", j.ID, n, limit),
		"try fewer values, or list the combinations under include:")
	return false
}

// legs expands a matrix as GitHub Actions does: all combinations of the axes,
// without those that match an exclude, then each include either extends the
// legs whose axis values it does not contradict or becomes a leg of its own.
func legs(m spec.Matrix, axes []spec.Axis) []spec.Leg {
	var out []spec.Leg
	if len(axes) > 0 {
		out = product(axes)
	}
	out = exclude(out, m.Exclude)
	return include(out, m.Include, len(axes))
}

func product(axes []spec.Axis) []spec.Leg {
	out := []spec.Leg{nil}
	for _, a := range axes {
		next := make([]spec.Leg, 0, len(out)*len(a.Values))
		for _, leg := range out {
			for _, v := range a.Values {
				l := append(leg[:len(leg):len(leg)], spec.LegValue{Name: a.Name.Value, Value: v})
				next = append(next, l)
			}
		}
		out = next
	}
	return out
}

func exclude(ls, without []spec.Leg) []spec.Leg {
	keep := ls[:0:0]
	for _, l := range ls {
		excluded := false
		for _, x := range without {
			excluded = excluded || matches(l, x)
		}
		if !excluded {
			keep = append(keep, l)
		}
	}
	return keep
}

// matches reports whether leg has every value of part.
func matches(leg, part spec.Leg) bool {
	for _, p := range part {
		v, ok := value(leg, p.Name)
		if !ok || !reflect.DeepEqual(v, p.Value) {
			return false
		}
	}
	return len(part) > 0
}

func value(leg spec.Leg, name string) (any, bool) {
	for _, v := range leg {
		if strings.EqualFold(v.Name, name) {
			return v.Value, true
		}
	}
	return nil, false
}

// include applies the include list. Only values of the original axes (the
// first n of a leg) must not be contradicted; earlier includes may be overwritten.
func include(ls, with []spec.Leg, n int) []spec.Leg {
	original := len(ls)
	for _, inc := range with {
		extended := false
		for i := range ls[:original] {
			if contradicts(ls[i], inc, n) {
				continue
			}
			ls[i] = extend(ls[i], inc)
			extended = true
		}
		if !extended {
			ls = append(ls, append(spec.Leg(nil), inc...))
		}
	}
	return ls
}

func contradicts(leg, inc spec.Leg, n int) bool {
	for _, p := range inc {
		if v, ok := value(leg[:min(n, len(leg))], p.Name); ok && !reflect.DeepEqual(v, p.Value) {
			return true
		}
	}
	return false
}

func extend(leg, inc spec.Leg) spec.Leg {
	out := append(spec.Leg(nil), leg...)
next:
	for _, p := range inc {
		for i := range out {
			if strings.EqualFold(out[i].Name, p.Name) {
				out[i].Value = p.Value
				continue next
			}
		}
		out = append(out, p)
	}
	return out
}

// legIDs names the legs of a job: by the axes' values, or by all values where a
// leg lacks an axis or two legs would have one name. Legs that still have the
// same name are numbered: train@depth=4, train@depth=4~2.
func legIDs(job string, ls []spec.Leg, axes []spec.Axis) []string {
	ids := make([]string, len(ls))
	seen := make(map[string]int, len(ls))
	for i, l := range ls {
		ids[i] = legID(job, axisValues(l, axes))
		seen[ids[i]]++
	}
	taken := make(map[string]bool, len(ls))
	for i, l := range ls {
		if seen[ids[i]] > 1 {
			ids[i] = legID(job, l)
		}
		id := ids[i]
		for n := 2; taken[ids[i]]; n++ {
			ids[i] = id + "~" + strconv.Itoa(n)
		}
		taken[ids[i]] = true
	}
	return ids
}

// axisValues is the part of a leg that comes from the axes, or the whole leg.
func axisValues(l spec.Leg, axes []spec.Axis) spec.Leg {
	if len(axes) == 0 || len(l) < len(axes) {
		return l
	}
	for i, a := range axes {
		if l[i].Name != a.Name.Value {
			return l
		}
	}
	return l[:len(axes)]
}

// maxValue and maxID bound the names of legs, in characters.
const maxValue, maxID = 40, 128

func legID(job string, l spec.Leg) string {
	parts := make([]string, len(l))
	for i, v := range l {
		parts[i] = v.Name + "=" + plain(legText(v.Value), maxValue)
	}
	id := job + "@" + strings.Join(parts, ",")
	if len(id) > maxID {
		return id[:len(plainPrefix(id, maxID-20))] + "~" + short(id)
	}
	return id
}

// plain is a value as it can stand in a name: on a command line, in a file's
// name, in a drawing. What had to be changed for that ends in a digest of what
// it was, so that different values stay different.
func plain(text string, most int) string {
	var s strings.Builder
	for _, r := range text {
		if r == '.' || r == '_' || r == '-' || r == '+' || r == ':' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			s.WriteRune(r)
		} else if t := s.String(); r != '"' && t != "" && t[len(t)-1] != '-' {
			s.WriteByte('-')
		}
	}
	if s.String() == text && utf8.RuneCountInString(text) <= most {
		return text
	}
	return strings.Trim(plainPrefix(s.String(), most), "-") + "~" + short(text)
}

// plainPrefix is the part of a text of at most so many bytes.
func plainPrefix(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

func short(text string) string { return store.Sum([]byte(text)).Hex()[:8] }

// legText is a matrix value as it stands in a name: GitHub's string form, and
// compact JSON for lists and maps.
func legText(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case []any, map[string]any:
		return jsonText(v)
	}
	return expression.Format(expression.FromGo(v))
}

// jsonText is a value of the file as compact JSON, or as Go where JSON has no
// word for it: not a number.
func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%#v", v)
	}
	return string(text)
}
