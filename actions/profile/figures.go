package profile

import "math"

// Distinct returns how many values differ: exactly if c.Exact, else within about
// 3 % (standard error 1.15 %).
func (c *Column) Distinct() int64 {
	if c.Exact {
		return int64(len(c.Values))
	}
	return min(c.values(), max(maxExact+1, int64(math.Round(c.Sketch.count()))))
}

// Quantile returns the value below which the share p of the numbers lies, within
// 1 % of it or of 1/4096 of the numbers, NaN if there are none. 0 <= p <= 1.
func (n *Numbers) Quantile(p float64) float64 {
	if n == nil || n.Count == 0 || math.IsNaN(p) {
		return math.NaN()
	}
	rank := min(max(p, 0), 1) * float64(n.Count)
	var before float64
	for c := range n.Histogram.All() {
		if upTo := before + float64(c.Count); rank > upTo {
			before = upTo
			continue
		}
		x := c.Low + (c.High-c.Low)*max(0, (rank-before)/float64(c.Count))
		return min(max(x, n.Min), n.Max)
	}
	return n.Max
}

// Std returns the standard deviation with n-1 in the divisor, NaN for fewer than two.
func (n *Numbers) Std() float64 {
	if n == nil || n.Count < 2 {
		return math.NaN()
	}
	return math.Sqrt(n.M2 / float64(n.Count-1))
}

// Distance returns the largest distance of the distribution functions of a and b
// (that of Kolmogorov and Smirnov), a share from 0 to 1: the share of numbers that
// moved. It is exact for up to 1,024 different numbers in both and else within
// 0.005. NaN if one of them has no numbers.
func Distance(a, b *Numbers) float64 {
	if a == nil || b == nil || a.Count == 0 || b.Count == 0 {
		return math.NaN()
	}
	var largest float64
	p, q := sweep{cells: a.Histogram.Cells()}, sweep{cells: b.Histogram.Cells()}
	for {
		x := min(p.next(), q.next())
		if math.IsInf(x, 1) {
			return largest
		}
		pLess, pUpTo := p.to(x)
		qLess, qUpTo := q.to(x)
		na, nb := float64(a.Count), float64(b.Count)
		largest = max(largest, math.Abs(pLess/na-qLess/nb), math.Abs(pUpTo/na-qUpTo/nb))
	}
}

// A sweep goes over a histogram from bound to bound.
type sweep struct {
	cells  []Cell
	before float64 // numbers in cells that ended
	opened bool    // the first cell's low was passed
}

// next returns the next bound, infinity behind the last.
func (s *sweep) next() float64 {
	switch {
	case len(s.cells) == 0:
		return math.Inf(1)
	case s.opened:
		return s.cells[0].High
	}
	return s.cells[0].Low
}

// to goes to x, which is not behind the next bound, and returns how many numbers
// are less than x and how many at most x; inside a cell they are taken to be
// spread evenly.
func (s *sweep) to(x float64) (less, upTo float64) {
	for len(s.cells) > 0 && s.cells[0].High <= x && s.cells[0].Low < x { // ends here at the latest
		s.pass()
	}
	less = s.before
	if len(s.cells) == 0 || x < s.cells[0].Low {
		return less, less
	}
	c := s.cells[0]
	if c.Low == c.High {
		s.pass()
		return less, s.before
	}
	s.opened = true
	at := s.before + float64(c.Count)*((x-c.Low)/(c.High-c.Low))
	return at, at
}

func (s *sweep) pass() {
	s.before += float64(s.cells[0].Count)
	s.cells, s.opened = s.cells[1:], false
}
