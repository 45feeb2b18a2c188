package profile

import (
	"cmp"
	"math"
	"slices"

	"github.com/mlops-runner/mlops/actions/table"
)

// A numeric describes a column of any kind but text. Whole numbers that lie
// close together are counted in a row of counters, few different numbers in a
// table; from both all else follows. Only then is each number looked at by
// moments, histogram, sketch and count of the common.
type numeric struct {
	kind    table.Kind
	begun   bool
	waiting []uint64 // keys of numbers that come before it is begun to count
	apart   bool     // whole numbers are not close together
	dense   dense
	values  counter
	extent  extent // once values are not few
	falls   bool   // a value was smaller than the one before it
	last    counted
	key     uint64 // of last
	tally   tally
	*scratch

	nans, infinite int64
}

func (n *numeric) add(v *table.Vector, rows int) {
	switch {
	case v.Codes != nil:
		n.addCodes(v.Dict, v.Codes[:rows])
	case n.kind == table.Float:
		xs := v.Floats[:rows]
		if v.Nulls != nil {
			n.floats = present(xs, v.Nulls, n.floats)
			xs = n.floats
		}
		n.addFloats(n.finite(xs))
	case v.Nulls != nil:
		n.ints = present(v.Ints[:rows], v.Nulls, n.ints)
		n.addInts(n.ints)
	default:
		n.addInts(v.Ints[:rows])
	}
}

// present returns those of xs that are not null, in room if it is large enough.
func present[T int64 | float64 | []byte](xs []T, nulls []bool, room []T) []T {
	room, nulls = sized(room, len(xs)), nulls[:len(xs)]
	n := 0
	for i, x := range xs {
		room[n] = x // and over it the next, if this is null: that cannot be guessed
		one := 1
		if nulls[i] {
			one = 0
		}
		n += one
	}
	return room[:n]
}

// finite returns those of xs that are neither NaN nor infinite, without -0. It
// lends xs if they are what is wanted, as they mostly are.
func (n *numeric) finite(xs []float64) []float64 {
	if low, high := orders(xs); low >= leastFinite && high <= mostFinite && (low > zeroOrder || high < zeroOrder) {
		return xs
	}
	finite := sized(n.floats, len(xs))[:0] // which may be xs
	for _, x := range xs {
		if n.isFinite(x, 1) {
			finite = append(finite, x+0) // no -0
		}
	}
	n.floats = finite
	return finite
}

// isFinite counts x, which occurs so many times, if it is NaN or infinite.
func (n *numeric) isFinite(x float64, times int64) bool {
	switch {
	case x-x == 0:
		return true
	case x != x:
		n.nans += times
	default:
		n.infinite += times
	}
	return false
}

func (n *numeric) addFloats(xs []float64) {
	if len(xs) == 0 {
		return
	}
	n.falls = n.falls || n.last.count > 0 && xs[0] < n.last.x || !slices.IsSorted(xs)
	n.last = counted{xs[len(xs)-1], 1}
	if n.room(len(xs)) {
		for _, x := range xs {
			n.waiting = append(n.waiting, math.Float64bits(x))
		}
		return
	}
	n.begin()
	n.countFloats(xs)
}

func (n *numeric) countFloats(xs []float64) {
	hashNumbers(xs, n.hashed(len(xs)))
	n.each(xs, nil)
}

func (n *numeric) addInts(vs []int64) {
	if len(vs) == 0 {
		return
	}
	n.falls = n.falls || n.last.count > 0 && vs[0] < int64(n.key) || !slices.IsSorted(vs)
	n.last.count, n.key = 1, uint64(vs[len(vs)-1])
	if !n.begun && !n.apart && n.dense.addNear(vs) {
		return
	}
	if n.room(len(vs)) {
		for _, v := range vs {
			n.waiting = append(n.waiting, uint64(v))
		}
		return
	}
	n.begin()
	n.countInts(vs)
}

// maxWaiting is how many numbers wait: a table of very many columns has few rows,
// and what counts many numbers takes 300 KB.
const maxWaiting = 2048

// room reports whether k more numbers may wait.
func (n *numeric) room(k int) bool { return !n.begun && len(n.waiting)+k <= maxWaiting }

// begin counts the numbers that wait.
func (n *numeric) begin() {
	waiting := n.waiting
	n.begun, n.waiting = true, nil
	if len(waiting) == 0 {
		return
	}
	if n.kind == table.Float {
		xs := make([]float64, len(waiting))
		for i, b := range waiting {
			xs[i] = math.Float64frombits(b)
		}
		n.countFloats(xs)
		return
	}
	vs := make([]int64, len(waiting))
	for i, v := range waiting {
		vs[i] = int64(v)
	}
	n.countInts(vs)
}

func (n *numeric) countInts(vs []int64) {
	if !n.apart {
		if n.dense.add(vs) {
			return
		}
		n.leaveDense()
	}
	n.floats = sized(n.floats, len(vs))
	floats, hashes := n.floats, n.hashed(len(vs))
	for i, v := range vs {
		floats[i], hashes[i] = float64(v), hashInt(v)
	}
	n.each(floats, vs)
}

// leaveDense hands what was counted in a row to the table.
func (n *numeric) leaveDense() {
	n.apart = true
	few := true
	n.dense.each(func(v, count int64) { few = n.values.add(hashInt(v), uint64(v), nil, count) })
	if !few {
		n.extent.start(n.dense.counted(), n.scratch)
	}
	n.dense = dense{}
}

// each counts numbers whose hashes are worked out. Where they are whole vs are the
// same numbers, else it is nil.
func (n *numeric) each(xs []float64, vs []int64) {
	i := 0
	if n.extent.trie == nil {
		for i < len(xs) && n.values.add(n.hashes[i], keyOf(xs, vs, i), nil, 1) {
			i++
		}
		if i == len(xs) {
			return
		}
		n.start()
		n.extent.add(xs[i:])
		i++ // that one is in values
	} else {
		n.extent.add(xs)
	}
	hashes := n.hashes[i:len(xs)]
	for _, at := range n.values.addMany(hashes, n.scratch) {
		n.values.top.voteNumber(hashes[at], keyOf(xs, vs, i+int(at)))
	}
}

// keyOf returns the key of the number at a place.
func keyOf(xs []float64, vs []int64, i int) uint64 {
	if vs != nil {
		return uint64(vs[i])
	}
	return math.Float64bits(xs[i])
}

// start hands the numbers of the table to the extent.
func (n *numeric) start() {
	n.extent.start(n.counted(), n.scratch)
	n.values.few = few{}
}

// counted returns the numbers of the table, ascending.
func (n *numeric) counted() []counted {
	f := &n.values.few
	vs := make([]counted, len(f.keys))
	for i, key := range f.keys {
		vs[i] = counted{n.number(key), f.counts[i]}
	}
	slices.SortFunc(vs, byNumber)
	return vs
}

func byNumber(a, b counted) int { return cmp.Compare(a.x, b.x) }

func (n *numeric) number(key uint64) float64 {
	if n.kind == table.Float {
		return math.Float64frombits(key)
	}
	return float64(int64(key))
}

// describe fills in what is known of the column.
func (n *numeric) describe(into *Column) {
	n.flush()
	n.begin()
	into.NaNs, into.Infinite = n.nans, n.infinite
	whole := n.kind != table.Float
	switch {
	case whole && !n.apart:
		into.Numbers = numbersOf(n.dense.counted(), whole)
		n.dense.each(func(v, count int64) { n.values.add(hashInt(v), uint64(v), nil, count) })
	case n.extent.trie == nil:
		into.Numbers = numbersOf(n.counted(), whole)
	default:
		into.Numbers = n.extent.numbers(whole, n.scratch)
	}
	n.values.describe(into, func(key uint64) string { return format(n.kind, n.number(key), int64(key)) })
	into.Increases = into.Numbers != nil && !n.falls
}
