package profile

// Counts returns how many of the numbers lie between each two neighbouring
// edges, which ascend: in low <= x < high, and in the last also x = high. Inside
// a cell numbers are taken to be spread evenly. What lies outside is not counted.
// There are len(edges)-1 counts, none for fewer than two edges.
func (n *Numbers) Counts(edges []float64) []float64 {
	if n == nil || len(edges) < 2 {
		return nil
	}
	counts := make([]float64, len(edges)-1)
	s := sweep{cells: n.Histogram.Cells()}
	last, _ := s.at(edges[0])
	for i, x := range edges[1:] {
		less, upTo := s.at(x)
		if i == len(counts)-1 {
			less = upTo
		}
		counts[i], last = less-last, less
	}
	return counts
}

// at returns how many numbers are less than x and how many at most x, which is
// not less than it was the last time.
func (s *sweep) at(x float64) (less, upTo float64) {
	for s.next() < x {
		if !s.opened && s.cells[0].Low < s.cells[0].High {
			s.opened = true
			continue
		}
		s.pass()
	}
	before := *s
	less, upTo = s.to(x)
	*s = before // a number that equals x belongs to what comes next
	return less, upTo
}
