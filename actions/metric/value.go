package metric

import (
	"math"
	"slices"
)

// For reports whether the metric is one for the task.
func (m Metric) For(t Task) bool { return slices.Contains(m.Tasks, t) }

// Value returns the metric of the rows. It is finite; or the error is a [*RowsError],
// or an [*Undefined] if the metric has no value on these rows.
func Value(m Metric, r *Rows) (float64, error) {
	if err := m.Check(r); err != nil {
		return math.NaN(), err
	}
	switch v := m.compute(r); {
	case finite(v):
		return m.bounded(v), nil
	case math.IsNaN(v) && m.why != "":
		return math.NaN(), &Undefined{Metric: m.Name, Reason: m.why}
	}
	return math.NaN(), &Undefined{Metric: m.Name, Reason: Overflow}
}

// bounded takes back what rounding adds to values at the ends of the range.
func (m Metric) bounded(v float64) float64 {
	if near := min(max(v, m.Low), m.High); math.Abs(near-v) < 1e-12 {
		return near
	}
	return v
}

func (m Metric) compute(r *Rows) float64 {
	switch m.Kind {
	case Mean:
		return r.Mean(m.PerRow(r))
	case Smooth:
		var means []float64
		for _, part := range m.Parts(r) {
			means = append(means, r.Mean(part))
		}
		return m.OfMeans(means)
	case Cells:
		if !m.Arg.Given {
			return m.OfCells(r.Confusion())
		}
		return m.OfCells(r.confusionOf(m.Predict(r)))
	case GroupMean:
		values, weights := m.PerGroup(r)
		return dot(weights, values) / dot(nil, weights)
	case Whole:
		return m.value(r)
	}
	if m.ownBins {
		return m.OfBins(r.Bins(m.Bin(r, 0), nil))
	}
	return m.OfBins(r.runBins())
}
