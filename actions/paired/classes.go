package paired

import "math"

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
