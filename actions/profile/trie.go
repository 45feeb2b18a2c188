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
// that came later are. That is less than one in 4,096 of the numbers for each level.
type trie struct {
	root  []entry // by sign and exponent
	nodes []entry // fanout of them are a node; the first is not used
	zeros int64
	count int64
	split int64 // the count of a cell from which on it is divided
}

type entry struct {
	count int64
	child int32 // the node's number, 0 for none
}

const (
	mantissaBits = 52
	digitBits    = 6
	fanout       = 1 << digitBits
	rootShift    = mantissaBits
	leastSplit   = 4
	splitShare   = 4096
)

func newTrie() *trie {
	return &trie{root: make([]entry, 1<<12), nodes: make([]entry, fanout), split: leastSplit}
}

// orderOf returns a number whose order is that of x, which is neither 0 nor NaN.
// Numbers with a common prefix are those of low <= x < high, also below zero.
func orderOf(x float64) uint64 {
	b := math.Float64bits(x)
	if b>>63 == 0 {
		return b | 1<<63
	}
	return 1<<63 - (b &^ (1 << 63))
}

// valueOf is the inverse of orderOf.
func valueOf(order uint64) float64 {
	if order>>63 == 1 {
		return math.Float64frombits(order &^ (1 << 63))
	}
	return -math.Float64frombits(1<<63 - order)
}

// add counts xs.
func (t *trie) add(xs []float64) {
	if len(xs) == 0 {
		return
	}
	t.count += int64(len(xs))
	t.split = max(leastSplit, t.count/splitShare)
	low, high := bounds(xs)
	if low > 0 || high < 0 {
		t.addNear(xs, orderOf(low), orderOf(high))
		return
	}
	for _, x := range xs {
		if x == 0 {
			t.zeros++
			continue
		}
		o := orderOf(x)
		t.descend(&t.root[o>>rootShift], o, rootShift, 1)
	}
}

// addNear counts numbers of one sign, starting at the deepest node that holds
// them all: the levels above need not be walked for each.
func (t *trie) addNear(xs []float64, low, high uint64) {
	node, shift := t.common(low, high)
	if node == 0 {
		for _, x := range xs {
			o := orderOf(x)
			t.descend(&t.root[o>>rootShift], o, rootShift, 1)
		}
		return
	}
	for _, x := range xs {
		o := orderOf(x)
		t.descend(&t.nodes[uint64(node)*fanout+digit(o, shift)], o, shift, 1)
	}
}

// common returns the deepest node that holds both numbers and its shift, 0 if
// that is the root.
func (t *trie) common(low, high uint64) (node int32, shift int) {
	if low>>rootShift != high>>rootShift {
		return 0, rootShift
	}
	shift = rootShift
	for e := t.root[low>>rootShift]; e.child != 0; {
		node, shift = e.child, below(shift)
		if digit(low, shift) != digit(high, shift) {
			break
		}
		e = t.node(node)[digit(low, shift)]
	}
	return node, shift
}

// addTimes counts x n times.
func (t *trie) addTimes(x float64, n int64) {
	t.count += n
	t.split = max(leastSplit, t.count/splitShare)
	if x == 0 {
		t.zeros += n
		return
	}
	o := orderOf(x)
	t.descend(&t.root[o>>rootShift], o, rootShift, n)
}

// below returns the shift of the level under that of shift. The last has four bits.
func below(shift int) int { return max(0, shift-digitBits) }

func digit(order uint64, shift int) uint64 { return order >> shift & (fanout - 1) }

func (t *trie) node(n int32) []entry {
	return t.nodes[int(n)*fanout : int(n)*fanout+fanout]
}

// descend counts o in the deepest cell under e and divides that when it is full.
func (t *trie) descend(e *entry, o uint64, shift int, n int64) {
	for {
		for e.child != 0 {
			shift = below(shift)
			e = &t.nodes[uint64(e.child)*fanout+digit(o, shift)]
		}
		if n <= t.split || shift == 0 {
			break
		}
		t.divide(e) // one heavy value must not be spread over others
	}
	e.count += n
	if e.count > t.split && shift > 0 {
		t.divide(e)
	}
}

// divide gives e a level of its own. Pointers into nodes do not outlive it.
func (t *trie) divide(e *entry) {
	e.child = int32(len(t.nodes) / fanout)
	t.nodes = append(t.nodes, make([]entry, fanout)...)
}

// addSorted counts values with their counts, ascending, without guessing: cells
// are divided before they are filled.
func (t *trie) addSorted(vs []counted) {
	for _, v := range vs {
		t.count += v.count
	}
	t.split = max(leastSplit, t.count/splitShare)
	for len(vs) > 0 {
		if vs[0].x == 0 {
			t.zeros += vs[0].count
			vs = vs[1:]
			continue
		}
		prefix := orderOf(vs[0].x) >> rootShift
		n := run(vs, func(v counted) bool { return v.x != 0 && orderOf(v.x)>>rootShift == prefix })
		t.root[prefix] = t.grow(t.root[prefix], vs[:n], rootShift)
		vs = vs[n:]
	}
}

// grow adds sorted values that all belong into a cell.
func (t *trie) grow(e entry, vs []counted, shift int) entry {
	var sum int64
	for _, v := range vs {
		sum += v.count
	}
	if e.child == 0 && (sum <= t.split || shift == 0) {
		e.count += sum
		return e
	}
	if e.child == 0 {
		t.divide(&e)
	}
	shift = below(shift)
	for len(vs) > 0 {
		d := digit(orderOf(vs[0].x), shift)
		n := run(vs, func(v counted) bool { return digit(orderOf(v.x), shift) == d })
		at := int(e.child)*fanout + int(d)
		grown := t.grow(t.nodes[at], vs[:n], shift)
		t.nodes[at] = grown
		vs = vs[n:]
	}
	return e
}

func run(vs []counted, in func(counted) bool) int {
	if n := slices.IndexFunc(vs, func(v counted) bool { return !in(v) }); n >= 0 {
		return n
	}
	return len(vs)
}

// cells returns what was counted, ascending.
func (t *trie) cells() []Cell {
	w := walker{t: t}
	for i, e := range t.root {
		if i == len(t.root)/2 && t.zeros > 0 {
			w.cells = append(w.cells, Cell{Count: t.zeros})
		}
		if e.count > 0 || e.child != 0 {
			w.walk(e, uint64(i)<<rootShift, rootShift, e.count)
		}
	}
	return w.cells
}

type walker struct {
	t     *trie
	cells []Cell
}

// walk lists the cells under e; count is what is to be spread over them.
func (w *walker) walk(e entry, prefix uint64, shift int, count int64) {
	if e.child == 0 {
		if count > 0 {
			w.cells = append(w.cells, cellOf(prefix, shift, count))
		}
		return
	}
	shift = below(shift)
	var sums [fanout]int64
	var total int64
	node := w.t.node(e.child)
	for i, c := range node {
		sums[i] = w.sum(c)
		total += sums[i]
	}
	if total == 0 { // divided by its last number
		w.cells = append(w.cells, cellOf(prefix, above(shift), count))
		return
	}
	s := portions{count: count, of: total}
	for i, c := range node {
		if sums[i] > 0 {
			w.walk(c, prefix|uint64(i)<<shift, shift, c.count+s.next(sums[i]))
		}
	}
}

// above is the inverse of below.
func above(shift int) int {
	if shift == 0 {
		return mantissaBits % digitBits
	}
	return shift + digitBits
}

// sum returns what was counted in and under e.
func (w *walker) sum(e entry) int64 {
	n := e.count
	if e.child != 0 {
		for _, c := range w.t.node(e.child) {
			n += w.sum(c)
		}
	}
	return n
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
