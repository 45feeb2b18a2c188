package plan

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"

	"github.com/mlops-runner/mlops/spec/expression"
)

// The sorts of value that YAML and expressions can make.
const (
	isNull uint64 = iota
	isFalse
	isTrue
	isNumber
	isString
	isList
	isMap
)

// maxNested is more than JSON in an expression can nest.
const maxNested = 20_000

// value carries any value of a file. It is no JSON, which has no NaN.
func (c *codec) value(v *any) {
	if c.write {
		c.putValue(*v)
		return
	}
	*v = c.takeValue(0)
}

func (c *codec) putValue(v any) {
	kind, n := isNull, uint64(0)
	switch x := v.(type) {
	case nil:
	case bool:
		if kind = isFalse; x {
			kind = isTrue
		}
	case float64:
		kind = isNumber
		c.uint(&kind)
		c.buf = binary.LittleEndian.AppendUint64(c.buf, math.Float64bits(x))
		return
	case string:
		kind = isString
		c.uint(&kind)
		c.str(&x)
		return
	case []any:
		kind, n = isList, uint64(len(x))
		c.uint(&kind)
		c.uint(&n)
		for _, e := range x {
			c.putValue(e)
		}
		return
	case map[string]any:
		kind, n = isMap, uint64(len(x))
		c.uint(&kind)
		c.uint(&n)
		for _, k := range slices.Sorted(maps.Keys(x)) {
			c.str(&k)
			c.putValue(x[k])
		}
		return
	default:
		c.putValue(expression.ToGo(expression.FromGo(v)))
		return
	}
	c.uint(&kind)
}

func (c *codec) takeValue(depth int) any {
	var kind, n uint64
	if c.uint(&kind); c.bad || depth > maxNested {
		c.bad = true
		return nil
	}
	switch kind {
	case isNull:
		return nil
	case isFalse, isTrue:
		return kind == isTrue
	case isNumber:
		if c.at+8 > len(c.buf) {
			c.bad = true
			return nil
		}
		c.at += 8
		return math.Float64frombits(binary.LittleEndian.Uint64(c.buf[c.at-8:]))
	case isString:
		var s string
		c.str(&s)
		return s
	}
	if c.uint(&n); c.bad || kind > isMap || n > uint64(len(c.buf)-c.at) {
		c.bad = true
		return nil
	}
	if kind == isMap {
		return c.takeMap(n, depth)
	}
	list := make([]any, 0, min(n, 8))
	for range n {
		if list = append(list, c.takeValue(depth+1)); c.bad {
			return nil
		}
	}
	return list
}

// takeMap grows the map, as takeValue a list, as the entries come: lengths that
// are forged one inside the other would else multiply.
func (c *codec) takeMap(n uint64, depth int) map[string]any {
	m := map[string]any{}
	for range n {
		var k string
		c.str(&k)
		if m[k] = c.takeValue(depth + 1); c.bad {
			return nil
		}
	}
	return m
}

// object carries a map, and tells nil from empty.
func (c *codec) object(m *map[string]any) {
	var v any
	if *m != nil {
		v = *m
	}
	c.value(&v)
	if !c.write {
		var ok bool
		*m, ok = v.(map[string]any)
		c.bad = c.bad || v != nil && !ok
	}
}
