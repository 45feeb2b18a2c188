package paired

import "math"

// A noise is how a sum of independent contributions scatters.
type noise struct {
	se float64 // NaN for fewer than two contributions
	// bearing is how many equal contributions would scatter as steadily:
	// (Σx²)²/Σx⁴, a third of them all where they are normal; 0 if there are none.
	bearing float64
	of      float64 // contributions
}

// A tally adds up contributions.
type tally struct{ squares, fourths float64 }

func (t *tally) add(x float64) {
	x *= x
	t.squares += x
	t.fourths += x * x
}

// noise is that of n contributions of mean 0, those of weight 0 not counted.
func (t tally) noise(n int) noise {
	if n < 2 {
		return noise{se: nan, of: float64(n)}
	}
	out := noise{se: math.Sqrt(t.squares * float64(n) / float64(n-1)), of: float64(n)}
	if t.fourths > 0 {
		out.bearing = t.squares * t.squares / t.fourths
	}
	return out
}

// degrees returns the degrees of freedom of a standard error: one less than the
// effective clusters. Where few rows bear the noise it is known less well
// than their number suggests; then they follow from its own variance
// (F. Satterthwaite, Biometrics Bulletin 2, 1946): 2·V²/Var(V), with
// Var(V) = Σx⁴ - (Σx²)²/n.
func (r *Rows) degrees(n noise) float64 {
	df := r.effective - 1
	if few(n) {
		df = min(df, 2/(1/n.bearing-1/n.of))
	}
	return max(df, 1)
}

// few tells whether so few rows bear a noise that it is far from normal.
func few(n noise) bool { return n.bearing > 0 && n.bearing < min(60, n.of/6) }

// mean is the weighted mean of a value per row.
func (r *Rows) mean(x []float64) float64 {
	sum := 0.0
	if r.weight == nil {
		for _, v := range x {
			sum += v
		}
		return sum / r.total
	}
	for i, v := range x {
		sum += r.weight[i] * v
	}
	return sum / r.total
}

// scatter returns the noise of the weighted means of a, of b and of a-b, whose
// rows are the same. A nil b is none.
func (r *Rows) scatter(a, b []float64) (na, nb, nd noise) {
	meanA := r.mean(a)
	if b == nil {
		ta := r.contributions(a, meanA)
		return r.settle(ta, meanA*meanA), noise{se: nan}, noise{se: nan}
	}
	meanB := r.mean(b)
	var ta, tb, td tally
	r.pairs(a, b, meanA, meanB, func(xa, xb float64) {
		ta.add(xa)
		tb.add(xb)
		td.add(xa - xb)
	})
	size := meanA*meanA + meanB*meanB
	return r.settle(ta, meanA*meanA), r.settle(tb, meanB*meanB), r.settle(td, size+r.effective*(ta.squares+tb.squares))
}

// settle is the noise of a tally of contributions, or none where it is less
// than numbers of that size (as a square) are rounded by.
func (r *Rows) settle(t tally, size float64) noise {
	if t.squares*r.effective <= 1e-30*size {
		t = tally{}
	}
	return t.noise(r.clusters)
}

// pairs visits the contributions of both models to their means.
func (r *Rows) pairs(a, b []float64, meanA, meanB float64, visit func(xa, xb float64)) {
	if r.cluster != nil {
		sumsA := r.perCluster(func(row int) float64 { return a[row] - meanA })
		sumsB := r.perCluster(func(row int) float64 { return b[row] - meanB })
		for c := range sumsA {
			visit(sumsA[c]/r.total, sumsB[c]/r.total)
		}
		return
	}
	for i := range a {
		w := r.weightOf(i) / r.total
		visit(w*(a[i]-meanA), w*(b[i]-meanB))
	}
}

// contributions tallies the contribution of each cluster to the mean of x.
func (r *Rows) contributions(x []float64, mean float64) (t tally) {
	if r.cluster != nil {
		for _, sum := range r.perCluster(func(row int) float64 { return x[row] - mean }) {
			t.add(sum / r.total)
		}
		return t
	}
	for i, v := range x {
		t.add(r.weightOf(i) / r.total * (v - mean))
	}
	return t
}
