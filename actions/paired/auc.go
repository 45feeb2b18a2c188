package paired

import "math"

// AUC estimates the area under the ROC curve, the probability that a positive
// row has a higher score than a negative one, ties counting half. Its variance
// is that of the placements (E. DeLong, D. DeLong and D. Clarke-Pearson, Biometrics
// 44, 1988; with weights and, over clusters, N. Obuchowski, Biometrics 53, 1997),
// with degrees of freedom as Welch's t has them for both classes (E. Brunner and
// U. Munzel, Biometrical Journal 42, 2000). It is NaN for one class.
func (r *Rows) AUC(label []bool, a, b Scores) (Estimate, error) {
	a, b, err := r.rank(label, a, b)
	if err != nil {
		return Estimate{}, err
	}
	var pa, pb placements
	both(func() { pa = r.placements(label, a) }, func() { pb = r.placements(label, b) })
	e := r.estimate("DeLong", Value{pa.area, nan, nan, nan}, Value{pb.area, nan, nan, nan})
	c := r.classes(label)
	if reason := c.unknown(r); reason != "" {
		return e.because(reason), nil
	}
	na, nb, nd := r.scatterClasses(label, c, pa.rows, pb.rows)
	e.A = r.ownArea(pa.area, na, c)
	e.B = r.ownArea(pb.area, nb, c)
	if b.Values == nil {
		return e, nil
	}
	e.differ(r, nd.noise, nd.df)
	if nd.se == 0 && !sameRanks(a, b) {
		e.apart()
	}
	return e, nil
}

// ownArea is an area with its interval. A few positive rows that happen to have high
// scores make DeLong's variance too small at the same time as the area too large: of
// twenty, 92 % of the intervals cover. They therefore take in the variance that areas
// of exponential scores have (J. Hanley and B. McNeil, Radiology 143, 1982), which
// counts as much as three rows of the smaller class: 97 % cover, and 95 % of forty.
func (r *Rows) ownArea(v float64, n classNoise, c classes) Value {
	fewest := float64(min(c.clusters[0], c.clusters[1]))
	wide := n.noise
	if r.cluster == nil && r.weight == nil && n.se > 0 {
		model := hanley(v, float64(c.clusters[1]), float64(c.clusters[0]))
		wide.se = math.Sqrt((fewest*n.se*n.se + 3*model) / (fewest + 3))
	}
	out := r.value(v, wide, n.df, share, fewest)
	out.SE = n.se
	return out
}

// hanley is the variance of an area v of exponential scores.
func hanley(v, positives, negatives float64) float64 {
	onePositive, oneNegative := v/(2-v)-v*v, 2*v*v/(1+v)-v*v
	return (v*(1-v) + (positives-1)*onePositive + (negatives-1)*oneNegative) / positives / negatives
}

// sameRanks tells whether both rank all rows in the same way.
func sameRanks(a, b Scores) bool {
	for i := 1; i < len(a.Order); i++ {
		p, q := a.Order[i-1], a.Order[i]
		switch x, y := b.Values[p], b.Values[q]; {
		case a.Values[p] == a.Values[q] && x != y, a.Values[p] > a.Values[q] && !(x > y):
			return false
		}
	}
	return true
}

// Placements are for each row the share of the other class that it is above
// (a positive row) or below (a negative one), ties counting half, less the area.
type placements struct {
	area float64
	rows []float64
}

// placements takes one pass over the rows by score. A model without scores has none.
func (r *Rows) placements(label []bool, s Scores) placements {
	if s.Values == nil {
		return placements{area: nan}
	}
	p := placements{rows: make([]float64, r.n)}
	of := [2]float64{}
	for i, l := range label {
		of[index(l)] += r.weightOf(i)
	}
	var below [2]float64 // weight of the lower scores, by class
	sum := 0.0
	s.groups(func(group []int32) {
		var here [2]float64
		for _, row := range group {
			here[index(label[row])] += r.weightOf(int(row))
		}
		mid := [2]float64{below[0] + here[0]/2, below[1] + here[1]/2}
		sum += here[1] * mid[0]
		for _, row := range group {
			if label[row] {
				p.rows[row] = mid[0] / of[0]
			} else {
				p.rows[row] = 1 - mid[1]/of[1]
			}
		}
		below[0], below[1] = below[0]+here[0], below[1]+here[1]
	})
	p.area = sum / of[0] / of[1]
	for i := range p.rows {
		p.rows[i] -= p.area
	}
	return p
}

func index(label bool) int {
	if label {
		return 1
	}
	return 0
}

// groups visits the rows of equal scores, the lowest first.
func (s Scores) groups(visit func(rows []int32)) {
	for i := len(s.Ties) - 1; i >= 0; i-- {
		from := int32(0)
		if i > 0 {
			from = s.Ties[i-1]
		}
		visit(s.Order[from:s.Ties[i]])
	}
}
