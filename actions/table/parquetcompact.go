package table

import (
	"encoding/binary"
	"errors"
)

// A compactReader walks over Thrift's compact protocol, in which footers and
// page headers are written, and reserves no memory: what it went through holds
// as many elements as its lists claim.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
type compactReader struct {
	b  []byte
	at int
}

var errThrift = errors.New("damaged header")

// Types of the protocol.
const (
	compactStop   = 0
	compactTrue   = 1
	compactFalse  = 2
	compactByte   = 3
	compactI64    = 6
	compactDouble = 7
	compactBinary = 8
	compactList   = 9
	compactSet    = 10
	compactStruct = 12
)

const maxThriftDepth = 32

func (c *compactReader) uvarint() (uint64, error) {
	v, n := binary.Uvarint(c.b[min(c.at, len(c.b)):])
	if n <= 0 {
		return 0, errThrift
	}
	c.at += n
	return v, nil
}

func (c *compactReader) varint() (int64, error) {
	v, err := c.uvarint()
	return int64(v>>1) ^ -int64(v&1), err
}

func (c *compactReader) byte() (byte, error) {
	if c.at >= len(c.b) {
		return 0, errThrift
	}
	c.at++
	return c.b[c.at-1], nil
}

func (c *compactReader) discard(n uint64) error {
	if n > uint64(len(c.b)-c.at) {
		return errThrift
	}
	c.at += int(n)
	return nil
}

// fields calls f for each field of a struct; f goes over its value. Booleans
// have none.
func (c *compactReader) fields(f func(id int64, kind byte) error) error {
	for id := int64(0); ; {
		head, err := c.byte()
		if err != nil || head == compactStop {
			return err
		}
		if d := int64(head >> 4); d > 0 {
			id += d
		} else if id, err = c.varint(); err != nil {
			return err
		}
		if err := f(id, head&15); err != nil {
			return err
		}
	}
}

// elements calls f for each element of a list.
func (c *compactReader) elements(f func(kind byte) error) error {
	head, err := c.byte()
	if err != nil {
		return err
	}
	size, kind := uint64(head>>4), head&15
	if size == 15 {
		if size, err = c.uvarint(); err != nil {
			return err
		}
	}
	if size > uint64(len(c.b)-c.at) {
		return errThrift
	}
	for range size {
		if kind == compactTrue || kind == compactFalse {
			kind = compactByte
		}
		if err := f(kind); err != nil {
			return err
		}
	}
	return nil
}

// skip goes over a value.
func (c *compactReader) skip(kind byte, depth int) error {
	if depth > maxThriftDepth {
		return errThrift
	}
	switch {
	case kind == compactTrue || kind == compactFalse:
		return nil
	case kind == compactByte:
		return c.discard(1)
	case kind <= compactI64:
		_, err := c.uvarint()
		return err
	case kind == compactDouble:
		return c.discard(8)
	case kind == compactBinary:
		n, err := c.uvarint()
		if err != nil {
			return err
		}
		return c.discard(n)
	case kind == compactList || kind == compactSet:
		return c.elements(func(kind byte) error { return c.skip(kind, depth+1) })
	case kind == compactStruct:
		return c.fields(func(_ int64, kind byte) error { return c.skip(kind, depth+1) })
	}
	return errThrift // maps: Parquet has none
}
