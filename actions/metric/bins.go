package metric

// Bins are the rows of a binary task put together by score, from the highest down.
type Bins struct {
	Positive []float64 // weight of the rows of label 1, by bin
	Negative []float64 // weight of those of label 0
	Score    []float64 // sum of weight × score
}

// Bins puts rows together, each into the bin of that number; bin is what
// [Metric.Bin] gave. Weights may take the place of those of the rows; nil leaves them.
func (r *Rows) Bins(bin []int32, weight []float64) Bins { panic("soon") }
