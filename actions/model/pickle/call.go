package pickle

import "strings"

// callOp does the opcodes that import and call.
func (m *machine) callOp() bool {
	return m.importOp() || m.makeOp() || m.outsideOp()
}

func (m *machine) importOp() bool {
	switch m.op {
	case opGlobal:
		m.push(m.lines())
	case opStackGlobal:
		name, module := m.pop(), m.pop()
		n, okName := name.(str)
		mod, okModule := module.(str)
		if !okName || !okModule {
			m.refuse("imports a name that is not known before it runs (module: %s, name: %s)", typeName(module), typeName(name))
			m.push(&global{refused: true})
			return true
		}
		m.push(m.global(string(mod), string(n)))
	case opInst:
		class := m.lines()
		m.make(class, newTuple(m.popMark()))
	default:
		return false
	}
	return true
}

// lines imports the name that the next two lines hold.
func (m *machine) lines() *global {
	module, okModule := m.src.line()
	mod := string(module)
	name, okName := m.src.line()
	if !okModule || !okName {
		m.refuse("imports a name of more than %d bytes", lineLimit)
		return &global{refused: true}
	}
	return m.global(mod, string(name))
}

// global imports a name: allowed, or refused and walked on.
func (m *machine) global(module, name string) *global {
	g := &global{module: module, name: name}
	full := module + "." + name
	g.refused = !Allowed(module, name) && (m.opts.Allow == nil || !m.opts.Allow(module, name))
	if m.opts.Torch && torchAllowed(module, name) {
		g.refused = false
	}
	if g.refused {
		m.add(Refusal{Reason: "imports " + printable(full) + ", which is not on the list of harmless names", Global: full})
	}
	if !m.seen[module+"\n"+name] && len(m.seen) < 10_000 {
		m.seen[module+"\n"+name] = true
		m.res.Globals = append(m.res.Globals, Global{Module: module, Name: name, Offset: m.opAt})
	}
	return g
}

// printable is a name that a person may read on a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
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
	if g, ok := class.(*global); ok && g.isWrapper() {
		if t.size != 0 {
			m.refuse("joblib's array class is given arguments")
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
	if g.isWrapper() || args.array {
		m.refuse("joblib's array class is used in a call, so where raw arrays stand is unknown")
	}
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
	if class.isWrapper() && !plainBase || carriesArray(t.at(1)) || carriesArray(t.at(2)) {
		m.refuse("joblib's array class is used in a call, so where raw arrays stand is unknown")
	}
	m.push(&object{class: class})
}

// badCall says why an allowed name may not be called so.
func badCall(g *global, t *tuple) string {
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
	case "functools.partial":
		if _, ok := t.at(0).(*global); !ok {
			return "functools.partial is over " + typeName(t.at(0)) + ", which is not an imported name"
		}
	}
	return ""
}

var textCodecs = map[string]bool{"latin1": true, "latin-1": true, "ascii": true, "utf-8": true, "utf8": true}

// build gives an object its state.
func (m *machine) build(to, state value) {
	o, ok := to.(*object)
	if !ok {
		if to != value(somewhat) {
			m.refuse("gives %s a state: it would change a thing that all of the program shares", typeName(to))
		}
		return
	}
	if o.built++; o.built == 1 {
		o.state = state
	} else {
		o.state = somewhat // what two states make of it is not followed
	}
	if o.torch {
		m.refuse("gives a tensor's memory a state")
	}
	m.checkState(state)
	if o.class != nil && o.class.isWrapper() {
		m.rawArray(o, state)
		return
	}
	m.learn(o, state)
	if !o.isDType() {
		o.state = nil // only dtypes are asked for theirs
	}
}

// checkState refuses attributes that change what an object is.
func (m *machine) checkState(state value) {
	if t, ok := state.(*tuple); ok {
		if t.array {
			m.hold(t)
		}
		for _, v := range t.items[:min(2, len(t.items))] {
			if d, ok := v.(*dict); ok {
				m.checkState(d)
			}
		}
		return
	}
	d, ok := state.(*dict)
	if !ok {
		m.hold(state)
		return
	}
	for k := range d.entries {
		if strings.HasPrefix(k, "__") && strings.HasSuffix(k, "__") {
			m.refuse("sets the attribute %s", printable(k))
		}
	}
}

// outsideOp does the opcodes whose values come from elsewhere.
func (m *machine) outsideOp() bool {
	switch m.op {
	case opExt1, opExt2, opExt4:
		code := m.src.number(1 << (m.op - opExt1))
		m.refuse("imports the name that the running program registered as %d, which nobody can know before", code)
		m.push(&global{refused: true})
	case opPersID:
		m.src.line()
		m.persistent(somewhat)
	case opBinPersID:
		m.persistent(m.pop())
	case opNextBuffer:
		m.refuse("takes a buffer that is not in the file")
		m.push(somewhat)
	case opReadOnlyBuffer:
		m.top()
	default:
		return false
	}
	return true
}

// persistent resolves an id by the loading program: known for PyTorch alone.
func (m *machine) persistent(id value) {
	t, _ := id.(*tuple)
	kind, _ := t.at(0).(str)
	class, okClass := t.at(1).(*global)
	key, okKey := t.at(2).(str)
	count, okCount := t.at(4).(number)
	if !m.opts.Torch || kind != "storage" || !okClass || !okKey || !okCount {
		m.refuse("asks the loading program for an object by its own id")
		m.push(somewhat)
		return
	}
	if len(m.res.Storages) < m.opts.Limits.Memo {
		m.res.Storages = append(m.res.Storages, Storage{Key: string(key), Type: class.name, Count: int64(count)})
	}
	m.push(&object{class: class, torch: true})
}
