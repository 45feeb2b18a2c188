package paired

import "math/rand/v2"

// mostBuckets is how many buckets rows or clusters are put in at most: the
// spread of a thousand is known to 2 %.
const mostBuckets = 1000

// Sums adds what a row contributes to the sufficient statistics of a model.
type Sums func(row int, weight float64, into []float64)

// Buckets estimates any function of sums over rows, such as histograms of scores by
// class: rows or clusters are put in up to a thousand buckets by a hash of their
// number, and whole buckets are drawn anew (B. Efron, The jackknife, the bootstrap
// and other resampling plans, 1982). The statistic gets size sums as a or b has added
// them up, and may be called by two goroutines at once; up to some hundred sums it
// is quick. The interval is the bias-corrected and accelerated one. A nil b is for
// one model.
func (r *Rows) Buckets(size int, statistic func(sums []float64) float64, a, b Sums) (Estimate, error) {
	n := min(mostBuckets, max(r.clusters, 1))
	sumsA, sumsB := r.fill(n, size, a), r.fill(n, size, b)
	of := func(buckets [][]float64) func(times []int) float64 {
		if buckets == nil {
			return nil
		}
		return func(times []int) float64 {
			into := make([]float64, size)
			for i, t := range times {
				if t == 0 {
					continue
				}
				for k, x := range buckets[i] {
					into[k] += float64(t) * x
				}
			}
			return statistic(into)
		}
	}
	return r.resample("bootstrap of buckets", n, of(sumsA), of(sumsB)), nil
}

// fill adds up the sums of each bucket.
func (r *Rows) fill(n, size int, add Sums) [][]float64 {
	if add == nil {
		return nil
	}
	out := make([][]float64, n)
	for i := range out {
		out[i] = make([]float64, size)
	}
	for i := range r.n {
		if w := r.weightOf(i); w > 0 {
			add(i, w, out[r.bucket(i, n)])
		}
	}
	return out
}

// bucket is the bucket of a row: its cluster's own if there are enough.
func (r *Rows) bucket(row, n int) int {
	c := row
	of := r.n
	if r.cluster != nil {
		c, of = int(r.cluster[row]), r.groups
	}
	if of <= n {
		return c
	}
	// Sebastiano Vigna's splitmix64: neighbours must not go to neighbours.
	x := uint64(c)*0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return int((x ^ x>>31) % uint64(n))
}

// Bootstrap estimates any statistic of weighted rows by resampling them or their
// clusters whole, two thousand times: for few rows. The statistic must neither keep
// nor change the weights, and may be called by two goroutines at once. The interval
// is the bias-corrected and accelerated one. A nil b is for one model.
func (r *Rows) Bootstrap(a, b func(weight []float64) float64) (Estimate, error) {
	units := r.n
	if r.cluster != nil {
		units = r.groups
	}
	of := func(statistic func([]float64) float64) func(times []int) float64 {
		if statistic == nil {
			return nil
		}
		return func(times []int) float64 {
			weight := make([]float64, r.n)
			for i := range weight {
				unit := i
				if r.cluster != nil {
					unit = int(r.cluster[i])
				}
				weight[i] = float64(times[unit]) * r.weightOf(i)
			}
			return statistic(weight)
		}
	}
	return r.resample("bootstrap", units, of(a), of(b)), nil
}

// draw says how often each of n units is drawn in one of the resamples: always the same of
// the same seed, whatever else is drawn at the same time.
func (r *Rows) draw(n, resample int) []int {
	rng := rand.New(rand.NewPCG(r.seed, uint64(resample)+1))
	times := make([]int, n)
	for range n {
		times[rng.IntN(n)]++
	}
	return times
}
