package pickle

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

// checkState refuses a state whose second part, which becomes attributes,
// changes what an object is.
func (m *machine) checkState(state value) {
	m.hold(state)
	t, ok := state.(*tuple)
	if !ok || t.size != 2 {
		return
	}
	switch slots := t.at(1).(type) {
	case *dict:
		if slots.dunder {
			m.refuse("sets attributes such as __class__, or by names that are not known")
		}
	case *object:
		if slots.class != nil && dictLike[python3(slots.class)] {
			m.refuse("sets attributes by names that are not known")
		}
	}
}

var dictLike = map[string]bool{"builtins.dict": true, "collections.OrderedDict": true, "collections.defaultdict": true, "collections.Counter": true}
