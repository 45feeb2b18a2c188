package metric

// block is how many terms are added at a stretch: sums of sums err less than one long
// sum, and in a million terms by no more than 1e-13 of their size.
const block = 1024

// sum adds n terms, of which part adds those from index i to j.
func sum(n int, part func(i, j int) float64) float64 {
	var total float64
	for i := 0; i < n; i += block {
		total += part(i, min(i+block, n))
	}
	return total
}

// dot returns the sum of weight × value; a nil weight is 1 each. Rows of weight 0 do not
// count, whatever their value.
func dot(weight, values []float64) float64 {
	return sum(len(values), func(i, j int) float64 {
		var s float64
		if weight == nil {
			for _, v := range values[i:j] {
				s += v
			}
			return s
		}
		w := weight[i:j]
		for k, v := range values[i:j] {
			if w[k] != 0 {
				s += w[k] * v
			}
		}
		return s
	})
}

// Total returns the sum of the weights.
func (r *Rows) Total() float64 {
	return r.shared.total.get(func() float64 {
		if r.Weight == nil {
			return float64(r.Len())
		}
		return dot(nil, r.Weight)
	})
}

// Mean returns the weighted mean of values, one for each row.
func (r *Rows) Mean(values []float64) float64 { return dot(r.Weight, values) / r.Total() }

// weight returns that of a row.
func (r *Rows) weight(i int) float64 {
	if r.Weight == nil {
		return 1
	}
	return r.Weight[i]
}

// each returns a value for each row.
func (r *Rows) each(value func(i int) float64) []float64 {
	out := make([]float64, r.Len())
	for i := range out {
		out[i] = value(i)
	}
	return out
}
