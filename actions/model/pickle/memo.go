package pickle

import "strconv"

// memoOp does the opcodes of the memo and of the stream.
func (m *machine) memoOp() bool {
	switch m.op {
	case opPut:
		m.remember(m.index())
	case opBinPut:
		m.remember(m.src.number(1))
	case opLongBinPut:
		m.remember(m.src.number(4))
	case opMemoize:
		m.remember(uint64(m.put)) // as Python counts: gaps are not in it
	case opGet:
		m.recall(m.index())
	case opBinGet:
		m.recall(m.src.number(1))
	case opLongBinGet:
		m.recall(m.src.number(4))
	case opProto:
		if v := int(m.src.number(1)); v > highest {
			m.fail("protocol %d is unknown", v)
		} else {
			m.res.Protocol = max(m.res.Protocol, v)
		}
	case opFrame:
		m.frame(m.src.number(8))
	default:
		return false
	}
	return true
}

func (m *machine) index() uint64 {
	line, _ := m.src.line()
	n, err := strconv.ParseUint(string(line), 10, 63)
	switch {
	case err == nil:
	case intText().Match(line):
		m.lose("place %.20q of the memo is written strangely", line)
	default:
		m.fail("place %.20q of the memo is no number", line)
	}
	return n
}

// remember keeps the top of the stack. Gaps are small in real pickles, so that a
// far place is one that was chosen to use up memory.
func (m *machine) remember(at uint64) {
	const gap = 1 << 16
	v := m.top()
	if m.recalled(at) == nil {
		m.put++
	}
	switch _, known := m.far[at]; {
	case m.put > m.opts.Limits.Memo:
		m.lose("more than %d places of the memo", m.opts.Limits.Memo)
	case !known && at <= uint64(2*len(m.memo)+gap):
		for uint64(len(m.memo)) <= at {
			m.memo = append(m.memo, nil)
		}
		m.memo[at] = v
	default:
		m.refuse("place %d of the memo is far from the others: Python would take memory for all before it", at)
		if m.far == nil {
			m.far = map[uint64]value{}
		}
		m.far[at] = v
	}
}

// recalled is what a place of the memo holds, nil for nothing.
func (m *machine) recalled(at uint64) value {
	if v, ok := m.far[at]; ok {
		return v
	}
	if at < uint64(len(m.memo)) {
		return m.memo[at]
	}
	return nil
}

func (m *machine) recall(at uint64) {
	v := m.recalled(at)
	if v == nil {
		m.fail("place %d of the memo is empty", at)
		return
	}
	m.push(v)
}

func (m *machine) frame(n uint64) {
	at := m.src.offset()
	if at < m.frameEnd && m.frameEnd != 0 {
		m.lose("a frame within a frame")
		return
	}
	if n > 1<<62 {
		m.fail("a frame of %d bytes", n)
		return
	}
	m.frameEnd = at + int64(n)
}
