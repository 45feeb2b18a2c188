package table

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/parquet-go/parquet-go/encoding/bitpacked"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// levels1 decodes the levels of a page of version 1, where they are packed with
// the values, and returns what is behind them.
func (p *pageReader) levels1(d *page, h pageHead, packed []byte) (body []byte, err error) {
	if body, err = p.unpack(h, packed, h.size); err != nil {
		return nil, err
	}
	var runs [2][]byte
	for i, top := range []int{p.leaf.repetition, p.leaf.definition} {
		if top == 0 {
			continue
		}
		if runs[i], body, err = levelBytes(h.levelEncodings[i], body, width(top), h.values); err != nil {
			return nil, err
		}
	}
	return body, p.levels(d, runs, h.levelEncodings)
}

// levelBytes cuts off the levels at the start of a page of version 1. Those that
// are packed by bits, as early writers did, have no length before them.
// https://github.com/apache/parquet-format/blob/master/Encodings.md
func levelBytes(e format.Encoding, body []byte, width, values int) (levels, rest []byte, err error) {
	n := uint64(values*width+7) / 8
	if e != format.BitPacked {
		if len(body) < 4 {
			return nil, nil, errRuns
		}
		n, body = uint64(binary.LittleEndian.Uint32(body)), body[4:]
	}
	if n > uint64(len(body)) {
		return nil, nil, errRuns
	}
	return body[:n], body[n:], nil
}

// levels2 does what levels1 does for version 2. Writers have put levels into
// columns that have none: they mean nothing.
// https://github.com/apache/parquet-testing/pull/24
func (p *pageReader) levels2(d *page, h pageHead, packed []byte) (body []byte, err error) {
	repetition, rest := packed[:h.levelBytes[0]], packed[h.levelBytes[0]:]
	definition, rest := rest[:h.levelBytes[1]], rest[h.levelBytes[1]:]
	if err := p.levels(d, [2][]byte{repetition, definition}, [2]format.Encoding{format.RLE, format.RLE}); err != nil {
		return nil, err
	}
	if p.leaf.list != nil || len(rest) == 0 && d.present == 0 { // some writers pack nothing into nothing
		return nil, nil
	}
	return p.unpack(h, rest, h.size-h.levelBytes[0]-h.levelBytes[1])
}

// levels decodes both kinds of levels and counts the values that are not null.
func (p *pageReader) levels(d *page, runs [2][]byte, e [2]format.Encoding) (err error) {
	s, l := p.scratch, p.leaf
	if l.repetition > 0 {
		if s.repetition, err = decodeLevels(e[0], s.repetition, runs[0], l.repetition, d.rows); err != nil {
			return err
		}
		d.repetition = s.repetition
	}
	if l.definition == 0 || l.list == nil && e[1] == format.RLE && allAre(runs[1], l.definition, d.rows) {
		return nil
	}
	if s.definition, err = decodeLevels(e[1], s.definition, runs[1], l.definition, d.rows); err != nil {
		return err
	}
	d.definition = s.definition
	d.present = bytes.Count(d.definition, []byte{byte(l.definition)})
	if d.present == d.rows && l.list == nil {
		d.definition = nil
	}
	return nil
}

// allAre reports whether run-length encoded levels are one run of the largest:
// no value is null, which is common and needs no list of levels.
func allAre(runs []byte, top, values int) bool {
	head, n := binary.Uvarint(runs)
	return n > 0 && head&1 == 0 && head>>1 == uint64(values) && len(runs) == n+1 && int(runs[n]) == top
}

// decodeLevels decodes so many levels into dst or, if it is too small, new memory.
func decodeLevels(e format.Encoding, dst, runs []byte, top, values int) (levels []byte, err error) {
	switch e {
	case format.RLE:
		if err := guardRuns(runs, width(top), values); err != nil {
			return nil, err
		}
		decoder := rle.Encoding{BitWidth: width(top)}
		levels, err = decoder.DecodeLevels(dst, runs)
	case format.BitPacked:
		decoder := bitpacked.Encoding{BitWidth: width(top)}
		levels, err = decoder.DecodeLevels(dst, runs)
	default:
		err = fmt.Errorf("levels in encoding %v are not supported", e)
	}
	if err == nil && len(levels) < values {
		err = fmt.Errorf("%d levels for %d values", len(levels), values)
	}
	if err != nil {
		return nil, err
	}
	return levels[:values], nil
}

func width(level int) int { return bits.Len(uint(level)) }
