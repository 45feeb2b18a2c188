package distribution

import "slices"

// Holm returns p values corrected so that rejecting those up to a level falsely
// rejects anything at all no more often than that: Holm's step-down method
// (S. Holm, A simple sequentially rejective multiple test procedure,
// Scandinavian Journal of Statistics 6, 1979). A NaN counts as 1.
func Holm(ps []float64) []float64 {
	out := make([]float64, len(ps))
	least := 0.0
	for rank, i := range ascending(ps) {
		least = max(least, min(1, float64(len(ps)-rank)*value(ps[i])))
		out[i] = least
	}
	return out
}

// BenjaminiHochberg returns p values corrected so that of those up to a level no
// larger share is expected to be false (Y. Benjamini and Y. Hochberg, Controlling
// the false discovery rate, Journal of the Royal Statistical Society B 57, 1995),
// for tests that are independent or depend on each other positively. A NaN
// counts as 1.
func BenjaminiHochberg(ps []float64) []float64 {
	out := make([]float64, len(ps))
	most := 1.0
	order := ascending(ps)
	for rank, i := range slices.Backward(order) {
		most = min(most, value(ps[i])*float64(len(ps))/float64(rank+1))
		out[i] = most
	}
	return out
}

// ascending returns the places of ps in ascending order of their values.
func ascending(ps []float64) []int {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch a, b := value(ps[i]), value(ps[j]); {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	})
	return order
}

func value(p float64) float64 {
	if !(p <= 1) {
		return 1
	}
	return max(p, 0)
}
