package paired

import (
	"fmt"
	"math"
)

// Calibration estimates the expected calibration error of probabilities in bins of
// equal width, (low, high] and the first with its 0: the mean over rows of the
// distance between the mean probability and the share of positives of their bin. Its
// influence function takes the side on which each bin is off for known. It is too
// large by its nature, as noise alone is a distance; both models have that, so their
// difference is closer to the truth than either. It fails with a [*RowError] for
// what is no probability.
func (r *Rows) Calibration(label []bool, bins int, a, b []float64) (Estimate, error) {
	if bins < 1 {
		return Estimate{}, fmt.Errorf("%d bins; there must be one at least", bins)
	}
	if len(label) != r.n {
		return Estimate{}, &LengthError{"labels", len(label), r.n}
	}
	if err := r.pair("probability", a, b, isProbability); err != nil {
		return Estimate{}, err
	}
	ia, ib := Influence{Value: nan}, Influence{Value: nan}
	both(func() { ia = r.calibration(label, bins, a) }, func() {
		if b != nil {
			ib = r.calibration(label, bins, b)
		}
	})
	return r.influenced("influence of bins", ia, ib, positive), nil
}

func (r *Rows) calibration(label []bool, bins int, p []float64) Influence {
	gap := make([]float64, bins) // positives less what is expected
	bin := func(x float64) int { return max(0, int(math.Ceil(x*float64(bins)))-1) }
	off := func(row int) float64 { return float64(index(label[row])) - p[row] }
	for i, x := range p {
		gap[bin(x)] += r.weightOf(i) * off(i)
	}
	out := Influence{Rows: make([]float64, r.n)}
	for _, g := range gap {
		out.Value += math.Abs(g) / r.total
	}
	for i, x := range p {
		switch g := gap[bin(x)]; {
		case g > 0:
			out.Rows[i] = off(i)
		case g < 0:
			out.Rows[i] = -off(i)
		}
	}
	return out
}
