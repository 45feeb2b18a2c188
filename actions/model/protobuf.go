package model

import (
	"errors"
	"io"
)

// message is a stretch of protobuf's wire format in a file. Fields are read one
// by one, so that tensors are passed over instead of read.
type message struct {
	w       *window
	at, end int64
}

// field is one field of a message.
type field struct {
	number int
	wire   int    // 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes
	value  uint64 // of a varint
	body   message
	offset int64
}

// window is a file with the last bytes that were read of it.
type window struct {
	at   io.ReaderAt
	buf  [4096]byte
	base int64
	n    int
}

func (w *window) byte(at int64) (byte, error) {
	if at < w.base || at >= w.base+int64(w.n) {
		n, err := w.at.ReadAt(w.buf[:], at)
		if n == 0 {
			return 0, err
		}
		w.base, w.n = at, n
	}
	return w.buf[at-w.base], nil
}

var errWire = errors.New("no protobuf")

func (m *message) more() bool { return m.at < m.end }

func (m *message) varint() (uint64, error) {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		if m.at >= m.end {
			return 0, errWire
		}
		b, err := m.w.byte(m.at)
		if err != nil {
			return 0, err
		}
		m.at++
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v, nil
		}
	}
	return 0, errWire
}

// next reads a field. Groups, which ONNX has not, are an error.
func (m *message) next() (f field, err error) {
	f.offset = m.at
	tag, err := m.varint()
	if err != nil {
		return f, err
	}
	f.number, f.wire = int(tag>>3), int(tag&7)
	size := uint64(0)
	switch f.wire {
	case 0:
		f.value, err = m.varint()
	case 1:
		size = 8
	case 2:
		size, err = m.varint()
	case 5:
		size = 4
	default:
		err = errWire
	}
	if err == nil && (f.number == 0 || tag>>3 > 1<<29 || size > uint64(m.end-m.at)) {
		err = errWire
	}
	if err != nil {
		return f, err
	}
	f.body = message{w: m.w, at: m.at, end: m.at + int64(size)}
	m.at += int64(size)
	return f, nil
}

// text reads a field's bytes, the first thousand of them.
func (f field) text() string {
	b := make([]byte, min(f.body.end-f.body.at, 1000))
	n, _ := f.body.w.at.ReadAt(b, f.body.at)
	return string(b[:n])
}

// each calls do with every field of a message.
func (m message) each(do func(field) error) error {
	for m.more() {
		f, err := m.next()
		if err != nil {
			return err
		}
		if err := do(f); err != nil {
			return err
		}
	}
	return nil
}

// numbers reads varints, alone or packed.
func (f field) numbers(limit int) (out []int64, err error) {
	if f.wire == 0 {
		return []int64{int64(f.value)}, nil
	}
	for m := f.body; m.more() && len(out) < limit; {
		v, err := m.varint()
		if err != nil {
			return out, err
		}
		out = append(out, int64(v))
	}
	return out, nil
}
