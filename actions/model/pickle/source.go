package pickle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// source hands out a pickle's bytes and knows where it is. After an error it
// hands out zeros; the machine asks for the error once an opcode.
type source struct {
	r    io.Reader
	buf  []byte
	at   int   // next byte in buf
	base int64 // offset of buf's first byte
	err  error // of r; io.EOF at the end
	cut  bool  // more was asked for than there is
}

const (
	bufferSize = 256 << 10 // bytes
	lineLimit  = 64 << 10  // bytes of a line that are kept; far more than a name has
)

func newSource(r io.Reader) *source { return &source{r: r, buf: make([]byte, 0, bufferSize)} }

func (s *source) offset() int64 { return s.base + int64(s.at) }

// failure is the reader's error, nil at its end.
func (s *source) failure() error {
	if errors.Is(s.err, io.EOF) {
		return nil
	}
	return s.err
}

// fill reads until n bytes are at hand, n ≤ bufferSize, and reports whether they are.
func (s *source) fill(n int) bool {
	if len(s.buf)-s.at >= n {
		return true
	}
	s.base += int64(s.at)
	s.buf = s.buf[:copy(s.buf[:cap(s.buf)], s.buf[s.at:])]
	s.at = 0
	for len(s.buf) < n && s.err == nil {
		var got int
		got, s.err = s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+got]
	}
	return len(s.buf) >= n
}

// peek returns up to n of the next bytes without taking them.
func (s *source) peek(n int) []byte {
	s.fill(n)
	return s.buf[s.at:min(s.at+n, len(s.buf))]
}

// take returns the next n bytes, n ≤ bufferSize, valid until the next call; nil if there are fewer.
func (s *source) take(n int) []byte {
	if !s.fill(n) {
		s.short()
		return nil
	}
	b := s.buf[s.at : s.at+n]
	s.at += n
	return b
}

// short notes that bytes are missing.
func (s *source) short() {
	s.at, s.cut = len(s.buf), true
}

// number reads a little-endian unsigned number of n bytes.
func (s *source) number(n int) uint64 {
	var b [8]byte
	copy(b[:], s.take(n))
	return binary.LittleEndian.Uint64(b[:])
}

// skip passes over n bytes without keeping them.
func (s *source) skip(n uint64) {
	for n > 0 {
		if s.at == len(s.buf) && !s.fill(1) {
			s.short()
			return
		}
		step := min(n, uint64(len(s.buf)-s.at))
		s.at += int(step)
		n -= step
	}
}

// text reads n bytes and keeps them if n ≤ limit; otherwise it returns false.
func (s *source) text(n uint64, limit int) ([]byte, bool) {
	if n > uint64(limit) {
		s.skip(n)
		return nil, false
	}
	return s.take(int(n)), true
}

// line reads up to a newline, which it drops. It returns false for a line that
// is longer than is kept.
func (s *source) line() ([]byte, bool) {
	var out []byte
	whole := true
	for s.fill(1) {
		rest := s.buf[s.at:]
		end := bytes.IndexByte(rest, '\n')
		if end >= 0 {
			rest = rest[:end]
		}
		s.at += len(rest)
		kept := min(len(rest), lineLimit-len(out))
		out = append(out, rest[:kept]...)
		whole = whole && kept == len(rest)
		if end >= 0 {
			s.at++
			return out, whole
		}
	}
	s.short()
	return out, whole
}
