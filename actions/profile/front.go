package profile

import "math"

// A front counts numbers of one sign in cells of one width, each with one look
// into near memory, as long as a cell holds no more than its share; what is more
// goes to the trie, and so does what lies outside. The cells follow the numbers:
// when many lie outside, the front is closed and starts anew.
type front struct {
	placed bool     // there is one
	small  []uint8  // counts while none can be more than 255
	counts []uint16 // and from then on
	base   uint64   // the order of the first number of the first cell
	shift  int      // a cell holds 1<<shift orders
}

const (
	frontCells = 1 << 14
	frontLeast = 256                          // fewer numbers at once do not say where others lie
	frontShift = mantissaBits - digitBits     // cells are no wider than 1/64 of their numbers
	frontReach = frontCells << frontShift / 2 // orders that a front can hold wherever it starts
)

// place starts an empty front for numbers whose orders go from low to high, or
// for the largest of them.
func (f *front) place(low, high uint64) {
	if high-low >= frontReach {
		if high>>63 == 1 {
			low = high - frontReach + 1
		} else {
			high = low + frontReach - 1
		}
	}
	f.shift = 0
	for high>>f.shift-low>>f.shift >= frontCells {
		f.shift++
	}
	f.base, f.placed = low>>f.shift<<f.shift, true
}

// holds reports whether some of the orders from low to high are in the front.
func (f *front) holds(low, high uint64) bool {
	return f.placed && high >= f.base && low < f.end()
}

// end returns the first order behind the front, the largest of all if it would
// be more.
func (f *front) end() uint64 {
	if end := f.base + frontCells<<f.shift; end > f.base {
		return end
	}
	return math.MaxUint64
}

// close returns the cells that were counted, ascending, and empties them.
func (f *front) close() []Cell {
	return append(closed(f, f.small), closed(f, f.counts)...) // one of them is empty
}

func closed[T uint8 | uint16](f *front, counts []T) (cells []Cell) {
	used := 0
	for _, n := range counts {
		if n > 0 {
			used++
		}
	}
	if used == 0 {
		return nil
	}
	cells = make([]Cell, 0, used)
	for i, n := range counts {
		if n > 0 {
			cells = append(cells, cellOf(f.base+uint64(i)<<f.shift, f.shift, int64(n)))
		}
	}
	clear(counts)
	return cells
}

// fronts are those of the numbers below and above zero, and what was counted in
// places where they were before.
type fronts struct {
	signs  [2]front
	wide   bool // cells may hold more than 255
	closed []Cell
	moves  int
}

// widen makes room for more than 255 numbers in a cell.
func (f *fronts) widen() {
	if f.wide {
		return
	}
	f.wide = true
	for i := range f.signs {
		s := &f.signs[i]
		if !s.placed {
			continue
		}
		s.room(true)
		for k, n := range s.small {
			s.counts[k] = uint16(n)
		}
		s.small = nil
	}
}

// maxMoves bounds how often fronts move: of numbers that jump about for ever, the
// trie takes the most.
const maxMoves = 32

// cells8 and cells16 are the counts, none while there is no front.
func (f *front) cells8() []uint8 {
	if !f.placed {
		return nil
	}
	return f.small
}

func (f *front) cells16() []uint16 {
	if !f.placed {
		return nil
	}
	return f.counts
}

// room makes sure that there are counts, of one kind or the other.
func (f *front) room(wide bool) {
	if wide && f.counts == nil {
		f.counts = make([]uint16, frontCells)
	} else if !wide && f.small == nil {
		f.small = make([]uint8, frontCells)
	}
}

// reset forgets what was counted and keeps the memory.
func (f *fronts) reset() {
	for i := range f.signs {
		s := &f.signs[i]
		clear(s.small)
		clear(s.counts)
		*s = front{small: s.small, counts: s.counts}
	}
	f.closed, f.moves, f.wide = nil, 0, false
}

// move places a front where the numbers of its sign among xs are. If they went on
// from where they were before, as ids and times do, there is room for as many as
// there was and for what comes.
func (f *fronts) move(sign int, xs []float64) {
	low, high := ordersOf(sign, xs)
	if low > high || f.moves >= maxMoves {
		return
	}
	f.moves++
	s := &f.signs[sign]
	if cells := s.close(); len(cells) > 0 {
		f.closed = overlay(f.closed, cells, wideShare)
		room := min(max(3*(high-low), 2*(s.end()-s.base)), frontReach/2)
		if low >= s.base {
			high += min(room, uint64(sign)<<63+(1<<63-1)-high)
		} else {
			low -= min(room, low-uint64(sign)<<63)
		}
	}
	s.room(f.wide)
	s.place(low, high)
}

// ordersOf returns the smallest and the largest order of the numbers of a sign.
func ordersOf(sign int, xs []float64) (low, high uint64) {
	low = math.MaxUint64
	for _, x := range xs {
		if o := orderOf(x); x != 0 && o>>63 == uint64(sign) {
			low, high = min(low, o), max(high, o)
		}
	}
	return low, high
}

// close returns all cells that were counted, ascending.
func (f *fronts) close() []Cell {
	cells := f.closed
	for i := range f.signs {
		cells = overlay(cells, f.signs[i].close(), wideShare)
	}
	return cells
}
