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

const (
	digit   = 11 // bits sorted by in one pass
	digits  = 3
	rowBits = 64 - digit*digits // beside them in a word: rows are numbered by less
)

// Order returns the rows by falling value, equal ones by row, -0 with 0, NaN
// last.
//
// A radix sort by the leading 33 bits that differ at all, with the row in the same
// word, leaves next to nothing out of order, which comparisons mend: twice as quick
// as all 64 bits, and half the memory of keys beside rows.
func Order(values []float64) []int32 {
	shift := max(0, bits.Len64(differing(values))-digits*digit)
	words := make([]uint64, len(values))
	for i, v := range values {
		words[i] = key(v)>>shift<<rowBits | uint64(i)
	}
	words = radix(words)
	order := make([]int32, len(words))
	for i, w := range words {
		order[i] = int32(w & (1<<rowBits - 1))
	}
	if shift > 0 {
		mend(values, words, order)
	}
	return order
}

// key is a value as a number that sorts the other way round.
func key(v float64) uint64 {
	b := math.Float64bits(v + 0) // -0 becomes 0
	switch {
	case v != v:
		return math.MaxUint64
	case b>>63 == 0:
		return ^b &^ (1 << 63)
	}
	return b
}

// differing are the bits in which the keys differ.
func differing(values []float64) (differ uint64) {
	for _, v := range values {
		differ |= key(v) ^ key(values[0])
	}
	return differ
}

// radix sorts by the digits above the row.
func radix(words []uint64) []uint64 {
	const size = 1 << digit
	var counts [digits][size]uint32
	for _, w := range words {
		for d := range digits {
			counts[d][w>>(rowBits+d*digit)%size]++
		}
	}
	other := make([]uint64, len(words))
	for d := range digits {
		count, by := &counts[d], rowBits+d*digit
		if len(words) == 0 || int(count[words[0]>>by%size]) == len(words) {
			continue // all the same
		}
		sum := uint32(0)
		for i, c := range count {
			count[i], sum = sum, sum+c
		}
		for _, w := range words {
			at := &count[w>>by%size]
			other[*at] = w
			*at++
		}
		words, other = other, words
	}
	return words
}

// mend sorts by the bits that the words have no room for what is the same above.
func mend(values []float64, words []uint64, order []int32) {
	for from := 0; from < len(words); {
		top, mixed, to := words[from]>>rowBits, false, from+1
		for to < len(words) && words[to]>>rowBits == top {
			mixed = mixed || key(values[order[to]]) < key(values[order[to-1]])
			to++
		}
		if mixed {
			slices.SortFunc(order[from:to], func(a, b int32) int {
				return cmp.Or(cmp.Compare(key(values[a]), key(values[b])), cmp.Compare(a, b))
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
