package expression

import (
	"encoding/json"
	"reflect"
	"sort"
	"strconv"
)

// maxNesting is how deep FromGo follows maps and slices, so that a value that
// contains itself ends.
const maxNesting = 1000

// FromGo turns a Go value into a value of the language: nil, bool, float64,
// string, [*Array] or [*Object]. It takes those themselves, all integers and
// floats, json.Number, and maps with string keys, slices, arrays and pointers of
// them; map keys are sorted. A string type becomes a string. Anything else, and
// what is nested deeper than 1000, becomes null.
func FromGo(v any) any {
	switch v.(type) {
	case nil, bool, float64, string, *Array, *Object:
		return v
	}
	return fromGo(v, 0)
}

func fromGo(v any, depth int) any {
	if depth > maxNesting {
		return nil
	}
	switch v := v.(type) {
	case nil, bool, float64, string, *Array, *Object:
		return v
	case int:
		return float64(v)
	case json.Number:
		return fromNumber(string(v))
	case map[string]any:
		return fromMap(v, depth)
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = fromGo(item, depth+1)
		}
		return &Array{items: items}
	}
	return fromReflect(reflect.ValueOf(v), depth)
}

func fromNumber(s string) any {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && f == 0 {
		return nil
	}
	return f
}

func fromMap(m map[string]any, depth int) any {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	o := NewObject(len(m))
	for _, k := range keys {
		o.Set(k, fromGo(m[k], depth+1))
	}
	return o
}

func fromReflect(v reflect.Value, depth int) any {
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return float64(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return float64(v.Uint())
	case reflect.Float32, reflect.Float64:
		return v.Float()
	case reflect.String:
		return v.String()
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return fromGo(v.Elem().Interface(), depth+1)
	case reflect.Slice, reflect.Array:
		return fromSlice(v, depth)
	case reflect.Map:
		return fromReflectMap(v, depth)
	}
	return nil
}

func fromSlice(v reflect.Value, depth int) any {
	if v.Kind() == reflect.Slice && v.IsNil() {
		return nil
	}
	items := make([]any, v.Len())
	for i := range items {
		items[i] = fromGo(v.Index(i).Interface(), depth+1)
	}
	return &Array{items: items}
}

func fromReflectMap(v reflect.Value, depth int) any {
	if v.IsNil() || v.Type().Key().Kind() != reflect.String {
		return nil
	}
	m := make(map[string]any, v.Len())
	for it := v.MapRange(); it.Next(); {
		m[it.Key().String()] = it.Value().Interface()
	}
	return fromMap(m, depth)
}

// ToGo turns a value of the language into plain Go: nil, bool, float64, string,
// []any and map[string]any. The order of names is lost.
func ToGo(v any) any {
	switch v := v.(type) {
	case *Array:
		out := make([]any, len(v.items))
		for i, item := range v.items {
			out[i] = ToGo(item)
		}
		return out
	case *Object:
		out := make(map[string]any, len(v.keys))
		for i, k := range v.keys {
			out[k] = ToGo(v.vals[i])
		}
		return out
	}
	return v
}
