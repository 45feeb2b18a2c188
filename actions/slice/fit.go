package slice

import (
	"math"
	"math/bits"
	"slices"
)

// mostTaken is how many slices a search takes, one for each bit of its masks.
const mostTaken = 64

// fit returns by how much the slices that were taken are worse, all together: the
// least squares of the values over one constant and one indicator of each. which are
// those that take part, a bit for each; the others have 0.
func (s *search) fit(which uint64) []float64 {
	k := len(s.done)
	a := make([][]float64, k+1) // the normal equations, the constant's last, and behind each its right side
	for i := range a {
		a[i] = make([]float64, k+2)
	}
	for place, mask := range s.masks {
		w := s.p.weight(place)
		v := w * s.original[place]
		a[k][k], a[k][k+1] = a[k][k]+w, a[k][k+1]+v
		for mask &= which; mask != 0; {
			i := bits.TrailingZeros64(mask)
			a[i][k], a[i][k+1] = a[i][k]+w, a[i][k+1]+v
			for m := mask; m != 0; m &= m - 1 {
				a[i][bits.TrailingZeros64(m)] += w
			}
			mask &= mask - 1
		}
	}
	for i := range a {
		for j := range i {
			a[i][j] = a[j][i]
		}
	}
	return solve(a)[:k]
}

// solve solves symmetric equations by elimination. What depends on those before it is 0.
func solve(a [][]float64) []float64 {
	n := len(a)
	free := make([]bool, n)
	for i := range n {
		scale := a[i][i]
		for j := range i {
			if free[j] {
				continue
			}
			f := a[i][j] / a[j][j]
			for c := j; c <= n; c++ {
				a[i][c] -= f * a[j][c]
			}
		}
		free[i] = !(a[i][i] > 1e-9*math.Abs(scale))
	}
	x := make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		if free[i] {
			continue
		}
		x[i] = a[i][n]
		for c := i + 1; c < n; c++ {
			x[i] -= a[i][c] * x[c]
		}
		x[i] /= a[i][i]
	}
	return x
}

// refit takes off the values what all slices together are worse.
func (s *search) refit() {
	for i, d := range s.fit(^uint64(0)) {
		if by := d - s.off[i]; math.Abs(by) > 1e-9*s.p.scale {
			s.counter.less(s.places(s.done[i]), by)
			s.off[i] = d
		}
	}
}

// prune drops slices that are as the rest once the excess of all others is taken
// off: those that were taken for what two later ones are.
func (s *search) prune() {
	p, which := *s.p, ^uint64(0)
	if len(s.done) < 2 {
		return
	}
	p.v = make([]float64, len(s.original))
	for i := range s.done {
		others := which &^ (1 << i)
		off := s.fit(others)
		for place, v := range s.original {
			for m := s.masks[place] & others; m != 0; m &= m - 1 {
				v -= off[bits.TrailingZeros64(m)]
			}
			p.v[place] = v
		}
		all, m := p.split(p.every, func(place int) bool { return s.masks[place]>>i&1 == 1 })
		if alone, _ := s.surely(all, m); alone*float64(s.out.Tests)/float64(len(s.done)) > s.o.Level {
			which = others
		}
	}
	s.out.Found = slices.DeleteFunc(s.out.Found, func(f Found) bool { return which>>f.bit&1 == 0 })
}
