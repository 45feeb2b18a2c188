package paired

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"sync"
)

// Scores is a number for each row by which a model ranks it. Order and Ties are
// computed where they are nil: they are what several metrics can share (see [Rank]).
type Scores struct {
	Values []float64 // infinities are allowed, NaN is not
	Order  []int32   // the rows by falling score, equal ones in any order
	Ties   []int32   // where runs of equal scores end in Order, the last at its end
}

// Rank returns scores with their order and ties, so that these are computed once.
func Rank(values []float64) Scores {
	s := Scores{Values: values}
	s.complete()
	return s
}

// complete computes what is missing.
func (s *Scores) complete() {
	if s.Order == nil {
		s.Order = Order(s.Values)
	}
	if s.Ties != nil || len(s.Order) != len(s.Values) {
		return
	}
	s.Ties = make([]int32, 0, len(s.Order))
	for i := 1; i < len(s.Order); i++ {
		if s.Values[s.Order[i]] != s.Values[s.Order[i-1]] {
			s.Ties = append(s.Ties, int32(i))
		}
	}
	s.Ties = append(s.Ties, int32(len(s.Order)))
}

// keyed is a row with its value as a number that sorts in the same way.
type keyed struct {
	key uint64
	row int32
}

const (
	digit  = 11 // bits sorted by in one pass
	digits = 3
)

// Order returns the rows by falling value, equal ones by row, -0 with 0, NaN
// last.
//
// A radix sort by the leading 33 bits that differ at all leaves next to nothing
// out of order, which comparisons mend: twice as quick as all 64 bits.
func Order(values []float64) []int32 {
	items, differ := keys(values)
	shift := max(0, bits.Len64(differ)-digits*digit)
	items = radix(items, shift)
	mend(items, shift)
	order := make([]int32, len(items))
	for i, it := range items {
		order[i] = it.row
	}
	return order
}

// keys returns the values as numbers that sort, and the bits in which they differ.
func keys(values []float64) (items []keyed, differ uint64) {
	items = make([]keyed, len(values))
	for i, v := range values {
		b := math.Float64bits(v + 0) // -0 becomes 0
		switch {
		case v != v:
			b = math.MaxUint64
		case b>>63 == 0:
			b = ^b &^ (1 << 63)
		}
		items[i] = keyed{b, int32(i)}
		differ |= b ^ items[0].key
	}
	return items, differ
}

// radix sorts by the digits from shift on.
func radix(items []keyed, shift int) []keyed {
	const size = 1 << digit
	var counts [digits][size]uint32
	for _, it := range items {
		k := it.key >> shift
		for d := range digits {
			counts[d][k>>(d*digit)%size]++
		}
	}
	other := make([]keyed, len(items))
	for d := range digits {
		count := &counts[d]
		if len(items) == 0 || int(count[items[0].key>>shift>>(d*digit)%size]) == len(items) {
			continue // all the same
		}
		sum := uint32(0)
		for i, c := range count {
			count[i], sum = sum, sum+c
		}
		by := shift + d*digit
		for _, it := range items {
			at := &count[it.key>>by%size]
			other[*at] = it
			*at++
		}
		items, other = other, items
	}
	return items
}

// mend sorts by the bits below shift what is the same above.
func mend(items []keyed, shift int) {
	if shift == 0 {
		return
	}
	for from := 0; from < len(items); {
		top, mixed, to := items[from].key>>shift, false, from+1
		for to < len(items) && items[to].key>>shift == top {
			mixed = mixed || items[to].key < items[to-1].key
			to++
		}
		if mixed {
			slices.SortFunc(items[from:to], func(a, b keyed) int {
				return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.row, b.row))
			})
		}
		from = to
	}
}

// ordered checks the scores of a model and completes their order. Those of
// no model stay as they are.
func (r *Rows) ordered(whose string, s Scores) (Scores, error) {
	if err := r.numbers("score of the "+whose, s.Values, isNumber); err != nil || s.Values == nil {
		return s, err
	}
	s.complete()
	if len(s.Order) != r.n {
		return s, &LengthError{"places in the order of the " + whose, len(s.Order), r.n}
	}
	return s, nil
}

// rank checks labels and scores and completes the orders, of both models at once.
func (r *Rows) rank(label []bool, a, b Scores) (Scores, Scores, error) {
	if len(label) != r.n {
		return a, b, &LengthError{"labels", len(label), r.n}
	}
	if a.Values == nil {
		a.Values = []float64{}
	}
	var errA, errB error
	both(func() { a, errA = r.ordered(candidate, a) }, func() { b, errB = r.ordered(baseline, b) })
	return a, b, cmp.Or(errA, errB)
}

// both does the work of both models at once.
func both(a, b func()) {
	var wg sync.WaitGroup
	wg.Go(b)
	a()
	wg.Wait()
}
