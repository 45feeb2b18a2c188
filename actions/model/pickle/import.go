package pickle

import (
	"fmt"
	"strings"
)

// importOp does the opcodes that import a name.
func (m *machine) importOp() bool {
	switch m.op {
	case opGlobal:
		m.push(m.lines())
	case opStackGlobal:
		name, module := m.pop(), m.pop()
		n, okName := name.(str)
		mod, okModule := module.(str)
		if !okName || !okModule {
			m.add(Refusal{Runs: true, Reason: fmt.Sprintf("imports a name that is not known before it runs (module: %s, name: %s)", typeName(module), typeName(name))})
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
		m.add(Refusal{Runs: true, Reason: fmt.Sprintf("imports a name of more than %d bytes", lineLimit)})
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
		m.add(Refusal{Reason: "imports " + printable(full) + ", which is not on the list of harmless names", Global: full, Runs: true})
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

// outsideOp does the opcodes whose values come from elsewhere.
func (m *machine) outsideOp() bool {
	switch m.op {
	case opExt1, opExt2, opExt4:
		code := m.src.number(1 << (m.op - opExt1))
		m.add(Refusal{Runs: true, Reason: fmt.Sprintf("imports the name that the running program registered as %d, which nobody can know before", code)})
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
