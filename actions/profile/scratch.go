package profile

// A scratch is memory that the columns of a builder use in turns, and that one
// builder after the other can use.
type scratch struct {
	ints         []int64
	floats       []float64
	hashes, keys []uint64
	tries        []*trie // that are free
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
