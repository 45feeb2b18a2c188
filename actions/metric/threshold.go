package metric

import "math"

// bestCut returns the bin down to which rows must be taken for class 1 so that a
// function of the confusion matrix is highest, the first of equal ones, or -1.
func bestCut(b Bins, of func(Confusion) float64) (bin int, value float64) {
	positive, negative := b.labels()
	c := NewConfusion(2)
	c.True[0], c.True[1] = negative, positive
	bin, value = -1, math.NaN()
	var tp, fp float64
	for i, w := range b.Positive {
		tp += w
		fp += b.Negative[i]
		if i == len(b.Positive)-1 { // sums in another order leave crumbs
			tp, fp = positive, negative
		}
		c.Correct[0], c.Correct[1] = negative-fp, tp
		c.Predicted[0], c.Predicted[1] = negative-fp+positive-tp, tp+fp
		if v := of(c); v > value || math.IsNaN(value) && !math.IsNaN(v) {
			bin, value = i, v
		}
	}
	return bin, value
}

// Best returns the threshold at which a metric "at best" has its value: rows from
// that score on are of class 1. Of several it is the highest. It fails as [Value] does,
// and with a [*NameError] for other metrics.
func Best(m Metric, r *Rows) (threshold, value float64, err error) {
	if !m.Arg.Best {
		return 0, 0, &NameError{Name: m.Name, What: "it has no best threshold"}
	}
	if value, err = Value(m, r); err != nil {
		return 0, 0, err
	}
	bin, _ := bestCut(r.runBins(), m.OfCells)
	return r.Score[r.Falling()[r.Ties()[bin]-1]], value, nil
}
