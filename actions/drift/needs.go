package drift

import (
	"math"

	"github.com/mlops-runner/mlops/runner/report/distribution"
)

// A sensitivity tells how many rows it takes for a size to be told from chance.
type sensitivity struct {
	base, now float64 // rows that count, of both sides
	spare     float64 // rows for each of them, which is 1 unless rows lack values
	noise     float64 // expected without a change, for these rows
	effective func(size, alpha float64) float64
}

// mostNoise is how much of a size the noise may be. A move that is spread over
// categories hides in their noise, so that taking all of it off takes too much off.
const mostNoise = 0.5

// needs returns how many rows each side must have for a size to be told from
// chance at the level alpha, and 0 if they have them.
func (s *sensitivity) needs(size, alpha float64) int64 {
	want := s.effective(size, alpha)
	have := both(s.base, s.now)
	if s.noise > size*mostNoise { // it shrinks with the root of the rows
		want = max(want, have*math.Pow(s.noise/(size*mostNoise), 2))
	}
	if have >= want {
		return 0
	}
	large := max(s.base, s.now)
	each := 2 * want
	if large >= each {
		each = want * large / (large - want)
	}
	return int64(math.Ceil(each * s.spare))
}

// ofGaps is how many rows the statistic of Kolmogorov and Smirnov takes: where the
// first term of its limit, 2·exp(-2·rows·size²), is alpha.
func ofGaps(size, alpha float64) float64 { return math.Log(2/alpha) / (2 * size * size) }

// ofVariation is the same for the total variation: where the bound of [variationP]
// is alpha.
func ofVariation(size, alpha float64) float64 { return math.Log(1/alpha) / (2 * size * size) }

// ofShares is how many rows a difference of two shares takes of which the base's
// is share, by the normal approximation with Yates's correction, where the variance
// is the largest on the way.
func ofShares(share float64) func(size, alpha float64) float64 {
	return func(size, alpha float64) float64 {
		z := distribution.NormalQuantile(1 - alpha/2)
		low, high := max(0, share-size), min(1, share+size)
		pooled := min(max(0.5, low), high)
		return (z*z*pooled*(1-pooled) + size) / (size * size)
	}
}
