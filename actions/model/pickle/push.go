package pickle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// pushOp does the opcodes that push a value that they hold themselves.
func (m *machine) pushOp() bool {
	return m.numberOp() || m.textOp() || m.bytesOp()
}

func (m *machine) numberOp() bool {
	switch m.op {
	case opNone:
		m.push(none{})
	case opTrue, opFalse:
		m.push(boolean(m.op == opTrue))
	case opBinInt:
		m.push(number(int32(m.src.number(4))))
	case opBinInt1:
		m.push(number(m.src.number(1)))
	case opBinInt2:
		m.push(number(m.src.number(2)))
	case opBinFloat:
		m.src.skip(8)
		m.push(aFloat)
	case opFloat:
		m.push(m.float(m.src.line()))
	case opInt, opLong:
		m.push(m.decimal(m.src.line()))
	case opLong1:
		m.push(m.long(m.src.number(1)))
	case opLong4:
		m.push(m.long(m.src.number(4)))
	default:
		return false
	}
	return true
}

// intText matches what Python reads as an int, and more.
var intText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*[+-]?\s*[0-9][0-9a-zA-Z_]*\s*$`) })

// float reads the line of FLOAT.
func (m *machine) float(line []byte, _ bool) value {
	text := strings.ReplaceAll(strings.TrimSpace(string(line)), "_", "")
	if _, err := strconv.ParseFloat(text, 64); errors.Is(err, strconv.ErrSyntax) {
		m.fail("no pickle: %.20q is no float", line)
	}
	return aFloat
}

// decimal reads the line of INT or LONG. Numbers that Python reads and this does
// not are some int.
func (m *machine) decimal(line []byte, whole bool) value {
	switch {
	case whole && !intText().Match(line):
		m.fail("no pickle: %.20q is no int", line)
	case string(line) == "00" || string(line) == "01":
		return boolean(line[1] == '1')
	}
	n, err := strconv.ParseInt(string(bytes.TrimSuffix(line, []byte("L"))), 10, 64)
	if err != nil || (n != 0 && bytes.HasPrefix(line, []byte("0"))) {
		return aLong
	}
	return number(n)
}

// torchMagic begins PyTorch's files from before 1.6.
var torchMagic = []byte{0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19}

// long reads a number of n bytes in two's complement.
func (m *machine) long(n uint64) value {
	if n > 1<<31 {
		m.fail("a number of %d bytes", n)
		return aLong
	}
	b, whole := m.src.text(n, 64)
	if bytes.Equal(b, torchMagic) && m.res.Pickles == 0 && m.opAt <= 2 {
		m.res.Magic = true
	}
	if !whole || len(b) > 8 {
		return aLong
	}
	var word [8]byte
	if len(b) > 0 && b[len(b)-1] >= 0x80 {
		binary.LittleEndian.PutUint64(word[:], ^uint64(0))
	}
	copy(word[:], b)
	return number(binary.LittleEndian.Uint64(word[:]))
}

func (m *machine) textOp() bool {
	switch m.op {
	case opShortBinUnicode:
		m.push(m.unicode(m.src.number(1)))
	case opBinUnicode:
		m.push(m.unicode(m.src.number(4)))
	case opBinUnicode8:
		m.push(m.unicode(m.src.number(8)))
	case opUnicode:
		m.push(m.escaped(rawUnicode))
	case opString:
		m.push(m.escaped(unquote))
	case opShortBinString:
		m.push(m.oldString(m.src.number(1)))
	case opBinString:
		m.push(m.oldString(m.src.number(4)))
	default:
		return false
	}
	return true
}

func (m *machine) unicode(n uint64) value {
	// Before protocol 3 bytes are the Latin-1 of a text: 0x80 is two bytes of UTF-8.
	if head := m.src.peek(3); len(head) == 3 && head[0] == 0xc2 && Magic(head[1:]) && n <= keptBytes {
		at := m.src.offset()
		if b, ok := latin1(string(m.whole(n))); ok {
			m.nested(b, at)
		}
		return aText
	}
	b, whole := m.src.text(n, keptText)
	return m.keep(b, whole)
}

// oldString reads a Python 2 string, which becomes a str only if it is ASCII.
func (m *machine) oldString(n uint64) value {
	v := m.bytes(n)
	if b, ok := v.(rawBytes); ok && b.size == int64(len(b.data)) && isASCII(b.data) {
		return m.keep([]byte(b.data), true)
	}
	return aText
}

func (m *machine) escaped(decode func(string) (string, bool)) value {
	line, whole := m.src.line()
	if !whole {
		return aText
	}
	text, ok := decode(string(line))
	if !ok {
		return aText
	}
	if b, ok := latin1(text); ok {
		m.nested(b, m.opAt)
	}
	return m.keep([]byte(text), true)
}

func (m *machine) bytesOp() bool {
	switch m.op {
	case opShortBinBytes:
		m.push(m.bytes(m.src.number(1)))
	case opBinBytes:
		m.push(m.bytes(m.src.number(4)))
	case opBinBytes8:
		m.push(m.bytes(m.src.number(8)))
	case opByteArray8:
		m.bytes(m.src.number(8))
		m.push(anArray)
	default:
		return false
	}
	return true
}

// bytes passes over n bytes, and looks for a pickle in them.
func (m *machine) bytes(n uint64) value {
	at := m.src.offset()
	if head := m.src.peek(2); n >= 2 && n <= keptBytes && Magic(head) {
		b := m.whole(n)
		m.nested(b, at)
		return rawBytes{size: int64(len(b))}
	}
	b, whole := m.src.text(n, keptText)
	if !whole {
		return rawBytes{size: int64(n)}
	}
	return rawBytes{size: int64(n), data: string(b)}
}

// whole reads n bytes, more than the source has at hand at once.
func (m *machine) whole(n uint64) []byte {
	var b []byte
	for n > 0 && !m.src.cut {
		part := m.src.take(int(min(n, bufferSize)))
		b = append(b, part...)
		n -= uint64(len(part))
	}
	return b
}
