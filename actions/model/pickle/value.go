package pickle

import "strings"

// A value is what a place on the stack or in the memo holds, as far as a walk
// has to know it.
type value interface{}

type (
	// plain is a value of a Python type whose content nobody needs: a float, a
	// list, a set, a string too long to be a name.
	plain string

	str     string // a text that is known
	number  int64  // an int that is known
	boolean bool
	none    struct{}

	// rawBytes is a bytes object; its content is known if it is short.
	rawBytes struct {
		size int64
		data string
	}

	// tuple keeps its first items.
	tuple struct {
		items []value
		size  int
		bare  bool // holds a class of [global.bare], also in a tuple within
	}

	// dict keeps its first entries with keys that are strings.
	dict struct {
		entries map[string]value
		whole   bool // entries are all
		dunder  bool // has a key such as __class__, or one that is not known
	}

	// global is an imported name.
	global struct {
		module, name string
		refused      bool
	}

	// object is what calling a global made.
	object struct {
		class *global // nil if nobody can tell
		args  *tuple  // of the call, for dtypes
		state value   // of BUILD, for dtypes
		built int     // times that BUILD changed it
		torch bool    // is tensors' memory
	}
)

const (
	aFloat   plain = "float"
	aLong    plain = "int"
	aList    plain = "list"
	aSet     plain = "set"
	aFrozen  plain = "frozenset"
	aText    plain = "str"
	anArray  plain = "bytearray"
	somewhat plain = "object" // what a refused opcode leaves on the stack
)

const (
	keptItems   = 32  // of a tuple
	keptEntries = 64  // of a dict
	keptText    = 256 // bytes of a string; names are shorter
	keptBytes   = 1 << 20
)

// typeName is the Python type of a value, or the global that made it.
func typeName(v value) string {
	switch v := v.(type) {
	case plain:
		return string(v)
	case str:
		return "str"
	case number:
		return "int"
	case boolean:
		return "bool"
	case none:
		return "None"
	case rawBytes:
		return "bytes"
	case *tuple:
		return "tuple"
	case *dict:
		return "dict"
	case *global:
		if v.module != "" {
			return v.module + "." + v.name
		}
	case *object:
		if v.class != nil {
			return typeName(v.class)
		}
	}
	return "object"
}

// set keeps an entry if it may matter.
func (d *dict) set(key, v value) {
	k, ok := key.(str)
	d.dunder = d.dunder || !ok || (strings.HasPrefix(string(k), "__") && strings.HasSuffix(string(k), "__"))
	if !ok || (len(d.entries) >= keptEntries && d.entries[string(k)] == nil) {
		d.whole = false
		return
	}
	if d.entries == nil {
		d.entries = map[string]value{}
	}
	d.entries[string(k)] = v
}

// newTuple copies the items that it keeps.
func newTuple(items []value) *tuple {
	t := &tuple{size: len(items)}
	t.items = append(t.items, items[:min(len(items), keptItems)]...)
	for _, v := range items {
		t.bare = t.bare || carriesBare(v)
	}
	return t
}

// carriesBare reports whether a value is a class that is not called or holds one.
func carriesBare(v value) bool {
	switch v := v.(type) {
	case *global:
		return v.bare()
	case *tuple:
		return v.bare
	}
	return false
}

// bare reports whether a class may only be made without being called, as its
// library's pickles do: joblib's arrays, after which raw bytes follow, and
// models that read a file if they are called with its name.
func (g *global) bare() bool {
	return g.isWrapper() || g.is("xgboost.core", "Booster") || g.is("lightgbm.basic", "Booster")
}

func (g *global) isWrapper() bool {
	return g.module == "joblib.numpy_pickle" && g.name == "NumpyArrayWrapper"
}

func (g *global) is(module, name string) bool { return g.module == module && g.name == name }

// at returns an item of a tuple, nil if it has none or more than are kept.
func (t *tuple) at(i int) value {
	if t == nil || i >= len(t.items) {
		return nil
	}
	return t.items[i]
}
