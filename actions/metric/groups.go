package metric

// members are rows by group: group g, in the order in which groups first appear, is
// rows[ends[g-1]:ends[g]].
type members struct{ rows, ends []int32 }

// of returns the rows of a group.
func (m members) of(g int) []int32 {
	if g == 0 {
		return m.rows[:m.ends[0]]
	}
	return m.rows[m.ends[g-1]:m.ends[g]]
}

// Groups returns the group of each row, counted from 0 in the order in which they first
// appear, and how many there are. Without groups all rows are of one.
func (r *Rows) Groups() (of []int32, n int) {
	of = make([]int32, r.Len())
	if r.Group == nil {
		return of, count(len(of) > 0)
	}
	seen := map[uint64]int32{}
	for i, g := range r.Group {
		if i > 0 && g == r.Group[i-1] {
			of[i] = of[i-1]
			continue
		}
		k, ok := seen[g]
		if !ok {
			k = int32(len(seen))
			seen[g] = k
		}
		of[i] = k
	}
	return of, len(seen)
}

// gather puts rows, given in some order, together by group and keeps that order within.
func (r *Rows) gather(inOrder []int32) members {
	of, n := r.Groups()
	m := members{make([]int32, len(of)), make([]int32, n)}
	for _, g := range of {
		if int(g)+1 < n {
			m.ends[g+1]++
		}
	}
	for g := 1; g < n; g++ {
		m.ends[g] += m.ends[g-1]
	}
	for _, row := range inOrder {
		at := &m.ends[of[row]]
		m.rows[*at] = row
		*at++
	}
	return m
}

// rankings returns the rows of each group by falling score.
func (r *Rows) rankings() members {
	o := r.origin()
	return o.shared.ranked.get(func() members { return o.gather(o.Falling()) })
}

// perGroup returns a value and the mean weight of the rows of each group.
func (r *Rows) perGroup(value func(ranked []int32) float64) (values, weights []float64) {
	m := r.rankings()
	for g := range m.ends {
		rows := m.of(g)
		values = append(values, value(rows))
		var w float64
		for _, row := range rows {
			w += r.weight(int(row))
		}
		weights = append(weights, w/float64(len(rows)))
	}
	return values, weights
}

// eachTie calls f for each run of equal scores of ranked rows, which begins at a rank
// counted from 0.
func (r *Rows) eachTie(ranked []int32, f func(start int, run []int32)) {
	for i := 0; i < len(ranked); {
		j := i + 1
		for j < len(ranked) && r.Score[ranked[j]] == r.Score[ranked[i]] {
			j++
		}
		f(i, ranked[i:j])
		i = j
	}
}
