package slice

import (
	"slices"
)

// taken says whether a slice was taken before.
func (s *search) taken(where []condition) bool {
	return slices.ContainsFunc(s.done, func(d []condition) bool { return slices.Equal(d, where) })
}

// in says whether a place fulfils all conditions.
func (s *search) in(where []condition) func(place int) bool {
	return func(place int) bool {
		for _, c := range where {
			if s.counter.codes[c.feature][place] != c.value {
				return false
			}
		}
		return true
	}
}

// simpler returns the one of the features of a pair without whose condition it is as
// bad, or else the pair; and its p value.
func (s *search) simpler(all moments, where []condition, p float64) ([]condition, float64) {
	best, bestP := where, p
	if len(where) < 2 {
		return best, bestP
	}
	for i := range where {
		parent := where[i : i+1]
		at := s.candidate(parent)
		if at < 0 || s.taken(parent) {
			continue
		}
		c := s.candidates[at]
		parentP, _ := s.surely(all, s.counter.grids[c.grid].cell(c.cell))
		if !s.listable(c.low, c.above) || s.corrected(parentP) > s.o.Level || s.apart(parent, where) {
			continue
		}
		if len(best) == 2 || parentP < bestP {
			best, bestP = slices.Clone(parent), parentP
		}
	}
	return best, bestP
}

// candidate returns the place of a slice of one feature, -1 if it has too few rows.
func (s *search) candidate(where []condition) int {
	return slices.IndexFunc(s.candidates, func(c candidate) bool { return slices.Equal(s.conditions(c), where) })
}

// apart says whether a pair is worse than the remainder of the one condition that is
// whole, corrected for all pairs that have it.
func (s *search) apart(whole, part []condition) bool {
	all, m := s.p.split(s.in(whole), s.in(part))
	if all.rows-m.rows < 2 {
		return false
	}
	tests := 0
	for _, c := range s.candidates {
		if where := s.conditions(c); len(where) == 2 && slices.Contains(where, whole[0]) {
			tests++
		}
	}
	p, _ := s.surely(all, m)
	return p*float64(tests) <= s.o.Level
}

// deeper returns the part of a pair by a third feature that is surely worse than the
// remainder, or else the pair.
func (s *search) deeper(pair []condition) []condition {
	best, bestP, tests := pair, 1.0, 0
	parts, _ := newCounter(s.p.sub(s.places(pair)), s.features, false)
	whole := parts.p.total()
	for f := range s.features {
		if f == pair[0].feature || f == pair[1].feature {
			continue
		}
		for value := range s.features[f].Values {
			where := append(slices.Clone(pair), condition{f, uint16(value)})
			m := parts.grids[f].cell(value)
			if !s.enough(s.first, m) || whole.rows-m.rows < 2 || s.taken(where) {
				continue
			}
			tests++
			if p, _ := s.surely(whole, m); p < bestP {
				best, bestP = where, p
			}
		}
	}
	if bestP*float64(tests) > s.o.Level || len(best) < 3 || !s.sure(best) {
		return pair
	}
	return best
}

// places returns those that fulfil all conditions.
func (s *search) places(where []condition) []int32 {
	var places []int32
	in := s.in(where)
	for place := range s.p.v {
		if in(place) {
			places = append(places, int32(place))
		}
	}
	return places
}

// sure says whether a slice is worth to be listed and different from the rest even as
// one of all.
func (s *search) sure(where []condition) bool {
	all, m := s.p.split(s.p.every, s.in(where))
	p, _ := s.surely(all, m)
	t := s.test(where)
	return s.corrected(p) <= s.o.Level && s.listable(t.Low, t.Mean-s.p.center)
}

// take lists a slice and takes its excess off the values.
func (s *search) take(where []condition, corrected float64) {
	if s.original == nil {
		s.original, s.masks = slices.Clone(s.p.v), make([]uint64, len(s.p.v))
	}
	found := s.describe(where, corrected)
	found.bit = len(s.done)
	s.out.Found = append(s.out.Found, found)
	for _, place := range s.places(where) {
		s.masks[place] |= 1 << len(s.done)
	}
	s.done, s.off = append(s.done, where), append(s.off, 0)
	s.refit()
}

// test compares a slice with the rest by the values as they are.
func (s *search) test(where []condition) Test {
	p := *s.p
	if s.original != nil {
		p.v = s.original
	}
	all, m := p.split(p.every, s.in(where))
	return all.against(m, p.center, p.scale)
}
