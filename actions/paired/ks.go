package paired

// KS estimates the largest distance between the distributions of the scores of
// both classes. Its influence function is that of the distance at the score
// where it is largest: models that hardly separate the classes have more noise than
// this tells. It is NaN for one class.
func (r *Rows) KS(label []bool, a, b Scores) (Estimate, error) {
	return r.ranked("influence of ranks", label, a, b, r.ks, share)
}

func (r *Rows) ks(label []bool, of [2]float64, s Scores) Influence {
	var below, at [2]float64 // shares of both classes up to this score, and to the best
	best, distance := 0.0, 0.0
	from, start := len(s.Order), len(s.Order) // of the rows up to the best, and to this score
	s.groups(func(group []int32) {
		start -= len(group)
		here := r.weights(label, group)
		below[0], below[1] = below[0]+here[0]/of[0], below[1]+here[1]/of[1]
		if d := below[0] - below[1]; max(d, -d) > distance {
			best, distance, from, at = d, max(d, -d), start, below
		}
	})
	out := Influence{distance, make([]float64, r.n)}
	if of[0] == 0 || of[1] == 0 {
		out.Value = nan
	}
	sign := [2]float64{1, -1}
	if best < 0 {
		sign = [2]float64{-1, 1}
	}
	for i, row := range s.Order {
		class := index(label[row])
		in := -at[class]
		if i >= from {
			in++
		}
		out.Rows[row] = sign[class] * in * r.total / of[class]
	}
	return out
}
