package metric

import (
	"cmp"
	"math"
	"slices"
)

// miss is the predicted number less the label.
func (r *Rows) miss(i int) float64 { return r.Score[i] - r.Label[i] }

func misses(r *Rows) []float64 { return r.each(r.miss) }

func absolute(r *Rows) []float64 {
	return r.each(func(i int) float64 { return math.Abs(r.miss(i)) })
}

func squared(r *Rows) []float64 {
	return r.each(func(i int) float64 { return r.miss(i) * r.miss(i) })
}

// relative is the absolute error as a share of the label, which must not be 0.
func relative(r *Rows) []float64 {
	return r.each(func(i int) float64 { return ratio(math.Abs(r.miss(i)), math.Abs(r.Label[i])) })
}

// symmetric is the absolute error as a share of the mean size of label and prediction.
func symmetric(r *Rows) []float64 {
	return r.each(func(i int) float64 {
		return 2 * ratio(math.Abs(r.miss(i)), math.Abs(r.Label[i])+math.Abs(r.Score[i]))
	})
}

// pinball is the loss that is least on average where the prediction is the quantile q.
func pinball(q float64) func(*Rows) []float64 {
	return func(r *Rows) []float64 {
		return r.each(func(i int) float64 {
			short := -r.miss(i)
			return max(q*short, (q-1)*short)
		})
	}
}

// noZeroLabel refuses rows whose label is 0 and that have weight.
func noZeroLabel(name string) func(*Rows) error {
	return func(r *Rows) error {
		err := &Undefined{Metric: name, Reason: ZeroLabel}
		for i, y := range r.Label {
			if y == 0 && r.weight(i) > 0 {
				if err.Count == 0 {
					err.First = i
				}
				err.Count++
			}
		}
		if err.Count == 0 {
			return nil
		}
		return err
	}
}

// spreadParts are the squared errors and, for the variance of the labels, their distance
// from their mean and its square: labels that are large and alike would lose their digits.
func spreadParts(r *Rows) [][]float64 {
	centre := r.Mean(r.Label)
	d := r.each(func(i int) float64 { return r.Label[i] - centre })
	return [][]float64{squared(r), d, r.each(func(i int) float64 { return d[i] * d[i] })}
}

// explained is R² from the means of spreadParts.
func explained(means []float64) float64 {
	variance := means[2] - means[1]*means[1]
	if !(variance > 0) {
		return math.NaN()
	}
	return 1 - means[0]/variance
}

func explainedGradient(means []float64) []float64 {
	variance := means[2] - means[1]*means[1]
	slope := means[0] / (variance * variance)
	return []float64{-1 / variance, -2 * means[1] * slope, slope}
}

func root(means []float64) float64 { return math.Sqrt(means[0]) }

func rootGradient(means []float64) []float64 { return []float64{1 / (2 * math.Sqrt(means[0]))} }

func sizeParts(r *Rows) [][]float64 {
	return [][]float64{absolute(r), r.each(func(i int) float64 { return math.Abs(r.Label[i]) })}
}

func quotient(means []float64) float64 {
	if means[1] == 0 {
		return math.NaN()
	}
	return means[0] / means[1]
}

func quotientGradient(means []float64) []float64 {
	return []float64{1 / means[1], -means[0] / (means[1] * means[1])}
}

// varied refuses labels that are all equal.
func varied(name string) func(*Rows) error {
	return func(r *Rows) error {
		first := -1
		for i, y := range r.Label {
			if r.weight(i) == 0 {
				continue
			}
			if first < 0 {
				first = i
			}
			if y != r.Label[first] {
				return nil
			}
		}
		return &Undefined{Metric: name, Reason: ConstLabel}
	}
}

func medianAbsolute(r *Rows) float64 { return quantiles(absolute(r), r.weight, 0.5)[0] }

// quantiles returns where the given shares of the weight lie below: the least value at
// which the weight reaches the share, or the middle between it and the next where it
// is met exactly. For equal weights 0.5 is the median. Shares rise.
func quantiles(values []float64, weight func(i int) float64, shares ...float64) []float64 {
	rows := argsort(values, false)
	rows = slices.DeleteFunc(rows, func(row int32) bool { return weight(int(row)) == 0 })
	var total, below float64
	for _, row := range rows {
		total += weight(int(row))
	}
	out := make([]float64, 0, len(shares))
	for i, row := range rows {
		below += weight(int(row))
		for len(out) < len(shares) && below >= shares[len(out)]*total {
			v := values[row]
			if below == shares[len(out)]*total && i+1 < len(rows) {
				v += (values[rows[i+1]] - v) / 2
			}
			out = append(out, v)
		}
	}
	for len(out) < len(shares) && len(rows) > 0 { // rounding kept the sum below
		out = append(out, values[rows[len(rows)-1]])
	}
	return out
}

// byOrder sorts rows by a column.
func byOrder(rows []int32, column []float64) {
	slices.SortStableFunc(rows, func(a, b int32) int { return cmp.Compare(column[a], column[b]) })
}
