package pickle

// shapeOp does the opcodes that build and change containers.
func (m *machine) shapeOp() bool {
	return m.stackOp() || m.tupleOp() || m.listOp() || m.dictOp()
}

func (m *machine) stackOp() bool {
	switch m.op {
	case opMark:
		m.marks = append(m.marks, len(m.stack))
		if len(m.marks) > m.opts.Limits.Memo {
			m.lose("more than %d marks", m.opts.Limits.Memo)
		}
	case opPop:
		// A POP right after a MARK takes the mark.
		if len(m.marks) > 0 && m.floor() == len(m.stack) {
			m.popMark()
		} else {
			m.pop()
		}
	case opPopMark:
		m.popMark()
	case opDup:
		m.push(m.top())
	case opStop:
		m.lastPop = m.pop()
		m.stopped = true
		if m.frameEnd > m.src.offset() {
			m.lose("the frame goes on to %d, after the STOP: what Python reads next is unknown", m.frameEnd)
		}
	default:
		return false
	}
	return true
}

func (m *machine) tupleOp() bool {
	switch m.op {
	case opEmptyTuple:
		m.push(&tuple{})
	case opTuple:
		m.push(newTuple(m.popMark()))
	case opTuple1, opTuple2, opTuple3:
		n := int(m.op) - opTuple1 + 1
		if len(m.stack)-n < m.floor() {
			m.fail("no pickle: the stack is empty")
			return true
		}
		t := newTuple(m.stack[len(m.stack)-n:])
		m.stack = append(m.stack[:len(m.stack)-n], t)
	default:
		return false
	}
	return true
}

func (m *machine) listOp() bool {
	switch m.op {
	case opEmptyList:
		m.push(aList)
	case opList:
		m.hold(m.popMark()...)
		m.push(aList)
	case opEmptySet:
		m.push(aSet)
	case opFrozenSet:
		m.hold(m.popMark()...)
		m.push(aFrozen)
	case opAppend:
		v := m.pop()
		m.hold(v)
		m.changes(m.top(), aList)
	case opAppends:
		m.hold(m.popMark()...)
		m.changes(m.top(), aList)
	case opAddItems:
		m.hold(m.popMark()...)
		m.changes(m.top(), aSet)
	default:
		return false
	}
	return true
}

func (m *machine) dictOp() bool {
	switch m.op {
	case opEmptyDict:
		m.push(&dict{whole: true})
	case opDict:
		d := &dict{whole: true}
		m.fill(d, m.popMark())
		m.push(d)
	case opSetItem:
		v, k := m.pop(), m.pop()
		m.fill(m.top(), []value{k, v})
	case opSetItems:
		items := m.popMark()
		m.fill(m.top(), items)
	default:
		return false
	}
	return true
}

// fill puts keys and values, one after the other, into a dict or what acts as one.
func (m *machine) fill(to value, items []value) {
	m.hold(items...)
	if len(items)%2 != 0 {
		m.fail("no pickle: a key has no value")
		return
	}
	d, ok := to.(*dict)
	if !ok {
		m.changes(to, "dict")
		return
	}
	for i := 0; i < len(items); i += 2 {
		d.set(items[i], items[i+1])
	}
}

// hold refuses containers of what only NEWOBJ may use.
func (m *machine) hold(items ...value) {
	for _, v := range items {
		if carriesBare(v) {
			m.refuseBare(v)
		}
	}
}

func (m *machine) refuseBare(v value) {
	m.refuse("uses %s otherwise than its library does: as a value or a function", bareName(v))
}

// bareName is the class that a value is or holds.
func bareName(v value) string {
	if t, ok := v.(*tuple); ok {
		for _, item := range t.items {
			if carriesBare(item) {
				return bareName(item)
			}
		}
	}
	return typeName(v)
}

// changes refuses to put items into what is not of a type that holds some: an
// imported class or function above all, which all of the program shares.
func (m *machine) changes(v value, want plain) {
	switch v := v.(type) {
	case *object:
		if !v.isArray() {
			return
		}
	case plain:
		if v == want || v == somewhat {
			return
		}
	}
	m.refuse("changes %s in place, which pickles of data do not", typeName(v))
}
