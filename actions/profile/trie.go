package profile

import (
	"math"
	"slices"
)

// A trie counts numbers by the leading bits of their order: first sign and
// exponent, then six bits of the mantissa a level. A cell gets a level of its own
// when more than its share of the numbers fell into it, so that timestamps of one
// hour and incomes of nine digits are told apart equally well and nothing need
// be known of a column before its first value.
//
// What fell into a cell before it was split is spread over its parts as those
// that came later are. That is less than one in 1,024 of the numbers for each level.
//
// Cells are numbered, fanout of them for each node. The root's, by sign and
// exponent, come in pages of as many: few columns have numbers of all sizes.
//
// Most numbers do not come so far: fronts before the trie count them.
type trie struct {
	fronts  fronts
	near    []near                    // nil while few numbers come so far
	crowded bool                      // many did of the last
	pages   [rootCells / fanout]int32 // the first cell of each, 0 for none
	tree    []knot                    // of which the first is no cell
	zeros   int64
	count   int64 // less than 1<<32
	split   int64 // the count of a cell from which on it is divided
}

// A knot is a cell as it is counted: small, so that a level costs one look into
// memory that is near.
type knot struct {
	count uint32
	child int32 // the number of the first cell under it, 0 for none
}

const (
	mantissaBits = 52
	digitBits    = 6
	fanout       = 1 << digitBits
	rootShift    = mantissaBits
	rootCells    = 1 << 12
	leastSplit   = 4
	splitShare   = 1024
)

func newTrie() *trie {
	const room = 1 + 16*fanout // there may be very many columns
	return &trie{tree: make([]knot, 1, room), split: leastSplit}
}

// reset empties the trie and keeps its memory.
func (t *trie) reset() {
	clear(t.pages[:])
	clear(t.near)
	t.tree = t.tree[:1]
	t.zeros, t.count, t.split, t.crowded = 0, 0, leastSplit, false
	t.fronts.reset()
}

// root returns the cell of the root that holds o.
func (t *trie) root(o uint64) int32 {
	page := t.pages[o>>(rootShift+digitBits)]
	if page == 0 {
		page = t.nodes()
		t.pages[o>>(rootShift+digitBits)] = page
	}
	return page + digit(o, rootShift)
}

// orderOf returns a number whose order is that of x, which is neither 0 nor NaN.
// Numbers with a common prefix are those of low <= x < high, also below zero.
func orderOf(x float64) uint64 {
	b := math.Float64bits(x)
	below := uint64(int64(b) >> 63) // all ones or 0: a branch would be guessed wrong
	return (b ^ below - below) + ^below&(1<<63)
}

// Orders of numbers: those of zero, and the least and the most that are finite.
const (
	zeroOrder   = 1 << 63
	leastFinite = zeroOrder - 0x7fefffffffffffff
	mostFinite  = zeroOrder + 0x7fefffffffffffff
)

// orders returns the smallest and the largest order of xs, in which NaN lies
// beyond the infinities.
func orders(xs []float64) (low, high uint64) {
	low = math.MaxUint64
	for _, x := range xs {
		o := orderOf(x)
		low, high = min(low, o), max(high, o)
	}
	return low, high
}

// valueOf is the inverse of orderOf.
func valueOf(order uint64) float64 {
	if order>>63 == 1 {
		return math.Float64frombits(order &^ (1 << 63))
	}
	return -math.Float64frombits(1<<63 - order)
}

// add counts xs, whose bounds are known.
func (t *trie) add(xs []float64, low, high float64) {
	t.counted(int64(len(xs)))
	if low > 0 || high < 0 {
		t.addNear(xs, orderOf(low), orderOf(high))
		return
	}
	t.addMixed(xs)
}

// addMixed counts numbers of both signs, or zeros.
func (t *trie) addMixed(xs []float64) {
	outside := [2]int{}
	signs := &t.fronts.signs
	for sign := range signs {
		if !signs[sign].placed && len(xs) >= frontLeast {
			t.fronts.move(sign, xs)
		}
	}
	if t.fronts.wide {
		outside = countMixed(t, xs, [2][]uint16{signs[0].cells16(), signs[1].cells16()})
	} else {
		outside = countMixed(t, xs, [2][]uint8{signs[0].cells8(), signs[1].cells8()})
	}
	for sign, n := range outside {
		if n > len(xs)/2 && n >= frontLeast {
			t.fronts.move(sign, xs)
		}
	}
}

// countMixed counts xs in the cells of fronts or else in the tree, and returns how
// many of each sign lie outside of the fronts.
func countMixed[T uint8 | uint16](t *trie, xs []float64, counts [2][]T) (outside [2]int) {
	signs := &t.fronts.signs
	limit := limitOf[T](t.split)
	for _, x := range xs {
		if x == 0 {
			t.zeros++
			continue
		}
		o := orderOf(x)
		f, cells := &signs[o>>63], counts[o>>63]
		i := (o - f.base) >> (f.shift & 63)
		if i >= uint64(len(cells)) {
			outside[o>>63]++
		} else if cells[i] < limit {
			cells[i]++
			continue
		}
		t.descend(t.root(o), o, rootShift)
	}
	return outside
}

// limitOf returns what a cell of a front holds at most.
func limitOf[T uint8 | uint16](split int64) T { return T(min(split, int64(^T(0)))) }

func (t *trie) counted(n int64) {
	t.count += n
	if t.split = max(leastSplit, t.count/splitShare); t.split > math.MaxUint8 {
		t.fronts.widen()
	}
}

// addNear counts numbers of one sign. What does not stay in the front starts at
// the deepest node that holds them all: the levels above need not be walked for
// each.
func (t *trie) addNear(xs []float64, low, high uint64) {
	sign := int(low >> 63)
	f := &t.fronts.signs[sign]
	if len(xs) >= frontLeast && !f.holds(low, high) {
		t.fronts.move(sign, xs)
	}
	first, shift := t.common(low, high)
	var outside int
	if t.fronts.wide {
		outside = countNear(t, xs, f.cells16(), f, first, shift)
	} else {
		outside = countNear(t, xs, f.cells8(), f, first, shift)
	}
	if outside > len(xs)/2 && outside >= frontLeast {
		t.fronts.move(sign, xs)
	}
}

// countNear counts xs in the cells of a front or else from a node on, and returns
// how many lie outside of the front.
func countNear[T uint8 | uint16](t *trie, xs []float64, counts []T, f *front, first int32, shift int) (outside int) {
	var rest [restAtOnce]uint64
	for len(xs) > 0 {
		some := xs[:min(len(xs), restAtOnce)]
		var k uint
		switch limit := limitOf[T](t.split); {
		case len(counts) < frontCells: // there is no front
			k = ordersInto(&rest, some)
		case t.crowded:
			k = sortOut(some, counts, f, limit, &rest)
		default:
			k = leaveOut(some, counts, f, limit, &rest)
		}
		t.crowded = k > restAtOnce/8
		outside += t.descendAll(rest[:k], f, first, shift)
		xs = xs[len(some):]
	}
	return outside
}

// restAtOnce is how many numbers are looked at before those that do not stay in the
// front go to the tree.
const restAtOnce = 512

func ordersInto(rest *[restAtOnce]uint64, xs []float64) uint {
	for i, x := range xs {
		rest[uint(i)%restAtOnce] = orderOf(x)
	}
	return uint(len(xs))
}

// leaveOut counts xs in the cells of a front that have room, puts the orders of the
// others, which should be few, into rest and returns how many they are.
func leaveOut[T uint8 | uint16](xs []float64, counts []T, f *front, limit T, rest *[restAtOnce]uint64) (k uint) {
	counts = counts[:frontCells]
	base, width := f.base, f.shift&63
	for _, x := range xs {
		o := orderOf(x)
		if i := (o - base) >> width; i < frontCells && counts[i] < limit {
			counts[i]++
			continue
		}
		rest[k%restAtOnce] = o
		k++
	}
	return k
}

// sortOut does what leaveOut does where the others are many, as they are of columns
// in which some values are common. Which they are cannot be guessed, so nothing
// branches on it. The numbers are of one sign.
func sortOut[T uint8 | uint16](xs []float64, counts []T, f *front, limit T, rest *[restAtOnce]uint64) (k uint) {
	counts = counts[:frontCells]
	base, width, flip, zero := f.base, f.shift&63, ^uint64(0), uint64(zeroOrder+1)
	if xs[0] > 0 {
		flip, zero = 0, zeroOrder
	}
	for _, x := range xs {
		o := math.Float64bits(x)&^zeroOrder ^ flip + zero // orderOf(x)
		i := (o - base) >> width
		c := &counts[i%frontCells]
		stays := uint(0)
		if i < frontCells {
			stays = 1
		}
		if *c >= limit {
			stays = 0
		}
		*c += T(stays)
		rest[k%restAtOnce] = o
		k += 1 - stays
	}
	return k
}

// A near remembers the cell of the tree that holds the orders of a prefix: of
// values that are common the cell is many levels deep.
type near struct {
	prefix      uint64
	cell, shift int32
}

const nearCells = 1 << 11

// descendAll counts numbers in the tree, from a node on that holds them all, and
// returns how many lie outside of the front.
func (t *trie) descendAll(orders []uint64, f *front, first int32, shift int) (outside int) {
	base, width := f.base, f.shift&63
	if len(orders) > restAtOnce/8 && t.near == nil {
		t.near = make([]near, nearCells)
	}
	if t.near == nil {
		for _, o := range orders {
			if (o-base)>>width >= frontCells {
				outside++
			}
			cell := first + digit(o, shift)
			if shift == rootShift {
				cell = t.root(o)
			}
			t.descend(cell, o, shift)
		}
		return outside
	}
	for _, o := range orders {
		if (o-base)>>width >= frontCells {
			outside++
		}
		p := &t.near[o>>width%nearCells]
		if o>>(p.shift&63) != p.prefix {
			cell := first + digit(o, shift)
			if shift == rootShift {
				cell = t.root(o)
			}
			*p = near{o >> shift, cell, int32(shift)}
		}
		if k := &t.tree[p.cell]; k.child == 0 && int64(k.count) < t.split {
			k.count++
			continue
		}
		cell, deeper := t.leaf(p.cell, o, int(p.shift))
		*p = near{o >> deeper, cell, int32(deeper)}
		t.descend(cell, o, deeper)
	}
	return outside
}

// common returns the first cell of the deepest node that holds both numbers, and
// its shift.
func (t *trie) common(low, high uint64) (first int32, shift int) {
	if low>>rootShift != high>>rootShift {
		return 0, rootShift
	}
	shift = rootShift
	for child := t.tree[t.root(low)].child; child != 0; {
		first, shift = child, below(shift)
		if digit(low, shift) != digit(high, shift) {
			break
		}
		child = t.tree[first+digit(low, shift)].child
	}
	return first, shift
}

// addTimes counts x n times.
func (t *trie) addTimes(x float64, n int64) {
	t.counted(n)
	if x == 0 {
		t.zeros += n
		return
	}
	o := orderOf(x)
	cell, shift := t.leaf(t.root(o), o, rootShift)
	for n > t.split && shift > 0 { // one heavy value must not be spread over others
		shift = below(shift)
		cell = t.divide(cell) + digit(o, shift)
	}
	t.tree[cell].count += uint32(n)
}

// below returns the shift of the level under that of shift. The last has four bits.
func below(shift int) int { return max(0, shift-digitBits) }

func digit(order uint64, shift int) int32 { return int32(order >> shift & (fanout - 1)) }

// leaf returns the deepest cell that holds o, from one on.
func (t *trie) leaf(cell int32, o uint64, shift int) (int32, int) {
	for {
		child := t.tree[cell].child
		if child == 0 {
			return cell, shift
		}
		shift = below(shift)
		cell = child + digit(o, shift)
	}
}

// descend counts o in the deepest cell and divides that when it is full.
func (t *trie) descend(cell int32, o uint64, shift int) {
	for {
		k := &t.tree[cell]
		if k.child == 0 {
			k.count++
			if int64(k.count) > t.split && shift > 0 {
				t.divide(cell)
			}
			return
		}
		shift = below(shift)
		cell = k.child + digit(o, shift)
	}
}

// divide gives a cell a level of its own and returns its first cell.
func (t *trie) divide(cell int32) int32 {
	first := t.nodes()
	t.tree[cell].child = first
	return first
}

// nodes makes fanout cells and returns the first.
func (t *trie) nodes() int32 {
	first := len(t.tree)
	t.tree = slices.Grow(t.tree, fanout)[:first+fanout]
	clear(t.tree[first:])
	return int32(first)
}

// addSorted counts values with their counts, ascending, without guessing: cells
// are divided before they are filled.
func (t *trie) addSorted(vs []counted) {
	for _, v := range vs {
		t.count += v.count
	}
	t.counted(0)
	for len(vs) > 0 {
		if vs[0].x == 0 {
			t.zeros += vs[0].count
			vs = vs[1:]
			continue
		}
		prefix := orderOf(vs[0].x) >> rootShift
		n := run(vs, func(v counted) bool { return v.x != 0 && orderOf(v.x)>>rootShift == prefix })
		t.grow(t.root(prefix<<rootShift), vs[:n], rootShift)
		vs = vs[n:]
	}
}

// grow adds sorted values that all belong into a cell.
func (t *trie) grow(cell int32, vs []counted, shift int) {
	var sum int64
	for _, v := range vs {
		sum += v.count
	}
	child := t.tree[cell].child
	if child == 0 && (sum <= t.split || shift == 0) {
		t.tree[cell].count += uint32(sum)
		return
	}
	if child == 0 {
		child = t.divide(cell)
	}
	shift = below(shift)
	for len(vs) > 0 {
		d := digit(orderOf(vs[0].x), shift)
		n := run(vs, func(v counted) bool { return digit(orderOf(v.x), shift) == d })
		t.grow(child+d, vs[:n], shift)
		vs = vs[n:]
	}
}

func run(vs []counted, in func(counted) bool) int {
	if n := slices.IndexFunc(vs, func(v counted) bool { return !in(v) }); n >= 0 {
		return n
	}
	return len(vs)
}

// cells returns what was counted, ascending, in memory of s that the next trie uses
// too. The fronts are empty then.
func (t *trie) cells(s *scratch) []Cell {
	deep, near := t.deep(s), t.fronts.close()
	s.cells = sized(s.cells, len(deep)+len(near))
	return overlayIn(s.cells, deep, near, wideShare)
}

// deep returns what is counted in the tree, in memory of s.
func (t *trie) deep(s *scratch) []Cell {
	s.sums = sized(s.sums, len(t.tree))
	clear(s.sums)
	w := walker{trie: t, sums: s.sums, cells: s.deep[:0]}
	// A node is made after the cell that it is under, so that counting backwards
	// meets what is below before it is needed.
	for cell := len(t.tree) - 1; cell >= 0; cell-- {
		w.sums[cell] += int64(t.tree[cell].count)
		if first := int(t.tree[cell].child); first != 0 {
			for _, sum := range w.sums[first : first+fanout] {
				w.sums[cell] += sum
			}
		}
	}
	for i, page := range t.pages {
		if i == len(t.pages)/2 && t.zeros > 0 {
			w.cells = append(w.cells, Cell{Count: t.zeros})
		}
		for d := range int32(fanout) {
			if page > 0 {
				w.walk(page+d, (uint64(i)*fanout+uint64(d))<<rootShift, rootShift, int64(t.tree[page+d].count))
			}
		}
	}
	s.deep = w.cells
	return w.cells
}

type walker struct {
	*trie
	sums  []int64 // by cell: what was counted in and under it
	cells []Cell
}

// walk lists the cells under one; count is what is to be spread over them.
func (w *walker) walk(cell int32, prefix uint64, shift int, count int64) {
	first := w.tree[cell].child
	under := w.sums[cell] - int64(w.tree[cell].count)
	if first == 0 || under == 0 { // 0 where it was divided by its last number
		if count > 0 {
			w.cells = append(w.cells, cellOf(prefix, shift, count))
		}
		return
	}
	shift = below(shift)
	s := portions{count: count, of: under}
	for d := range int32(fanout) {
		if sum := w.sums[first+d]; sum > 0 {
			w.walk(first+d, prefix|uint64(d)<<shift, shift, int64(w.tree[first+d].count)+s.next(sum))
		}
	}
}

func cellOf(prefix uint64, shift int, count int64) Cell {
	if shift == 0 {
		return Cell{valueOf(prefix), valueOf(prefix), count}
	}
	low, high := valueOf(prefix), valueOf(prefix+1<<shift)
	return Cell{max(low, -math.MaxFloat64), min(high, math.MaxFloat64), count}
}

// Portions divide count over parts in proportion to their sizes, so that the
// parts add up: each gets what the rounded running total grows by.
type portions struct {
	count, of  int64
	sizes, out int64
}

func (s *portions) next(size int64) int64 {
	s.sizes += size
	total := int64(math.Round(float64(s.count) * (float64(s.sizes) / float64(s.of))))
	n := total - s.out
	s.out = total
	return n
}
