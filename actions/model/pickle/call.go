package pickle

import "strings"

// callOp does the opcodes that import and call.
func (m *machine) callOp() bool {
	return m.importOp() || m.makeOp() || m.outsideOp()
}

func (m *machine) makeOp() bool {
	switch m.op {
	case opReduce:
		args, callable := m.pop(), m.pop()
		m.reduce(callable, args)
	case opObj:
		items := m.popMark()
		if len(items) == 0 {
			m.fail("no pickle: OBJ has no class")
			return true
		}
		m.make(items[0], newTuple(items[1:]))
	case opNewObj:
		args, class := m.pop(), m.pop()
		m.newObject(class, args)
	case opNewObjEx:
		kwargs, args, class := m.pop(), m.pop(), m.pop()
		m.hold(kwargs)
		m.newObject(class, args)
	case opBuild:
		state := m.pop()
		m.build(m.top(), state)
	default:
		return false
	}
	return true
}

// newObject makes an object without calling its class. joblib's arrays are
// made in this way alone.
func (m *machine) newObject(class, args value) {
	t, ok := args.(*tuple)
	if !ok {
		m.refuse("makes %s of %s instead of a tuple", typeName(class), typeName(args))
		t = &tuple{}
	}
	if g, ok := class.(*global); ok && g.bare() {
		if t.size != 0 {
			m.refuse("%s is given arguments", typeName(g))
		}
		m.push(&object{class: g})
		return
	}
	m.make(class, t)
}

// reduce calls what must be an imported name.
func (m *machine) reduce(callable, args value) {
	t, ok := args.(*tuple)
	if !ok {
		m.refuse("calls %s with %s instead of a tuple", typeName(callable), typeName(args))
		t = &tuple{}
	}
	g, ok := callable.(*global)
	if !ok {
		m.make(callable, t)
		return
	}
	if python3(g) == "copyreg._reconstructor" {
		m.reconstruct(t)
		return
	}
	if fault := badCall(g, t); fault != "" {
		m.refuse("%s", fault)
	}
	m.make(g, t)
}

// make pushes the object that a call of an imported name makes.
func (m *machine) make(callable value, args *tuple) {
	g, ok := callable.(*global)
	if !ok {
		if callable != value(somewhat) {
			m.refuse("calls %s, which is not an imported name", typeName(callable))
		}
		m.push(somewhat)
		return
	}
	m.hold(g, args)
	if python3(g) == "_codecs.encode" {
		m.push(rawBytes{size: -1})
		return
	}
	o := &object{class: g}
	switch {
	case g.is("numpy", "dtype"):
		o.args = args
	case g.name == "_reconstruct" && strings.HasSuffix(g.module, "multiarray"):
		if class, ok := args.at(0).(*global); ok {
			o.class = class
		}
	}
	m.push(o)
}

// reconstruct is copyreg._reconstructor(class, base, state), by which protocols
// 0 and 1 make objects.
func (m *machine) reconstruct(t *tuple) {
	class, ok := t.at(0).(*global)
	if !ok || t.size != 3 {
		m.refuse("copyreg._reconstructor makes an object of %s, which is not an imported name", typeName(t.at(0)))
		m.push(somewhat)
		return
	}
	base, ok := t.at(1).(*global)
	plainBase := ok && python3(base) == "builtins.object"
	m.hold(t.at(1), t.at(2))
	if !plainBase {
		m.hold(class)
	}
	m.push(&object{class: class})
}

// takesSize are names that take as much memory as a number, or a shape, says.
const takesSize = "numpy.identity numpy.ndarray numpy.recarray numpy.rec.recarray numpy.void numpy.bytes_"

// badCall says why an allowed name may not be called so.
func badCall(g *global, t *tuple) string {
	for _, v := range t.items {
		if o, ok := v.(*object); ok && o.class != nil && python3(o.class) == "builtins.range" {
			return python3(g) + " is called with a range, which may be of any length: it would take that memory"
		}
	}
	if has(takesSize, python3(g)) && t.size > 0 {
		switch v := t.at(0); v.(type) {
		case rawBytes, str:
		default:
			return python3(g) + " is called with " + typeName(v) + ", which may be a size: it would take that memory"
		}
	}
	switch python3(g) {
	case "_codecs.encode":
		codec, ok := t.at(1).(str)
		if !ok || t.size != 2 || !textCodecs[string(codec)] {
			return "_codecs.encode is called for something else than making bytes of text"
		}
	case "builtins.bytearray", "builtins.bytes":
		switch v := t.at(0).(type) {
		case nil, rawBytes, str:
		default:
			if v != value(aText) && v != value(aList) && v != value(anArray) {
				return python3(g) + " is called with " + typeName(v) + ", which may be a size: it would take that memory"
			}
		}
	case "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct":
		// What NumPy writes is an empty array, which its state fills.
		if shape, ok := t.at(1).(*tuple); ok && (shape.size != 1 || shape.at(0) != value(number(0))) {
			return "an array is made with a size of its own: it would take that memory"
		}
	case "functools.partial":
		if _, ok := t.at(0).(*global); !ok {
			return "functools.partial is over " + typeName(t.at(0)) + ", which is not an imported name"
		}
	}
	return ""
}

var textCodecs = map[string]bool{"latin1": true, "latin-1": true, "ascii": true, "utf-8": true, "utf8": true}
