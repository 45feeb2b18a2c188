package pickle

import (
	"fmt"
	"io"
	"strings"
)

// machine is Python's unpickler on symbols.
type machine struct {
	src  *source
	opts Options
	res  *Result
	seen map[string]bool // globals in the result

	stack    []value
	marks    []int            // heights of the stack
	memo     []value          // nil where nothing was put
	far      map[uint64]value // places of the memo far behind the others
	put      int              // places of the memo that are taken
	kept     int64            // bytes of strings
	ops      int64
	depth    int   // pickles around this one
	frameEnd int64 // offset where the current frame ends; 0 before the first

	op      byte  // at work
	opAt    int64 // its offset
	stopped bool
	broken  bool // the rest of this pickle cannot be followed
	lastPop value
}

const maxRefusals = 100

// refuse notes why the opcode at work may not be run.
func (m *machine) refuse(format string, args ...any) {
	m.add(Refusal{Reason: fmt.Sprintf(format, args...)})
}

func (m *machine) add(r Refusal) {
	r.Offset, r.Opcode = m.opAt, opcodeNames[m.op]
	if len(m.res.Refusals) < maxRefusals {
		m.res.Refusals = append(m.res.Refusals, r)
	}
}

// fail refuses and ends the pickle where Python would end with an error too.
func (m *machine) fail(format string, args ...any) {
	if !m.broken {
		m.add(Refusal{Reason: fmt.Sprintf(format, args...), Broken: true})
	}
	m.broken = true
}

// lose refuses and ends the pickle where this machine stops and Python may go on.
func (m *machine) lose(format string, args ...any) {
	if !m.broken {
		m.add(Refusal{Reason: fmt.Sprintf(format, args...), Runs: true})
	}
	m.broken = true
}

// run walks the pickles of a file.
func (m *machine) run() {
	for {
		m.one()
		if m.broken {
			m.res.Broken = true
			return
		}
		m.res.Pickles++
		m.describe(m.lastPop)
		if m.res.Pickles == m.opts.Tail || m.atEnd() {
			return
		}
		m.again()
	}
}

func (m *machine) atEnd() bool { return len(m.src.peek(1)) == 0 }

// again readies the machine for a pickle that follows another.
func (m *machine) again() {
	m.stack, m.marks, m.memo, m.far, m.put, m.frameEnd, m.stopped = m.stack[:0], m.marks[:0], nil, nil, 0, 0, false
}

// one walks from where the source is to a STOP.
func (m *machine) one() {
	for !m.stopped && !m.broken {
		m.opAt = m.src.offset()
		b := m.src.take(1)
		if b == nil {
			m.op = 0
			m.end()
			return
		}
		m.op = b[0]
		if m.ops++; m.ops > m.opts.Limits.Opcodes {
			m.lose("more than %d opcodes", m.opts.Limits.Opcodes)
			return
		}
		m.step()
		if m.src.cut {
			m.end()
			return
		}
		m.inFrame()
		if len(m.stack) > m.opts.Limits.Memo {
			m.lose("more than %d values on the stack", m.opts.Limits.Memo)
		}
	}
}

// end refuses bytes that end within a pickle, unless the reader failed.
func (m *machine) end() {
	if m.src.failure() == nil {
		m.fail("the bytes end before the pickle does: no STOP opcode")
	}
	m.broken = true
}

// inFrame holds opcodes to the borders of frames: Python's two unpicklers read
// different bytes where one crosses.
func (m *machine) inFrame() {
	if at := m.src.offset(); m.opAt < m.frameEnd && at > m.frameEnd {
		m.lose("the opcode crosses the end of its frame at %d", m.frameEnd)
	}
}

// step does the opcode at work.
func (m *machine) step() {
	for _, group := range [...]func(*machine) bool{(*machine).pushOp, (*machine).shapeOp, (*machine).memoOp, (*machine).callOp} {
		if group(m) {
			return
		}
	}
	m.fail("no pickle: byte %#02x is no opcode", m.op)
}

func (m *machine) push(v value) { m.stack = append(m.stack, v) }

// floor is the height below which the opcodes since the last mark may not reach.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

func (m *machine) pop() value {
	if len(m.stack) <= m.floor() {
		m.fail("no pickle: the stack is empty")
		return somewhat
	}
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v
}

// popMark takes all above the last mark. The slice holds until the next push.
func (m *machine) popMark() []value {
	if len(m.marks) == 0 {
		m.fail("no pickle: there is no mark")
		return nil
	}
	at := m.floor()
	m.marks = m.marks[:len(m.marks)-1]
	items := m.stack[at:]
	m.stack = m.stack[:at]
	return items
}

// top is the value that an opcode changes in place.
func (m *machine) top() value {
	if len(m.stack) <= m.floor() {
		m.fail("no pickle: the stack is empty")
		return somewhat
	}
	return m.stack[len(m.stack)-1]
}

// keep copies a text if it is short enough to be a name.
func (m *machine) keep(b []byte, whole bool) value {
	if !whole || len(b) > keptText {
		return aText
	}
	if m.kept += int64(len(b)) + 16; m.kept > m.opts.Limits.Kept {
		m.lose("more than %d bytes of names", m.opts.Limits.Kept)
	}
	return str(b)
}

// nested walks a pickle within the bytes of a string, if it is one.
func (m *machine) nested(b []byte, at int64) {
	if !Magic(b) {
		return
	}
	in := &machine{src: newSourceOf(b), opts: m.opts, res: &Result{Versions: map[string]string{}}, seen: map[string]bool{}, depth: m.depth + 1}
	if in.depth > m.opts.Limits.Depth {
		m.refuse("more than %d pickles within each other", m.opts.Limits.Depth)
		return
	}
	in.run()
	for _, r := range in.res.Refusals {
		if r.Global != "" && len(m.res.Refusals) < maxRefusals { // other faults only say that it is no pickle
			r.Within, r.Reason = at, r.Reason+", in a pickle within a string of bytes"
			m.res.Refusals = append(m.res.Refusals, r)
		}
	}
}

func newSourceOf(b []byte) *source {
	return &source{r: strings.NewReader(""), buf: b[:len(b):len(b)], err: io.EOF}
}
