package paired

import (
	"math"
	"slices"

	"github.com/mlops-runner/mlops/runner/report/distribution"
)

const (
	resamples   = 2000
	mostLeftOut = 200 // groups of units that are left out in turn
)

// A statistic is a value of units of which each is there several times or not.
type statistic func(times []int) float64

// resample estimates a statistic of n units. A nil b is for one model.
func (r *Rows) resample(method string, n int, a, b statistic) Estimate {
	ones := slices.Repeat([]int{1}, n)
	pa, pb := a(ones), nan
	if b != nil {
		pb = b(ones)
	}
	e := r.estimate(method, Value{pa, nan, nan, nan}, Value{pb, nan, nan, nan}).because(r.unknown())
	if pa != pa || b != nil && pb != pb {
		return e.because("the metric is not defined on these rows")
	}
	if e.Reason != "" {
		return e
	}
	draws := evaluate(resamples, a, b, func(i int) []int { return r.draw(n, i) })
	groups := min(n, mostLeftOut)
	left := evaluate(groups, a, b, func(i int) []int { return without(n, i, groups) })
	e.A = r.corrected(pa, draws.a, left.a)
	if b != nil {
		e.B = r.corrected(pb, draws.b, left.b)
		e.Diff = r.corrected(pa-pb, draws.difference(), left.difference())
		e.DF = math.Inf(1)
		e.P = min(1, 2*e.chance(0, e.Diff.Value < 0))
	}
	if e.A.SE != e.A.SE || b != nil && e.Diff.SE != e.Diff.SE {
		return e.because("the metric is not defined on too many of the resamples")
	}
	return e
}

// A series is the values of both models on the same resamples.
type series struct{ a, b []float64 }

// evaluate takes both models through n resamples, two at a time.
func evaluate(n int, a, b statistic, times func(i int) []int) series {
	out := series{make([]float64, n), make([]float64, n)}
	part := func(from, to int) func() {
		return func() {
			for i := from; i < to; i++ {
				t := times(i)
				out.a[i] = a(t)
				if b != nil {
					out.b[i] = b(t)
				}
			}
		}
	}
	both(part(0, n/2), part(n/2, n))
	return out
}

func (s series) difference() []float64 {
	out := make([]float64, len(s.a))
	for i := range out {
		out[i] = s.a[i] - s.b[i]
	}
	return out
}

// without leaves out one of so many groups of n units.
func without(n, group, groups int) []int {
	out := slices.Repeat([]int{1}, n)
	for i := group; i < n; i += groups {
		out[i] = 0
	}
	return out
}

// corrected is a value with its bias-corrected and accelerated interval (B. Efron,
// Better bootstrap confidence intervals, JASA 82, 1987), of its resamples and of what
// it is with some of the units left out. It is unknown where more than a tenth of the
// resamples do not define it.
func (r *Rows) corrected(value float64, drawn, left []float64) Value {
	values := slices.DeleteFunc(slices.Clone(drawn), func(v float64) bool { return v != v })
	if len(values) < len(drawn)*9/10 {
		return Value{value, nan, nan, nan}
	}
	slices.Sort(values)
	n := float64(len(values))
	out := Value{Value: value, SE: deviation(values)}
	if values[0] == value && values[len(values)-1] == value {
		out.Low, out.High = value, value
		return out
	}
	below := 0.0
	for _, v := range values {
		switch {
		case v < value:
			below++
		case v == value:
			below += 0.5
		}
	}
	shift := distribution.NormalQuantile(min(max(below, 0.5), n-0.5) / n)
	a := acceleration(left)
	at := func(p float64) float64 {
		z := shift + distribution.NormalQuantile(p)
		return quantileOf(values, distribution.NormalCDF(shift+z/(1-a*z)))
	}
	out.Low, out.High = min(value, at((1-r.level)/2)), max(value, at((1+r.level)/2))
	return out
}

func deviation(values []float64) float64 {
	mean, squares := 0.0, 0.0
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return math.Sqrt(squares / float64(len(values)-1))
}

// acceleration is how fast the noise grows with the value: a sixth of the skewness of
// the influences of the units.
func acceleration(left []float64) float64 {
	mean, squares, cubes := 0.0, 0.0, 0.0
	for _, v := range left {
		mean += v / float64(len(left))
	}
	for _, v := range left {
		d := mean - v
		squares += d * d
		cubes += d * d * d
	}
	if a := cubes / 6 / math.Pow(squares, 1.5); a == a && math.Abs(a) < 0.2 {
		return a
	}
	return 0
}
