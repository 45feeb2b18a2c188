package pickle

import (
	"strconv"
	"strings"
)

// dtype is a NumPy type as far as the size of an array needs it.
type dtype struct {
	code   string // f8, U12, V56
	size   int64  // bytes of an item
	object bool   // items hold Python objects
}

// maxItem is the largest item that is believed, in bytes.
const maxItem = 1 << 30

func (o *object) isDType() bool { return o.class != nil && o.class.is("numpy", "dtype") }

// isArray reports whether o is joblib's description of an array.
func (o *object) isArray() bool { return o.class != nil && o.class.isWrapper() }

// readDType reads what numpy.dtype(code, False, True) and one BUILD made, or
// says why its size is not certain.
func readDType(v value) (d dtype, fault string) {
	o, ok := v.(*object)
	if !ok || !o.isDType() || o.built > 1 {
		return d, "its dtype is not plainly numpy.dtype"
	}
	code, ok := o.args.at(0).(str)
	if !ok {
		return d, "its dtype is made of a " + typeName(o.args.at(0))
	}
	if d, ok = parseCode(string(code)); !ok {
		return d, "its dtype is " + printable(string(code))
	}
	if o.built == 0 {
		return d, ""
	}
	return d, d.check(o.state)
}

// check holds the state that BUILD gave to what the code says. NumPy takes the
// size from the state for types of free size, and the fields from it for V.
func (d *dtype) check(state value) string {
	t, ok := state.(*tuple)
	if !ok || t.size < 8 || t.size > 9 {
		return "its dtype has a strange state"
	}
	size, ok := t.at(5).(number)
	if !ok || (size != -1 && int64(size) != d.size) {
		return "its dtype says two sizes"
	}
	flags, ok := t.at(7).(number)
	if !ok {
		return "its dtype has no flags"
	}
	holds, known := holdsObjects(t)
	// Flag 1 is NumPy's NPY_ITEM_HASOBJECT.
	if has := flags&1 != 0; !known || (d.code[0] == 'V' && has != holds) {
		return "its dtype's fields are not plain"
	}
	d.object = d.object || holds
	return ""
}

// holdsObjects reports whether a field or the base of a subarray is of Python
// objects, as far as it is known.
func holdsObjects(state *tuple) (holds, known bool) {
	known = true
	add := func(v value) {
		inner, fault := readDType(v)
		holds, known = holds || inner.object, known && fault == ""
	}
	switch sub := state.at(2).(type) {
	case none:
	case *tuple:
		add(sub.at(0))
	default:
		return false, false
	}
	switch fields := state.at(4).(type) {
	case none:
	case *dict:
		for _, f := range fields.entries {
			t, _ := f.(*tuple)
			add(t.at(0))
		}
		known = known && fields.whole
	default:
		return false, false
	}
	return holds, known
}

var fixedSizes = map[string]int64{
	"b1": 1, "i1": 1, "i2": 2, "i4": 4, "i8": 8, "u1": 1, "u2": 2, "u4": 4, "u8": 8,
	"f2": 2, "f4": 4, "f8": 8, "f16": 16, "c8": 8, "c16": 16, "c32": 32, "M8": 8, "m8": 8, "O8": 8, "O": 8, "|O": 8,
}

// parseCode reads a code without an order of bytes: f8, U12 (4 bytes a letter), S5, V56.
func parseCode(code string) (dtype, bool) {
	if size, ok := fixedSizes[code]; ok {
		return dtype{code: code, size: size, object: strings.Contains(code, "O")}, true
	}
	if len(code) < 2 || !strings.Contains("USV", code[:1]) {
		return dtype{}, false
	}
	n, err := strconv.ParseUint(code[1:], 10, 31)
	if code[0] == 'U' {
		n *= 4
	}
	return dtype{code: code, size: int64(n)}, err == nil && n > 0 && n < maxItem && code[1] != '0'
}
