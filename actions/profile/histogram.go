package profile

import (
	"encoding/binary"
	"encoding/json"
	"iter"
	"math/bits"
	"slices"
)

// A Histogram lists cells, ascending, without empty ones. It is packed: a table
// of very many columns has a thousand cells in each, of 24 bytes as [Cell] and of
// three to six here.
//
// Each cell takes a byte that says of the distance from the end of the one before
// how many bits it ends in are zero, and whether the cell holds one value, then the
// rest of the distance, the width likewise unless it holds one value, and its
// count. Distances are those of [orderOf], in which bounds are multiples of powers
// of two.
type Histogram []byte

const singleCell = 1 << 7

// HistogramOf packs cells, whose bounds are finite.
func HistogramOf(cells ...Cell) Histogram {
	p := packer{packed: make([]byte, 0, 6*len(cells))}
	for _, c := range cells {
		p.add(c)
	}
	return p.histogram()
}

// A packer makes a histogram cell by cell.
type packer struct {
	packed []byte
	order  uint64 // of the end of the last cell
}

func (p *packer) add(c Cell) {
	low, high := orderOf(c.Low), orderOf(c.High)
	mark := byte(0)
	if low == high {
		mark = singleCell
	}
	p.distance(low-p.order, mark)
	if low != high {
		p.distance(high-low, 0)
	}
	p.packed = binary.AppendUvarint(p.packed, uint64(c.Count))
	p.order = high
}

func (p *packer) distance(d uint64, mark byte) {
	zeros := bits.TrailingZeros64(d) & 63
	p.packed = binary.AppendUvarint(append(p.packed, byte(zeros)|mark), d>>zeros)
}

// histogram returns what was packed, without the room that is left.
func (p *packer) histogram() Histogram { return Histogram(slices.Clone(p.packed)) }

// All goes over the cells.
func (h Histogram) All() iter.Seq[Cell] {
	return func(yield func(Cell) bool) {
		order := uint64(0)
		for len(h) > 0 {
			one := h[0]&singleCell != 0
			var c Cell
			order += h.distance()
			c.Low = valueOf(order)
			if !one {
				order += h.distance()
			}
			c.High = valueOf(order)
			count, n := binary.Uvarint(h)
			h, c.Count = h[n:], int64(count)
			if !yield(c) {
				return
			}
		}
	}
}

// distance takes a distance off the front.
func (h *Histogram) distance() uint64 {
	zeros := (*h)[0] & 63
	d, n := binary.Uvarint((*h)[1:])
	*h = (*h)[1+n:]
	return d << zeros
}

// Cells returns the cells.
func (h Histogram) Cells() []Cell {
	return slices.AppendSeq(make([]Cell, 0, len(h)/3), h.All())
}

// MarshalJSON writes the list of the cells.
func (h Histogram) MarshalJSON() ([]byte, error) {
	return json.Marshal(slices.AppendSeq([]Cell{}, h.All()))
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (h *Histogram) UnmarshalJSON(text []byte) error {
	d := &decoder{text: text}
	*h = d.histogram()
	return d.end()
}
