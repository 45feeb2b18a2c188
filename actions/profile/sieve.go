package profile

// A sieve keeps rare values away from the count of the common ones, at the price
// of one look into near memory for each. It counts values by a part of their
// hashes: as long as few fall into a cell, none of them is common and all are
// dropped. From the first that is too many on, the cell lets all pass.
//
// What a cell dropped is how much the count of a value in it is too low at most.
// A cell holds the 8192nd part of the values if all differ, and more than the
// 2048th, the limit, only by a common value, or by chance while there are few.
type sieve struct {
	small []uint8  // how many were dropped, and open, while that is little
	cells []uint32 // and from then on
	seen  int64
}

const (
	sieveCells = 1 << 13
	sieveShare = 1 << 11
	openSmall  = 1 << 7  // of a cell that lets pass; more than any limit
	open       = 1 << 31 // likewise
)

func newSieve() sieve { return sieve{small: make([]uint8, sieveCells)} }

// limit returns what a cell must not reach, after n more values.
func (s *sieve) limit(n int64) int64 {
	s.seen += n
	limit := 2 + s.seen/sieveShare
	if limit > openSmall && s.small != nil {
		s.widen()
	}
	return limit
}

func (s *sieve) widen() {
	s.cells = make([]uint32, sieveCells)
	for i, c := range s.small {
		s.cells[i] = uint32(c&^openSmall) | uint32(c>>7)<<31
	}
	s.small = nil
}

// drops reports whether a value that occurs n times more is rare.
func (s *sieve) drops(hash uint64, n, limit int64) bool {
	if s.small != nil {
		return drops(s.small, hash, n, limit, openSmall)
	}
	return drops(s.cells, hash, n, limit, open)
}

func drops[T uint8 | uint32](cells []T, hash uint64, n, limit int64, open T) bool {
	c := &cells[hash%sieveCells]
	if int64(*c)+n < limit {
		*c += T(n)
		return true
	}
	*c |= open
	return false
}

// dropped returns how many values were dropped that share a cell with hash.
func (s *sieve) dropped(hash uint64) int64 {
	if s.small != nil {
		return int64(s.small[hash%sieveCells] &^ openSmall)
	}
	return int64(s.cells[hash%sieveCells] &^ open)
}

// most returns how many values the cells of a ballot dropped, at most.
func (s *sieve) most(ballot int) (n int64) {
	for at := ballot; at < sieveCells; at += ballots {
		n = max(n, s.dropped(uint64(at)))
	}
	return n
}
