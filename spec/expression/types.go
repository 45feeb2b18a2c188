package expression

import (
	"sort"
	"strings"
)

type typeKind uint8

const (
	kindAny typeKind = iota
	kindNull
	kindBoolean
	kindNumber
	kindMetric
	kindString
	kindScalar // null, boolean, number or string: what GitHub turns into text
	kindArray
	kindObject
)

// A Type is what is known of a value before anything runs. The zero value is
// the type any, of which nothing is known and everything allowed. Types are
// immutable and safe for concurrent use.
type Type struct {
	kind     typeKind
	filtered bool // array: the result of `.*`
	of       *shape
}

// shape is what an array or object type holds.
type shape struct {
	elem   Type            // of arrays, and of the other names of open objects
	fields map[string]Type // by lower-cased name
	names  []string        // as declared, sorted
	open   bool
}

// AnyType is the type of a value of which nothing is known.
func AnyType() Type { return Type{} }

// NullType is the type of null alone.
func NullType() Type { return Type{kind: kindNull} }

// BooleanType is the type of true and false.
func BooleanType() Type { return Type{kind: kindBoolean} }

// NumberType is the type of numbers.
func NumberType() Type { return Type{kind: kindNumber} }

// StringType is the type of strings.
func StringType() Type { return Type{kind: kindString} }

// ScalarType is the type of null, booleans, numbers and strings: everything
// that GitHub turns into text without losing it.
func ScalarType() Type { return Type{kind: kindScalar} }

// MetricType is the type of a number that also has a name, such as a declared
// metric. It can be used wherever a number can, and is what functions that take
// a metric [Param.ByName] ask for.
func MetricType() Type { return Type{kind: kindMetric} }

// ArrayOf is the type of arrays of elem.
func ArrayOf(elem Type) Type { return Type{kind: kindArray, of: &shape{elem: elem}} }

// ObjectOf is the type of an object that has these names and no others.
func ObjectOf(fields map[string]Type) Type { return object(fields, Type{}, false) }

// MapOf is the type of an object with unknown names whose values are of elem,
// such as environment variables.
func MapOf(elem Type) Type { return object(nil, elem, true) }

// object is the type of an object that has these names and, if it is open, maybe
// others, whose values are of elem.
func object(fields map[string]Type, elem Type, open bool) Type {
	s := &shape{elem: elem, open: open, fields: make(map[string]Type, len(fields)), names: make([]string, 0, len(fields))}
	for name, t := range fields {
		s.fields[strings.ToLower(name)] = t
		s.names = append(s.names, name)
	}
	sort.Strings(s.names)
	return Type{kind: kindObject, of: s}
}

// TypeOf returns the type of a value: objects have exactly the names that v
// has. v may be anything that [FromGo] takes.
func TypeOf(v any) Type {
	switch v := FromGo(v).(type) {
	case bool:
		return BooleanType()
	case float64:
		return NumberType()
	case string:
		return StringType()
	case *Array:
		return ArrayOf(typeOfAll(v.items))
	case *Object:
		fields := make(map[string]Type, len(v.keys))
		for i, k := range v.keys {
			fields[k] = TypeOf(v.vals[i])
		}
		return ObjectOf(fields)
	}
	return NullType()
}

func typeOfAll(vs []any) Type {
	ts := make([]Type, len(vs))
	for i, v := range vs {
		ts[i] = TypeOf(v)
	}
	return union(ts)
}

// Kind returns the kind of all values of the type; ok is false for any and
// other types that have several.
func (t Type) Kind() (k Kind, ok bool) {
	switch t.kind {
	case kindNull:
		return NullKind, true
	case kindBoolean:
		return BooleanKind, true
	case kindNumber, kindMetric:
		return NumberKind, true
	case kindString:
		return StringKind, true
	case kindArray:
		return ArrayKind, true
	case kindObject:
		return ObjectKind, true
	}
	return "", false
}

// IsAny reports whether nothing is known of the type.
func (t Type) IsAny() bool { return t.kind == kindAny }

// IsMetric reports whether the type is that of [MetricType].
func (t Type) IsMetric() bool { return t.kind == kindMetric }

// Elem returns the type of an array's items, and any for other types.
func (t Type) Elem() Type {
	if t.kind == kindArray {
		return t.of.elem
	}
	return Type{}
}

// Field returns the type of a name, in any case, of an object type. ok is false
// if the object cannot have it.
func (t Type) Field(name string) (f Type, ok bool) {
	if t.kind != kindObject {
		return Type{}, t.kind == kindAny
	}
	if f, ok = t.of.fields[name]; ok {
		return f, true
	}
	if f, ok = t.of.fields[strings.ToLower(name)]; ok {
		return f, true
	}
	return t.of.elem, t.of.open
}

// Fields returns the known names of an object type, sorted.
func (t Type) Fields() []string {
	if t.kind == kindObject {
		return t.of.names
	}
	return nil
}

// String returns the type as errors name it, such as "number" or "array of string".
func (t Type) String() string {
	switch t.kind {
	case kindNull:
		return "null"
	case kindBoolean:
		return "boolean"
	case kindNumber:
		return "number"
	case kindMetric:
		return "metric"
	case kindString:
		return "string"
	case kindScalar:
		return "scalar"
	case kindArray:
		return t.arrayString()
	case kindObject:
		return "object"
	}
	return "any"
}

func (t Type) arrayString() string {
	if t.of.elem.kind == kindAny {
		return "array"
	}
	return "array of " + t.of.elem.String()
}

// union returns a type that all values of ts have.
func union(ts []Type) Type {
	if len(ts) == 0 {
		return Type{}
	}
	u := ts[0]
	for _, t := range ts[1:] {
		u = either(u, t)
	}
	return u
}

func either(a, b Type) Type {
	switch {
	case a == b:
		return a
	case a.number() && b.number():
		return NumberType()
	case a.scalar() && b.scalar():
		return ScalarType()
	case a.kind == kindArray && b.kind == kindArray:
		return Type{kind: kindArray, filtered: a.filtered && b.filtered, of: &shape{elem: either(a.of.elem, b.of.elem)}}
	case a.kind == kindObject && b.kind == kindObject:
		return eitherObject(a, b)
	}
	return Type{}
}

// eitherObject has the names of both: one that only one of them has may be missing, so it is any.
func eitherObject(a, b Type) Type {
	fields := make(map[string]Type, len(a.of.names)+len(b.of.names))
	for _, n := range a.of.names {
		fields[n] = Type{}
		if f, ok := b.of.fields[strings.ToLower(n)]; ok {
			fields[n] = either(a.of.fields[strings.ToLower(n)], f)
		}
	}
	for _, n := range b.of.names {
		if _, ok := a.of.fields[strings.ToLower(n)]; !ok {
			fields[n] = Type{}
		}
	}
	return object(fields, Type{}, a.of.open || b.of.open)
}

func (t Type) number() bool { return t.kind == kindNumber || t.kind == kindMetric }

func (t Type) scalar() bool { return kindNull <= t.kind && t.kind <= kindScalar }

// compound reports whether the type is an array or object.
func (t Type) compound() bool { return t.kind >= kindArray }

// accepts reports whether a value of type v may be given where t is asked for.
func (t Type) accepts(v Type) bool {
	switch {
	case t.kind == kindAny || v.kind == kindAny || t.kind == v.kind:
		return true
	case t.kind == kindNumber:
		return v.kind == kindMetric || v.kind == kindScalar
	case t.kind == kindScalar:
		return v.scalar()
	}
	return v.kind == kindScalar && t.scalar() && t.kind != kindMetric
}
