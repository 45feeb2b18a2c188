package evaluate

import (
	"fmt"
	"strings"
)

// A Mismatch says how the ids of two tables differ. It is why nothing was
// compared row by row, unless the action was told to compare what is common.
type Mismatch struct {
	Common    int
	Candidate int // ids that only the candidate has
	Baseline  int // ids that only the baseline has
}

func (m *Mismatch) Error() string {
	var parts []string
	if m.Candidate > 0 {
		parts = append(parts, fmt.Sprintf("%d only in the candidate's predictions", m.Candidate))
	}
	if m.Baseline > 0 {
		parts = append(parts, fmt.Sprintf("%d only in the baseline's", m.Baseline))
	}
	return fmt.Sprintf("the ids differ: %s, %d in both", strings.Join(parts, ", "), m.Common)
}

// A DuplicateError reports an id that stands in two rows.
type DuplicateError struct {
	Column        string
	Count         int // rows whose id came before
	First, Second int // rows from 1
}

func (e *DuplicateError) Error() string {
	more := ""
	if e.Count > 1 {
		more = fmt.Sprintf(", and %s in all repeat one", rowsOf(e.Count))
	}
	return fmt.Sprintf("column %s: row %d has the id of row %d%s; every row needs an id of its own", e.Column, e.Second, e.First, more)
}

// An idIndex finds the row of an id.
type idIndex struct {
	keys *keys
	slot []int32 // row + 1, 0 for empty; open addressing
	mask uint64
}

// index makes an index of ids, none of which may stand twice.
func (k *keys) index() (*idIndex, error) {
	size := 1
	for size < 2*len(k.first) {
		size *= 2
	}
	x := &idIndex{keys: k, slot: make([]int32, size), mask: uint64(size - 1)}
	var twice *DuplicateError
	for row := range k.first {
		at, found := x.find(k.first[row], k.second[row])
		switch {
		case !found:
			x.slot[at] = int32(row) + 1
		case twice == nil:
			twice = &DuplicateError{Column: k.column, Count: 1, First: int(x.slot[at]), Second: row + 1}
		default:
			twice.Count++
		}
	}
	if twice != nil {
		return nil, twice
	}
	return x, nil
}

// find returns the slot of an id, or where it would stand.
func (x *idIndex) find(first, second uint64) (at uint64, found bool) {
	for at = first & x.mask; ; at = (at + 1) & x.mask {
		row := x.slot[at]
		if row == 0 {
			return at, false
		}
		if x.keys.first[row-1] == first && x.keys.second[row-1] == second {
			return at, true
		}
	}
}

// join returns the rows of both tables that have the same ids, in the order of
// the candidate's. The mismatch is nil if the ids are the same.
func join(candidate, baseline *keys) (a, b []int32, m *Mismatch, err error) {
	x, err := baseline.index()
	if err != nil {
		return nil, nil, nil, fmt.Errorf("the baseline's predictions: %w", err)
	}
	for row := range candidate.first {
		if at, found := x.find(candidate.first[row], candidate.second[row]); found {
			a, b = append(a, int32(row)), append(b, x.slot[at]-1)
		}
	}
	if n := len(a); n < len(candidate.first) || n < len(baseline.first) {
		m = &Mismatch{Common: n, Candidate: len(candidate.first) - n, Baseline: len(baseline.first) - n}
	}
	return a, b, m, nil
}

func rowsOf(n int) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}
