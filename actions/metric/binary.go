package metric

import "math"

// area is the share of pairs of a row of each label of which the positive one has the
// higher score, equal ones half: the area under the ROC curve.
func area(b Bins) float64 {
	positive, negative := b.labels()
	var above, pairs float64
	for i, w := range b.Positive {
		pairs += b.Negative[i] * (above + w/2)
		above += w
	}
	return pairs / positive / negative
}

// averagePrecision is the mean precision at the scores of the positive rows.
func averagePrecision(b Bins) float64 {
	positive, _ := b.labels()
	var tp, taken, total float64
	for i, w := range b.Positive {
		tp += w
		taken += w + b.Negative[i]
		if w > 0 {
			total += w * tp / taken
		}
	}
	return total / positive
}

// kolmogorov is the largest distance of the true positive rate from the false one.
func kolmogorov(b Bins) float64 {
	positive, negative := b.labels()
	var tp, fp, most float64
	for i, w := range b.Positive {
		tp += w
		fp += b.Negative[i]
		most = max(most, math.Abs(tp/positive-fp/negative))
	}
	if positive == 0 || negative == 0 {
		return math.NaN()
	}
	return most
}

// lift returns how many times as frequent label 1 is in the share of rows with the
// highest scores as it is in all. Of the rows at the edge with equal scores a part is taken.
func lift(share float64) func(Bins) float64 {
	return func(b Bins) float64 {
		positive, negative := b.labels()
		left, tp := share*(positive+negative), 0.0
		for i, w := range b.Positive {
			all := w + b.Negative[i]
			if all >= left {
				tp += w * ratio(left, all)
				break
			}
			tp += w
			left -= all
		}
		return tp / positive / share
	}
}

// calibrationError is the mean distance of the share of label 1 from the mean score, over
// bins by their weight.
func calibrationError(b Bins) float64 {
	positive, negative := b.labels()
	var off float64
	for i, w := range b.Positive {
		off += math.Abs(w - b.Score[i])
	}
	return off / (positive + negative)
}

// clip is how near to 0 and 1 a probability counts in log-loss: a certain error would
// cost infinitely much.
const clip = 0x1p-52

func clipped(p float64) float64 { return min(max(p, clip), 1-clip) }

func binaryLogLoss(r *Rows) []float64 {
	return r.each(func(i int) float64 {
		p := clipped(r.Score[i])
		if r.Label[i] == 0 {
			p = 1 - p
		}
		return -math.Log(p)
	})
}

func logLoss(r *Rows) []float64 {
	if r.Task == Binary {
		return binaryLogLoss(r)
	}
	sums := make([]float64, r.Len())
	for _, c := range r.Scores {
		for i, p := range c {
			sums[i] += clipped(p)
		}
	}
	return r.each(func(i int) float64 { return -math.Log(clipped(r.Scores[int(r.Label[i])][i]) / sums[i]) })
}

func brier(r *Rows) []float64 {
	return r.each(func(i int) float64 { d := r.Score[i] - r.Label[i]; return d * d })
}

// hits returns 1 for rows whose predicted class is their label.
func hits(predict func(*Rows) []int32) func(*Rows) []float64 {
	return func(r *Rows) []float64 {
		guess := predict(r)
		return r.each(func(i int) float64 { return float64(count(float64(guess[i]) == r.Label[i])) })
	}
}
