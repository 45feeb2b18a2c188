package profile

import "math"

// Moments are count, bounds, mean and the sum of squared distances from the
// mean of finite numbers.
type moments struct {
	count     int64
	min, max  float64
	mean, sum float64 // sum of squared distances
}

// add takes in xs, whose bounds are known, in two passes, which are faster than a
// division for each and lose less to rounding.
func (m *moments) add(xs []float64, low, high float64) {
	shift := xs[0] // so that the sum of large numbers that are close keeps its digits
	b := moments{count: int64(len(xs)), min: low, max: high, mean: shift + distances(xs, shift)/float64(len(xs))}
	b.sum = squares(xs, b.mean)
	m.merge(b)
}

// distances returns the sum of x-from. Like squares it goes in four lanes:
// a sum would wait for the one before, number by number.
func distances(xs []float64, from float64) float64 {
	var a, b, c, d float64
	for ; len(xs) >= 4; xs = xs[4:] {
		a += xs[0] - from
		b += xs[1] - from
		c += xs[2] - from
		d += xs[3] - from
	}
	for _, x := range xs {
		a += x - from
	}
	return (a + b) + (c + d)
}

// squares returns the sum of (x-from)².
func squares(xs []float64, from float64) float64 {
	var a, b, c, d float64
	for ; len(xs) >= 4; xs = xs[4:] {
		p, q, r, s := xs[0]-from, xs[1]-from, xs[2]-from, xs[3]-from
		a += p * p
		b += q * q
		c += r * r
		d += s * s
	}
	for _, x := range xs {
		a += (x - from) * (x - from)
	}
	return (a + b) + (c + d)
}

// addTimes takes in x n times, n > 0.
func (m *moments) addTimes(x float64, n int64) {
	m.merge(moments{count: n, min: x, max: x, mean: x})
}

// merge is the pairwise update of Chan, Golub and LeVeque, "Updating formulae
// and a pairwise algorithm for computing sample variances" (1979).
func (m *moments) merge(b moments) {
	switch {
	case b.count == 0:
		return
	case m.count == 0:
		*m = b
		return
	}
	n, nb := float64(m.count), float64(b.count)
	d := b.mean - m.mean
	m.sum += b.sum + d*d*(n*nb/(n+nb))
	m.mean += d * (nb / (n + nb))
	m.count += b.count
	m.min, m.max = math.Min(m.min, b.min), math.Max(m.max, b.max)
}

// bounds returns the smallest and the largest of xs, of which there is one at least.
func bounds[T int64 | float64](xs []T) (low, high T) {
	low, high = xs[0], xs[0]
	for _, x := range xs {
		if x < low {
			low = x
		}
		if x > high {
			high = x
		}
	}
	return low, high
}
