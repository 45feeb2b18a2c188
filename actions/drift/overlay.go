package drift

import "github.com/mlops-runner/mlops/actions/profile"

// overlay lays two histograms over each other and returns how many numbers of
// each lie in their common cells, in ascending order. Where a cell of one side
// holds several of the other's, those are taken together: such a cell holds little
// of its own side, so that the distribution functions lose no more there than that.
func overlay(base, now []profile.Cell) (a, b []float64) {
	for len(base) > 0 || len(now) > 0 {
		s := span{}
		s.start(base, now)
		for grown := true; grown; {
			grown = false
			for ; len(base) > 0 && s.touches(base[0]); base, grown = base[1:], true {
				s.take(base[0], &s.a)
			}
			for ; len(now) > 0 && s.touches(now[0]); now, grown = now[1:], true {
				s.take(now[0], &s.b)
			}
		}
		a, b = append(a, s.a), append(b, s.b)
	}
	return a, b
}

// A span is the union of cells that overlap, with their counts.
type span struct {
	low, high float64 // of one value if equal, else without high
	a, b      float64
}

// start sets the span to the first cell that is left; of two that start alike to
// the wider.
func (s *span) start(base, now []profile.Cell) {
	first := func(c profile.Cell) bool { return c.Low < s.low || c.Low == s.low && c.High > s.high }
	if len(base) > 0 {
		s.low, s.high = base[0].Low, base[0].High
	}
	if len(now) > 0 && (len(base) == 0 || first(now[0])) {
		s.low, s.high = now[0].Low, now[0].High
	}
}

func (s *span) touches(c profile.Cell) bool { return c.Low < s.high || c.Low == s.low }

func (s *span) take(c profile.Cell, count *float64) {
	*count += float64(c.Count)
	s.high = max(s.high, c.High)
}

// mostBins is how many cells the distances by name see of numbers: ten is the
// custom for PSI, and finer ones measure noise.
const mostBins = 10

// bins joins neighbouring cells to at most ten of about equal counts in the base.
// What lies outside of the base's range is in the first or last one.
func bins(a, b []float64) (x, y []float64) {
	each := total(a) / mostBins
	var sumA, sumB, before float64
	for i := range a {
		sumA, sumB = sumA+a[i], sumB+b[i]
		if sumA > 0 && before+sumA >= each*float64(len(x)+1) && len(x) < mostBins-1 {
			x, y = append(x, sumA), append(y, sumB)
			before += sumA
			sumA, sumB = 0, 0
		}
	}
	switch {
	case len(x) > 0 && sumA == 0:
		y[len(y)-1] += sumB
	case sumA+sumB > 0:
		x, y = append(x, sumA), append(y, sumB)
	}
	return x, y
}
