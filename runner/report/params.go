package report

import (
	"maps"
	"slices"
	"strconv"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec/expression"
)

// params lists the parameters that differ, by name.
func params(old, now record.Values) (cs []Change) {
	names := map[string]bool{}
	for n := range old {
		names[n] = true
	}
	for n := range now {
		names[n] = true
	}
	for _, name := range sortedKeys(names) {
		a, had := old[name]
		b, has := now[name]
		if had && has && canonical(a) == canonical(b) {
			continue
		}
		c := Change{Name: name}
		was, is := paramTexts(a, b)
		if had {
			c.Old = &was
		}
		if has {
			c.New = &is
		}
		cs = append(cs, c)
	}
	return cs
}

// paramTexts formats two values as the language does, and so that different
// values look different: '1' is not 1, and digits beyond the fifteenth count.
func paramTexts(a, b any) (string, string) {
	was, is := paramText(a), paramText(b)
	if was != is {
		return was, is
	}
	return exactText(a), exactText(b)
}

func paramText(v any) string {
	switch v := expression.FromGo(v).(type) {
	case nil:
		return "null"
	case *expression.Array, *expression.Object:
		return canonical(expression.ToGo(v))
	default:
		return expression.Format(v)
	}
}

func exactText(v any) string {
	switch v := expression.FromGo(v).(type) {
	case string:
		return "'" + v + "'"
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return paramText(v)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
