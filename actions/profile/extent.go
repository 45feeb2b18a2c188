package profile

// An extent describes numbers that are too many to be counted one by one.
type extent struct {
	moments moments
	trie    *trie
}

// counted is a number and how often it occurs.
type counted struct {
	x     float64
	count int64
}

// start takes in what was counted so far, ascending.
func (e *extent) start(vs []counted, s *scratch) {
	e.trie = s.trie()
	e.addSorted(vs)
}

// addSorted takes in numbers with their counts, ascending.
func (e *extent) addSorted(vs []counted) {
	e.trie.addSorted(vs)
	e.moments.merge(momentsOf(vs))
}

func (e *extent) add(xs []float64) {
	if len(xs) == 0 {
		return
	}
	low, high := bounds(xs)
	e.moments.add(xs, low, high)
	e.trie.add(xs, low, high)
}

func (e *extent) addTimes(x float64, n int64) {
	e.moments.addTimes(x, n)
	e.trie.addTimes(x, n)
}

// numbers returns the description, nil if there was no number, and gives the
// trie back.
func (e *extent) numbers(whole bool, s *scratch) *Numbers {
	n := e.moments.numbers(tidy(e.trie.cells(s), whole))
	s.tries, e.trie = append(s.tries, e.trie), nil
	return n
}

// numbersOf describes numbers that were counted one by one, ascending.
func numbersOf(vs []counted, whole bool) *Numbers {
	cells := make([]Cell, len(vs))
	for i, v := range vs {
		cells[i] = Cell{v.x, v.x, v.count}
	}
	m := momentsOf(vs)
	return m.numbers(tidy(cells, whole))
}

func (m *moments) numbers(cells []Cell) *Numbers {
	if m.count == 0 {
		return nil
	}
	return &Numbers{Count: m.count, Min: m.min, Max: m.max, Mean: m.mean, M2: m.sum, Histogram: HistogramOf(cells...)}
}

// momentsOf returns those of numbers that were counted one by one, ascending.
func momentsOf(vs []counted) (m moments) {
	if len(vs) == 0 {
		return m
	}
	m.min, m.max = vs[0].x, vs[len(vs)-1].x
	var total float64
	for _, v := range vs {
		m.count += v.count
		total += (v.x - m.min) * float64(v.count)
	}
	m.mean = m.min + total/float64(m.count)
	for _, v := range vs {
		d := v.x - m.mean
		m.sum += d * d * float64(v.count)
	}
	return m
}
