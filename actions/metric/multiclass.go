package metric

import "math"

// topHits returns 1 for rows whose label is one of the k classes of the highest scores.
// Of equal scores the first classes are taken, as for the predicted class.
func topHits(k int) func(*Rows) []float64 {
	return func(r *Rows) []float64 {
		return r.each(func(i int) float64 {
			label := int(r.Label[i])
			own, before := r.Scores[label][i], 0
			for c, scores := range r.Scores {
				if scores[i] > own || scores[i] == own && c < label {
					before++
				}
			}
			return float64(count(before < k))
		})
	}
}

// rests returns, for each class, the binary task to tell it from the rest.
func (r *Rows) rests() []*Rows {
	o := r.origin()
	base := o.shared.perRest.get(func() []*Rows {
		out := make([]*Rows, len(o.Classes))
		for k := range out {
			label := o.each(func(i int) float64 { return float64(count(o.Label[i] == float64(k))) })
			out[k] = &Rows{Task: Binary, Label: label, Score: o.Scores[k], Weight: o.Weight}
		}
		return out
	})
	if o == r {
		return base
	}
	out := make([]*Rows, len(base))
	for k, b := range base {
		out[k] = b.Reweigh(r.Weight)
	}
	return out
}

// areas returns the mean of the areas under the ROC curves of each class against the
// rest, each by its labels' weight or all alike.
func areas(byLabel bool) func(*Rows) float64 {
	return func(r *Rows) float64 {
		if len(r.Scores) == 0 {
			return math.NaN()
		}
		var total, weights float64
		for _, rest := range r.rests() {
			b := rest.runBins()
			w := 1.0
			if byLabel {
				w, _ = b.labels()
			}
			total += w * area(b)
			weights += w
		}
		return total / weights
	}
}
