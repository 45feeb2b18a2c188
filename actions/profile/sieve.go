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

	crowded bool // many of the last passed
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

// pass counts values by their hashes, in the sketch too, and lists the places of
// those that are not rare, in room, which has as many elements.
func (s *sieve) pass(hashes []uint64, sketch Sketch, room []int32) []int32 {
	limit := s.limit(int64(len(hashes)))
	var passed []int32
	switch {
	case s.small != nil && s.crowded:
		passed = sift(s.small, hashes, sketch, limit, openSmall, room)
	case s.small != nil:
		passed = pick(s.small, hashes, sketch, limit, openSmall, room)
	case s.crowded:
		passed = sift(s.cells, hashes, sketch, limit, open, room)
	default:
		passed = pick(s.cells, hashes, sketch, limit, open, room)
	}
	s.crowded = len(passed) > len(hashes)/16
	return passed
}

// pick does for many hashes what drops does for one, n = 1, and is quick if it drops
// nearly all.
func pick[T uint8 | uint32](cells []T, hashes []uint64, sketch Sketch, limit int64, open T, room []int32) []int32 {
	cells, sketch, room = cells[:sieveCells], sketch[:registers], room[:len(hashes)]
	passed := 0
	for i, h := range hashes {
		sketch.add(h)
		if !drops(cells, h, 1, limit, open) {
			room[passed] = int32(i)
			passed++
		}
	}
	return room[:passed]
}

// sift does what pick does where it cannot be guessed whether a value is rare: it
// does not branch on it.
func sift[T uint8 | uint32](cells []T, hashes []uint64, sketch Sketch, limit int64, open T, room []int32) []int32 {
	cells, sketch, room = cells[:sieveCells], sketch[:registers], room[:len(hashes)]
	most, passed := limit-2, uint(0)
	for i, h := range hashes {
		sketch.add(h)
		c := &cells[h%sieveCells]
		lets := uint64((most - int64(*c)) >> 63) // all ones if it is full or open, else 0
		*c = T((uint64(*c)+1)&^lets | uint64(*c|open)&lets)
		room[passed] = int32(i)
		passed -= uint(lets)
	}
	return room[:passed]
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
