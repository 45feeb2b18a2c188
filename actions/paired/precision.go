package paired

// AveragePrecision estimates the area under the precision-recall curve: the sum over
// the thresholds of precision times the step of recall, without interpolation, as
// scikit-learn's average_precision_score. The interval is of its influence function.
// It is NaN without a positive row.
func (r *Rows) AveragePrecision(label []bool, a, b Scores) (Estimate, error) {
	return r.ranked("influence of ranks", label, a, b, r.averagePrecision, share)
}

// ranked estimates a metric of the ranks by its influence function.
func (r *Rows) ranked(method string, label []bool, a, b Scores, of func([]bool, [2]float64, Scores) Influence, s scale) (Estimate, error) {
	a, b, err := r.rank(label, a, b)
	if err != nil {
		return Estimate{}, err
	}
	c := r.classes(label)
	ia, ib := Influence{Value: nan}, Influence{Value: nan}
	both(func() { ia = of(label, c.weight, a) }, func() {
		if b.Values != nil {
			ib = of(label, c.weight, b)
		}
	})
	e := r.influenced(method, ia, ib, s)
	if reason := c.unknown(r); reason != "" && e.Reason != "" {
		e.Reason = reason
	}
	if e.Reason == "" && s == share {
		r.perfect(&e, c, a, b)
	}
	return e, nil
}

// perfect widens intervals of values that have no scatter because they are as good
// (or bad) as can be: how far the next rows bear that out is known by no more than
// the rows of the smaller class.
func (r *Rows) perfect(e *Estimate, c classes, a, b Scores) {
	fewest := float64(min(c.clusters[0], c.clusters[1]))
	for _, v := range []*Value{&e.A, &e.B} {
		if v.SE == 0 {
			*v = r.value(v.Value, noise{}, r.degrees(noise{}), share, fewest)
		}
	}
	if e.Diff.SE == 0 && !sameRanks(a, b) {
		e.apart()
	}
}

// averagePrecision differentiates Σ p·TP/(TP+FP) / P over the groups of equal
// scores, p their positives, by the weight of a row: it raises TP or FP of its own group
// and of all lower ones, and a positive one also p and P.
func (r *Rows) averagePrecision(label []bool, of [2]float64, s Scores) Influence {
	out := Influence{Rows: make([]float64, r.n)}
	above := of // weight of this score and higher ones, by class
	var sum float64
	var moved [2]float64 // Σ p × derivative of the precision by FP and by TP, so far
	s.groups(func(group []int32) {
		here := r.weights(label, group)
		if above[1] > 0 {
			all := above[0] + above[1]
			precision := above[1] / all
			sum += here[1] * precision
			moved[0] -= here[1] * above[1] / all / all
			moved[1] += here[1] * above[0] / all / all
			for _, row := range group {
				class := index(label[row])
				out.Rows[row] = r.total / of[1] * (moved[class] + float64(class)*precision)
			}
		}
		above[0], above[1] = max(0, above[0]-here[0]), max(0, above[1]-here[1])
	})
	out.Value = sum / of[1]
	for i, positive := range label {
		if positive {
			out.Rows[i] -= r.total / of[1] * out.Value
		}
	}
	return out
}

// weights adds up the rows of a group by class.
func (r *Rows) weights(label []bool, group []int32) (w [2]float64) {
	for _, row := range group {
		w[index(label[row])] += r.weightOf(int(row))
	}
	return w
}
