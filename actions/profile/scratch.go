package profile

// A scratch is memory that the columns of a builder use in turns, and that one
// builder after the other can use.
type scratch struct {
	ints   []int64
	floats []float64
	hashes []uint64
	places []int32
	passed []int32
	texts  [][]byte
	tries  []*trie // that are free

	sums        []int64 // of a trie that is closed
	deep, cells []Cell
}

// trie returns one that is empty.
func (s *scratch) trie() *trie {
	n := len(s.tries)
	if n == 0 {
		return newTrie()
	}
	t := s.tries[n-1]
	s.tries = s.tries[:n-1]
	t.reset()
	return t
}

// hashed makes room for the hashes of n numbers.
func (s *scratch) hashed(n int) []uint64 {
	s.hashes = sized(s.hashes, n)
	return s.hashes
}

// sized returns n values to be overwritten, in old if it has the room.
func sized[T any](old []T, n int) []T {
	if cap(old) >= n {
		return old[:n]
	}
	return make([]T, n)
}
