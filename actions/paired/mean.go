package paired

// Mean estimates the weighted mean of a value per row, for instance a loss: the
// paired t interval, over clusters if there are any. A mean of decisions is
// better estimated by [Rows.Binary]. It fails with a [*RowError] for a value that
// is not finite.
func (r *Rows) Mean(a, b []float64) (Estimate, error) {
	if err := r.pair("value", a, b, isFinite); err != nil {
		return Estimate{}, err
	}
	valueB := nan
	if b != nil {
		valueB = r.mean(b)
	}
	return r.influenced("paired t", Influence{r.mean(a), a}, Influence{valueB, b}, plain), nil
}

// pair checks the values of both models, of which the baseline may have none.
func (r *Rows) pair(what string, a, b []float64, d demand) error {
	if a == nil {
		a = []float64{}
	}
	if err := r.numbers(what+" of the "+candidate, a, d); err != nil {
		return err
	}
	return r.numbers(what+" of the "+baseline, b, d)
}

// Means estimates a smooth function of means of several values per row:
// a[k][row] is the k-th value of a row. RMSE is the root of the mean of squares.
// The interval is the delta method's, with f's derivatives taken numerically. It
// fails with a [*RowError] for a value that is not finite.
func (r *Rows) Means(f func(means []float64) float64, a, b [][]float64) (Estimate, error) {
	for k := range max(len(a), len(b)) {
		if b == nil {
			if err := r.pair("value", a[k], nil, isFinite); err != nil {
				return Estimate{}, err
			}
			continue
		}
		if k >= len(a) || k >= len(b) {
			return Estimate{}, &LengthError{"values per row of a model", len(b), len(a)}
		}
		if err := r.pair("value", a[k], b[k], isFinite); err != nil {
			return Estimate{}, err
		}
	}
	ia, ib := Influence{Value: nan}, Influence{Value: nan}
	both(func() { ia = r.linear(f, a) }, func() {
		if b != nil {
			ib = r.linear(f, b)
		}
	})
	return r.influenced("delta method", ia, ib, plain), nil
}

// linear is the influence of each row on a function of means.
func (r *Rows) linear(f func([]float64) float64, x [][]float64) Influence {
	means := make([]float64, len(x))
	for k := range x {
		means[k] = r.mean(x[k])
	}
	out := Influence{f(means), make([]float64, r.n)}
	for k := range x {
		// A step must be small against the spread of the values, not their mean.
		spread := 0.0
		for _, v := range x[k] {
			spread = max(spread, v-means[k], means[k]-v)
		}
		g := slope(f, means, k, spread)
		for i, v := range x[k] {
			out.Rows[i] += g * (v - means[k])
		}
	}
	return out
}

// slope is the derivative of f by x[k], of which size is a large step, by
// differences at two distances (L. Richardson, Philosophical Transactions A 210, 1911).
func slope(f func([]float64) float64, x []float64, k int, size float64) float64 {
	at := x[k]
	defer func() { x[k] = at }()
	difference := func(h float64) float64 {
		x[k] = at + h
		up := f(x)
		x[k] = at - h
		return (up - f(x)) / (2 * h)
	}
	h := 1e-3 * size
	if at != 0 {
		h = min(h, 1e-3*max(at, -at))
	}
	if h == 0 {
		return 0
	}
	return (4*difference(h/2) - difference(h)) / 3
}
