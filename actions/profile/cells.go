package profile

import (
	"math"
	"sort"
)

// Cells that together hold less than these shares of the numbers are joined: the
// first while they are no wider than 1/64 of their values, by which quantiles stay
// within 1 %, the second whatever their width within a power of two. Where a
// distribution function is interpolated inside a cell it is wrong by less than
// what the cell holds, so that two of them differ by 2/400 at most.
const (
	narrowShare = 400
	wideShare   = 4096
	keepCells   = 1024 // fewer are never joined
)

// tidy joins neighbours until about a thousand cells are left and names single
// whole numbers.
func tidy(cells []Cell, whole bool) []Cell {
	if whole {
		single(cells)
	}
	if len(cells) <= keepCells {
		return cells
	}
	j := joiner{}
	for _, c := range cells {
		j.count += c.Count
	}
	j.narrow, j.wide = j.count/narrowShare, j.count/wideShare
	for len(cells) > 0 {
		if cells[0].Low == 0 && cells[0].High == 0 {
			j.out = append(j.out, cells[0])
			cells = cells[1:]
			continue
		}
		top := order(cells[0]) >> rootShift
		n := sort.Search(len(cells), func(i int) bool {
			return order(cells[i])>>rootShift > top || cells[i].Low == 0 && cells[i].High == 0 && cells[0].Low < 0
		})
		j.join(cells[:n], top<<rootShift, rootShift)
		cells = cells[n:]
	}
	return j.out
}

// order returns the number of a cell's first value.
func order(c Cell) uint64 {
	if c.Low == 0 {
		return 1 << 63
	}
	return orderOf(c.Low)
}

type joiner struct {
	count, narrow, wide int64
	out                 []Cell
}

// join lists the cells within a prefix, as one where that is allowed.
func (j *joiner) join(cells []Cell, prefix uint64, shift int) {
	if len(cells) <= 1 || shift == 0 {
		j.out = append(j.out, cells...)
		return
	}
	var sum int64
	for _, c := range cells {
		sum += c.Count
	}
	if sum <= j.wide || sum <= j.narrow && shift <= rootShift-digitBits {
		j.out = append(j.out, cellOf(prefix, shift, sum))
		return
	}
	half := prefix | 1<<(shift-1)
	n := sort.Search(len(cells), func(i int) bool { return order(cells[i]) >= half })
	j.join(cells[:n], prefix, shift-1)
	j.join(cells[n:], half, shift-1)
}

// single makes cells that hold one whole number say so.
func single(cells []Cell) {
	for i, c := range cells {
		if c.High-c.Low <= 1 && math.Abs(c.Low) < 1<<53 {
			v := math.Ceil(c.Low)
			cells[i] = Cell{v, v, c.Count}
		}
	}
}

// overlay returns the cells of both histograms, disjoint again. Of cells that lie
// inside each other the wide one is kept while it holds less than a share of the
// numbers, else its count is spread over the narrow ones.
func overlay(a, b []Cell, share int64) []Cell { return overlayIn(nil, a, b, share) }

// overlayIn does as overlay, using room, which is neither of the two, if it is large enough.
func overlayIn(room, a, b []Cell, share int64) []Cell {
	if len(a) == 0 || len(b) == 0 {
		return append(a, b...)
	}
	if last := a[len(a)-1]; last.High < b[0].Low || last.High == b[0].Low && last.Low < last.High {
		return append(a, b...)
	}
	o := overlayer{a: a, b: b, out: sized(room, len(a)+len(b))[:0]}
	for _, c := range a {
		o.count += c.Count
	}
	for _, c := range b {
		o.count += c.Count
	}
	o.little = o.count / share
	for len(o.a) > 0 && len(o.b) > 0 {
		switch x, y := o.a[0], o.b[0]; {
		case inside(y, x):
			o.b = o.wide(x, o.b)
			o.a = o.a[1:]
		case inside(x, y):
			o.a = o.wide(y, o.a)
			o.b = o.b[1:]
		case x.Low < y.Low:
			o.out = append(o.out, x)
			o.a = o.a[1:]
		default:
			o.out = append(o.out, y)
			o.b = o.b[1:]
		}
	}
	o.out = append(o.out, o.a...)
	return append(o.out, o.b...)
}

type overlayer struct {
	a, b, out []Cell
	count     int64
	little    int64 // what a wide cell may hold
}

// wide takes the cells inside c from the others and returns what is left of them.
func (o *overlayer) wide(c Cell, others []Cell) []Cell {
	var n int
	var sum int64
	for n < len(others) && inside(others[n], c) {
		sum += others[n].Count
		n++
	}
	if n == 1 && c.Low == others[0].Low && c.High == others[0].High || c.Count+sum <= o.little {
		o.out = append(o.out, Cell{c.Low, c.High, c.Count + sum})
		return others[n:]
	}
	s := portions{count: c.Count, of: sum}
	for _, x := range others[:n] {
		x.Count += s.next(x.Count)
		o.out = append(o.out, x)
	}
	return others[n:]
}

// inside reports whether all of c lies in the cell w.
func inside(c, w Cell) bool {
	if w.Low == w.High {
		return c == w || c.Low == w.Low && c.High == w.High
	}
	return c.Low >= w.Low && c.Low < w.High && c.High <= w.High
}
