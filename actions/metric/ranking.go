package metric

import (
	"cmp"
	"math"
	"slices"
)

// Rows of equal score have no order among them. All metrics of ranking are means over the
// orders that there may be, in closed form: McSherry and Najork, Computing information
// retrieval performance measures efficiently in the presence of tied scores (2008).

// ndcg is the gain of each group's first k rows as a share of that in the best order; k of 0
// is all rows. A group without relevant rows has 0.
func ndcg(k int) func(*Rows) (values, weights []float64) {
	return func(r *Rows) ([]float64, []float64) {
		var ideal []float64
		return r.perGroup(func(ranked []int32) float64 {
			ideal = ideal[:0]
			for _, row := range ranked {
				ideal = append(ideal, r.Label[row])
			}
			slices.SortFunc(ideal, func(a, b float64) int { return cmp.Compare(b, a) })
			var best float64
			for i, gain := range ideal[:first(len(ideal), k)] {
				best += gain * discount(i)
			}
			return ratio(r.gain(ranked, k), best)
		})
	}
}

// first returns how many of n are the first k; k of 0 is all.
func first(n, k int) int {
	if k == 0 {
		return n
	}
	return min(n, k)
}

// discount is what a gain at a rank, counted from 0, is multiplied by.
func discount(rank int) float64 { return 1 / math.Log2(float64(rank+2)) }

// gain is the discounted gain of the first k ranked rows.
func (r *Rows) gain(ranked []int32, k int) float64 {
	var total float64
	r.eachTie(ranked, func(start int, run []int32) {
		var relevance, discounts float64
		for i, row := range run {
			relevance += r.Label[row]
			if k == 0 || start+i < k {
				discounts += discount(start + i)
			}
		}
		total += relevance * discounts / float64(len(run))
	})
	return total
}

// relevant counts rows of a relevance above 0.
func (r *Rows) relevant(rows []int32) int {
	n := 0
	for _, row := range rows {
		n += count(r.Label[row] > 0)
	}
	return n
}

// reciprocal is 1 / the rank of the first relevant row among each group's first k.
func reciprocal(k int) func(*Rows) (values, weights []float64) {
	return func(r *Rows) ([]float64, []float64) {
		return r.perGroup(func(ranked []int32) float64 {
			value, found := 0.0, false
			r.eachTie(ranked, func(start int, run []int32) {
				if n := r.relevant(run); n > 0 && !found {
					value, found = reciprocalTie(start, len(run), n, first(len(ranked), k)), true
				}
			})
			return value
		})
	}
}

// reciprocalTie is the mean of 1 / the rank of the first of n relevant rows over all orders
// of t rows, of which the first has a rank of start + 1 and none counts behind rank k.
func reciprocalTie(start, t, n, k int) float64 {
	var total float64
	none := 1.0 // the probability that none came yet
	for i := 0; i <= t-n && start+i < k; i++ {
		here := none * float64(n) / float64(t-i)
		total += here / float64(start+i+1)
		none -= here
	}
	return total
}

// meanPrecision is the mean precision at the ranks of the relevant rows of each group,
// of as many as can be among its first k.
func meanPrecision(k int) func(*Rows) (values, weights []float64) {
	return func(r *Rows) ([]float64, []float64) {
		return r.perGroup(func(ranked []int32) float64 {
			cut, before, total := first(len(ranked), k), 0, 0.0
			r.eachTie(ranked, func(start int, run []int32) {
				n := r.relevant(run)
				if n > 0 {
					total += precisionTie(start, len(run), n, before, cut)
				}
				before += n
			})
			return ratio(total, float64(min(before, cut)))
		})
	}
}

// precisionTie is the sum of the precisions at the ranks of n relevant rows among t of
// equal score, as it is on average: before so many relevant ones, at ranks from start + 1 up to k.
func precisionTie(start, t, n, before, k int) float64 {
	share, others := float64(n)/float64(t), 0.0
	if t > 1 {
		others = float64(n-1) / float64(t-1)
	}
	var total float64
	for i := 0; i < t && start+i < k; i++ {
		total += share * (float64(before) + 1 + float64(i)*others) / float64(start+i+1)
	}
	return total
}
