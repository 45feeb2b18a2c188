package expression

import (
	"fmt"
	"math"
	"strings"
)

// A frame is one evaluation: what it reads and what it has used up. The lowered
// expression has it as its environment and hands it to each operation.
type frame struct {
	scope  *Scope
	budget *budget
	loaded map[string]any // by lower-cased name: values of the scope that had to be converted
	notes  []*Node        // what a trace has asked for, by number
}

// load returns the value of a name.
func (f *frame) load(name string) (any, error) {
	v, ok := f.scope.lookup(name)
	if !ok {
		return nil, fmt.Errorf("unrecognized named-value: '%s'", name)
	}
	switch v.(type) {
	case nil, bool, float64, string, *Array, *Object:
		return v, nil
	}
	// Converted once, so that it equals itself.
	name = strings.ToLower(name)
	if c, ok := f.loaded[name]; ok {
		return c, nil
	}
	if f.loaded == nil {
		f.loaded = make(map[string]any)
	}
	v = FromGo(v)
	f.loaded[name] = v
	return v, nil
}

// index returns v[i]: an item of an array for a number from 0, which is rounded
// down; a value of an object for a scalar as text; null if there is none.
func (f *frame) index(v, i any) (any, error) {
	switch v := v.(type) {
	case *Array:
		if v.filtered {
			return f.each(v, func(item any) []any { return pick(item, i) })
		}
	case *Object:
	default:
		return nil, nil
	}
	if found := pick(v, i); len(found) > 0 {
		return found[0], nil
	}
	return nil, nil
}

// pick returns v[i] alone, or nothing.
func pick(v, i any) []any {
	switch v := v.(type) {
	case *Array:
		if n := math.Floor(toNumber(i)); n >= 0 && n < float64(len(v.items)) {
			return v.items[int(n) : int(n)+1]
		}
	case *Object:
		if !primitive(i) {
			return nil
		}
		if at := v.find(Format(i)); at >= 0 {
			return v.vals[at : at+1]
		}
	}
	return nil
}

// filter returns v.*: the items of an array or the values of an object, of
// which each is asked what the result is asked.
func (f *frame) filter(v any) (any, error) {
	if a, ok := v.(*Array); ok && a.filtered {
		return f.each(a, inside)
	}
	items := inside(v)
	return &Array{items: items, filtered: true}, f.budget.visit(len(items))
}

func inside(v any) []any {
	switch v := v.(type) {
	case *Array:
		return v.items
	case *Object:
		return v.vals
	}
	return nil
}

// each returns what get finds in each item.
func (f *frame) each(a *Array, get func(item any) []any) (any, error) {
	out := &Array{filtered: true}
	for _, item := range a.items {
		found := get(item)
		if err := f.budget.visit(1 + len(found)); err != nil {
			return nil, err
		}
		out.items = append(out.items, found...)
	}
	return out, nil
}

// compare compares two values and accounts for the text read.
func (f *frame) compare(a, b any) (order, error) {
	return compare(a, b), f.budget.readText(a, b)
}

// call calls a function.
func (f *frame) call(name string, args []any) (any, error) {
	fn, ok := lookupFunc(f.scope.Funcs, name)
	if !ok {
		return nil, fmt.Errorf("unrecognized function: '%s'", name)
	}
	if msg := fn.arityProblem(len(args)); msg != "" {
		return nil, fmt.Errorf("%s: '%s'", msg, name)
	}
	return fn.call(f.budget, args)
}

// byName reports whether a function wants argument i by name.
func (f *frame) byName(name string, i int) bool {
	fn, ok := lookupFunc(f.scope.Funcs, name)
	return ok && fn.param(i).ByName
}
