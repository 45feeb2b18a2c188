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
		e.Method = "Newcombe of both, no scatter"
	}
	return e, nil
}

// ownArea is an area with its interval. Few positive rows with high scores make
// DeLong's variance too small together with an area that is too large. The
// interval therefore takes it together with that of areas of exponential scores
// (J. Hanley and B. McNeil, Radiology 143, 1982), which counts as three rows of the smaller class.
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

// classes are the sizes of both classes, negatives first.
type classes struct {
	weight   [2]float64
	clusters [2]int // with a row of the class
}

func (r *Rows) classes(label []bool) (c classes) {
	for i, l := range label {
		if w := r.weightOf(i); w > 0 {
			c.weight[index(l)] += w
			c.clusters[index(l)]++
		}
	}
	if r.cluster == nil {
		return c
	}
	for class := range c.clusters {
		c.clusters[class] = 0
		for _, sum := range r.perCluster(func(row int) float64 { return float64(1 - class ^ index(label[row])) }) {
			if sum > 0 {
				c.clusters[class]++
			}
		}
	}
	return c
}

// unknown says why an area or its noise cannot be known, or "".
func (c classes) unknown(r *Rows) string {
	name := [2]string{"negative", "positive"}
	for class, n := range c.clusters {
		switch {
		case r.counted == 0:
			return r.unknown()
		case n == 0:
			return "no row is " + name[class]
		case n == 1 && r.cluster != nil:
			return "all " + name[class] + " rows are of one cluster, so their noise cannot be known"
		case n == 1:
			return "one " + name[class] + " row alone says nothing of its noise"
		}
	}
	return ""
}

// A classNoise is the noise of an area, with its degrees of freedom.
type classNoise struct {
	noise
	df float64
}

// scatterClasses returns the noise of both areas and of their difference.
func (r *Rows) scatterClasses(label []bool, c classes, a, b []float64) (na, nb, nd classNoise) {
	var ta, tb, td [2]tally
	var ca, cb, cd float64 // Σ of products of what the classes of a cluster contribute
	add := func(xa, xb [2]float64) {
		for class := range 2 {
			ta[class].add(xa[class])
			tb[class].add(xb[class])
			td[class].add(xa[class] - xb[class])
		}
		ca += xa[0] * xa[1]
		cb += xb[0] * xb[1]
		cd += (xa[0] - xb[0]) * (xa[1] - xb[1])
	}
	if b == nil {
		b = a
	}
	if r.cluster != nil {
		r.perClusterAndClass(label, c, a, b, add)
	} else {
		for i, l := range label {
			var xa, xb [2]float64
			w := r.weightOf(i) / c.weight[index(l)]
			xa[index(l)], xb[index(l)] = w*a[i], w*b[i]
			add(xa, xb)
		}
	}
	return c.noise(r, ta, ca), c.noise(r, tb, cb), c.noise(r, td, cd)
}

func (r *Rows) perClusterAndClass(label []bool, c classes, a, b []float64, add func(xa, xb [2]float64)) {
	sums := make([][2][2]float64, r.groups)
	for i, at := range r.cluster {
		class := index(label[i])
		w := r.weightOf(i) / c.weight[class]
		sums[at][0][class] += w * a[i]
		sums[at][1][class] += w * b[i]
	}
	for _, s := range sums {
		add(s[0], s[1])
	}
}

// noise is Obuchowski's variance, which for rows of their own is DeLong's.
func (c classes) noise(r *Rows, t [2]tally, product float64) classNoise {
	var parts [2]float64
	df, sum := 0.0, 0.0
	for class, n := range c.clusters {
		free := float64(n - 1)
		parts[class] = t[class].squares * float64(n) / free
		df += parts[class] * parts[class] / free
		sum += parts[class]
	}
	all := sum + 2*product*float64(r.clusters)/float64(r.clusters-1)
	if sum <= 1e-30 {
		return classNoise{noise{se: 0}, max(1, r.effective-1)}
	}
	return classNoise{noise{se: math.Sqrt(max(0, all))}, sum * sum / df}
}
