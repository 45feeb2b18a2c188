package metric

import "math"

// Bins are the rows of a binary task put together by score, from the highest down.
type Bins struct {
	Positive []float64 // weight of the rows of label 1, by bin
	Negative []float64 // weight of those of label 0
	Score    []float64 // sum of weight × score
}

func newBins(n int) Bins {
	return Bins{make([]float64, n), make([]float64, n), make([]float64, n)}
}

func (b Bins) add(bin int32, label, score, w float64) {
	if label == 1 {
		b.Positive[bin] += w
	} else {
		b.Negative[bin] += w
	}
	b.Score[bin] += w * score
}

// Bins puts rows together, each into the bin of that number; bin is what
// [Metric.Bin] gave. Weights may take the place of those of the rows; nil leaves them.
func (r *Rows) Bins(bin []int32, weight []float64) Bins {
	if weight == nil {
		weight = r.Weight
	}
	var last int32 = -1
	for _, b := range bin {
		last = max(last, b)
	}
	bins := newBins(int(last + 1))
	for i, b := range bin {
		w := 1.0
		if weight != nil {
			w = weight[i]
		}
		bins.add(b, r.Label[i], r.Score[i], w)
	}
	return bins
}

// runBins returns a bin for each score that occurs.
func (r *Rows) runBins() Bins {
	return r.shared.runs.get(func() Bins {
		o := r.order()
		bins := newBins(len(o.ends))
		at := 0
		for run, end := range o.ends {
			for ; at < int(end); at++ {
				row := int(o.rows[at])
				bins.add(int32(run), r.Label[row], r.Score[row], r.weight(row))
			}
		}
		return bins
	})
}

// runBin returns, for each row, which of the scores that occur it has, from the
// highest down.
func (r *Rows) runBin() []int32 {
	o := r.origin()
	return o.shared.runOf.get(func() []int32 {
		out := make([]int32, o.Len())
		at := 0
		for run, end := range o.Ties() {
			for ; at < int(end); at++ {
				out[o.Falling()[at]] = int32(run)
			}
		}
		return out
	})
}

// binByScore deals rows into n bins of about equal weight, or one for each score if
// there are no more.
func binByScore(r *Rows, n int) []int32 {
	if len(r.Ties()) <= n {
		return r.runBin()
	}
	return binByWeight(r, n)
}

// binByWeight deals rows into n bins of about equal weight by falling score. The rows of a
// score go where the middle of their weight is.
func binByWeight(r *Rows, n int) []int32 {
	bins, total := r.runBins(), r.Total()
	to := make([]int32, len(bins.Positive))
	var above float64
	for i := range to {
		w := bins.Positive[i] + bins.Negative[i]
		to[i] = min(int32(float64(n)*(above+w/2)/total), int32(n-1))
		above += w
	}
	out := make([]int32, r.Len())
	for i, run := range r.runBin() {
		out[i] = to[run]
	}
	return out
}

// binByWidth deals probabilities into n bins of equal width by falling score. A bin holds
// its upper bound, the last one also 0.
func binByWidth(r *Rows, n int) []int32 {
	out := make([]int32, r.Len())
	for i, s := range r.Score {
		out[i] = int32(n - 1 - max(0, int(math.Ceil(s*float64(n)))-1))
	}
	return out
}

// labels returns the weight of each label.
func (b Bins) labels() (positive, negative float64) {
	return dot(nil, b.Positive), dot(nil, b.Negative)
}
