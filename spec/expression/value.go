package expression

import "strings"

// A Kind is one of the six kinds of value that the language knows. Its text is
// the word GitHub uses for it, and the text that arrays and objects turn into
// when a string is asked for.
type Kind string

// The kinds of value.
const (
	NullKind    Kind = "Null"
	BooleanKind Kind = "Boolean"
	NumberKind  Kind = "Number"
	StringKind  Kind = "String"
	ArrayKind   Kind = "Array"
	ObjectKind  Kind = "Object"
)

// KindOf returns the kind of v, which must be a value of the language as
// [FromGo] returns them; anything else counts as [NullKind].
func KindOf(v any) Kind {
	switch v.(type) {
	case bool:
		return BooleanKind
	case float64:
		return NumberKind
	case string:
		return StringKind
	case *Array:
		return ArrayKind
	case *Object:
		return ObjectKind
	}
	return NullKind
}

// primitive reports whether v is null, a boolean, a number or a string.
func primitive(v any) bool {
	switch v.(type) {
	case *Array, *Object:
		return false
	}
	return true
}

// An Array is a list of values. Two arrays are equal when they are the same
// pointer. It is not changed after it was built and so safe for concurrent use.
type Array struct {
	items []any
	// filtered marks the result of `.*`: what is asked of it is asked of each item.
	filtered bool
}

// Len returns the number of items.
func (a *Array) Len() int { return len(a.items) }

// At returns item i, counted from 0; it panics outside the array as a slice does.
func (a *Array) At(i int) any { return a.items[i] }

// Items returns the items, which the caller must not change.
func (a *Array) Items() []any { return a.items }

// linearKeys is how many keys are searched one by one; more are indexed.
const linearKeys = 8

// An Object maps names to values. It keeps the order in which names were set,
// and finds them whatever their case, as GitHub does. Two objects are equal
// when they are the same pointer. The zero value is an empty object. Reading is
// safe for concurrent use; [Object.Set] is not.
type Object struct {
	keys  []string
	vals  []any
	index map[string]int // by lower-cased key, once there are more than linearKeys
}

// NewObject returns an empty object with room for n names.
func NewObject(n int) *Object {
	return &Object{keys: make([]string, 0, n), vals: make([]any, 0, n)}
}

// Len returns the number of names.
func (o *Object) Len() int { return len(o.keys) }

// Keys returns the names in order, as they were set; the caller must not change them.
func (o *Object) Keys() []string { return o.keys }

// Values returns the values in the order of [Object.Keys]; the caller must not change them.
func (o *Object) Values() []any { return o.vals }

// Get returns the value of a name, in any case, and whether there is one.
func (o *Object) Get(name string) (any, bool) {
	i := o.find(name)
	if i < 0 {
		return nil, false
	}
	return o.vals[i], true
}

// Set adds a name, or replaces the value of a name written exactly the same. Of
// two names that differ in case alone the first stays and the second is
// dropped, as in GitHub's own objects.
func (o *Object) Set(name string, v any) {
	if i := o.find(name); i >= 0 {
		if o.keys[i] == name {
			o.vals[i] = v
		}
		return
	}
	o.keys, o.vals = append(o.keys, name), append(o.vals, v)
	if o.index != nil {
		o.index[strings.ToLower(name)] = len(o.keys) - 1
		return
	}
	if len(o.keys) > linearKeys {
		o.reindex()
	}
}

func (o *Object) reindex() {
	o.index = make(map[string]int, 2*len(o.keys))
	for i, k := range o.keys {
		o.index[strings.ToLower(k)] = i
	}
}

func (o *Object) find(name string) int {
	if o.index != nil {
		if i, ok := o.index[strings.ToLower(name)]; ok {
			return i
		}
		return -1
	}
	for i, k := range o.keys {
		if sameName(k, name) {
			return i
		}
	}
	return -1
}

// sameName reports whether two names are the same but for case. It compares
// lower-cased forms and not with strings.EqualFold, which also takes the
// Kelvin sign for a k, so that small and indexed objects agree.
func sameName(a, b string) bool {
	if a == b {
		return true
	}
	for i := 0; i < len(a) && i < len(b); i++ {
		x, y := a[i], b[i]
		if x >= 0x80 || y >= 0x80 {
			a, b = strings.ToLower(a), strings.ToLower(b)
			return a == b
		}
		if lowerASCII(x) != lowerASCII(y) {
			return false
		}
	}
	return len(a) == len(b)
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
