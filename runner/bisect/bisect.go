// Package bisect finds the first bad one in a row of which the first is good and
// the last is bad, with few trials. It knows nothing of commits, runs or metrics.
//
// Trials that cost nothing come first: while any is open, the one nearest to the
// middle is tried. Then that nearest to the middle of the others. What cannot be
// told good from bad is passed over, and if it lies between the last good and the
// first bad the answer is a range.
package bisect

import (
	"math/bits"
	"slices"
)

// A Mark is what is known of one of the row.
type Mark int8

// The marks. Skipped is what could not be told.
const (
	Open Mark = iota
	Good
	Bad
	Skipped
)

// A Search is the state of a search. It is not safe for concurrent use.
type Search struct {
	marks []Mark
	free  []bool // trying it costs nothing
	good  int    // the last that is known to be good
	bad   int    // the first that is known to be bad
}

// New returns the search in a row of n, at least 2, whose first is good and whose
// last is bad. free says of each whether trying it costs nothing.
func New(n int, free func(i int) bool) *Search {
	s := &Search{marks: make([]Mark, n), free: make([]bool, n), bad: n - 1}
	for i := range s.free {
		s.free[i] = free(i)
	}
	s.marks[0], s.marks[n-1] = Good, Bad
	return s
}

// Next returns which one to try; ok is false if the search is at its end.
func (s *Search) Next() (i int, ok bool) {
	var open, free []int
	for k := s.good + 1; k < s.bad; k++ {
		if s.marks[k] != Open {
			continue
		}
		open = append(open, k)
		if s.free[k] {
			free = append(free, k)
		}
	}
	if len(free) > 0 {
		return nearest(free, (s.good+s.bad)/2), true
	}
	if len(open) == 0 {
		return 0, false
	}
	return open[(len(open)-1)/2], true
}

func nearest(list []int, to int) int {
	return slices.MinFunc(list, func(a, b int) int { return max(a-to, to-a) - max(b-to, to-b) })
}

// Mark notes what the trial of one in the open range came to.
func (s *Search) Mark(i int, m Mark) {
	s.marks[i] = m
	switch {
	case m == Good && i > s.good:
		s.good = i
	case m == Bad && i < s.bad:
		s.bad = i
	}
}

// Range returns the last good one and the first bad one. At the end of the search
// those between them are the skipped ones: the first bad one is one of them, or bad.
func (s *Search) Range() (good, bad int) { return s.good, s.bad }

// Most is how many trials that cost something remain at most if none is skipped.
// Free ones leave the longest gap between two of them to search.
func (s *Search) Most() int {
	longest, gap := 0, 0
	for k := s.good + 1; k < s.bad; k++ {
		switch {
		case s.marks[k] == Open && s.free[k]:
			gap = 0
		case s.marks[k] == Open:
			gap++
		}
		longest = max(longest, gap)
	}
	return bits.Len(uint(longest))
}
