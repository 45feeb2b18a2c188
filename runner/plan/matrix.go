package plan

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

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
// leg lacks an axis or two legs would have one name.
func legIDs(job string, ls []spec.Leg, axes []spec.Axis) []string {
	ids := make([]string, len(ls))
	seen := make(map[string]int, len(ls))
	for i, l := range ls {
		ids[i] = legID(job, axisValues(l, axes))
		seen[ids[i]]++
	}
	for i, l := range ls {
		if seen[ids[i]] > 1 {
			ids[i] = legID(job, l)
		}
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

func legID(job string, l spec.Leg) string {
	parts := make([]string, len(l))
	for i, v := range l {
		parts[i] = v.Name + "=" + legText(v.Value)
	}
	return job + "@" + strings.Join(parts, ",")
}

// legText is a matrix value as it stands in a name: GitHub's string form, and
// compact JSON for lists and maps.
func legText(v any) string {
	switch v.(type) {
	case []any, map[string]any:
		text, _ := json.Marshal(v) // lists and maps from YAML always marshal
		return string(text)
	}
	return expression.Format(expression.FromGo(v))
}
