package paired

import (
	"math"

	"github.com/mlops-runner/mlops/runner/report/distribution"
)

// A scale is where a value's own noise is taken to be even.
type scale int

const (
	plain    scale = iota // anywhere
	share                 // within [0, 1]: even in ln(x/(1-x))
	positive              // from 0: even in ln(x)
)

// quantile returns how many standard errors half an interval is wide.
func (r *Rows) quantile(df float64) float64 {
	return distribution.StudentQuantile((1+r.level)/2, df)
}

// value is v with its interval, of as many independent rows as bear it at most.
func (r *Rows) value(v float64, n noise, df float64, s scale, rows float64) Value {
	out := Value{v, n.se, nan, nan}
	if !(n.se >= 0) || v != v {
		return out
	}
	q := r.quantile(df)
	half := q * n.se
	switch {
	case s == share && n.se == 0 && (v == 0 || v == 1):
		// Wilson's interval of all or none of the rows (E. Wilson, JASA 22, 1927).
		edge := q * q / (rows + q*q)
		out.Low, out.High = v*(1-edge), v+(1-v)*edge
	case s == share && v > 0 && v < 1:
		half /= v * (1 - v)
		out.Low, out.High = 1/(1+math.Exp(half)*(1-v)/v), 1/(1+math.Exp(-half)*(1-v)/v)
	case s == positive && v > 0:
		out.Low, out.High = v*math.Exp(-half/v), v*math.Exp(half/v)
	default:
		out.Low, out.High = v-half, v+half
	}
	return out
}

// estimate is an Estimate of values whose own intervals are known.
func (r *Rows) estimate(method string, a, b Value) Estimate {
	return Estimate{A: a, B: b, Diff: Value{a.Value - b.Value, nan, nan, nan}, P: nan, DF: nan,
		Level: r.level, N: r.counted, Clusters: r.clusters, Method: method}
}

// differ gives the difference its noise: a symmetric interval of Student's t.
func (e *Estimate) differ(r *Rows, n noise, df float64) {
	d := r.value(e.Diff.Value, n, df, plain, nan)
	e.Diff, e.DF = d, df
	switch {
	case d.SE > 0:
		e.P = 2 * tail(math.Abs(d.Value)/d.SE, df)
	case d.SE == 0 && d.Value == 0:
		e.P = 1
	case d.SE == 0:
		e.P = 0
	}
}

// tail is the probability that Student's t is more than x.
func tail(x, df float64) float64 { return distribution.StudentCDF(-x, df) }

// apart gives a difference of which nothing is known but its ends the
// interval that follows from those of both (R. Newcombe, Statistics in
// Medicine 17, 1998, method 10 without correlation), which is too wide where they correlate.
func (e *Estimate) apart() {
	below := math.Hypot(e.A.Value-e.A.Low, e.B.High-e.B.Value)
	above := math.Hypot(e.A.High-e.A.Value, e.B.Value-e.B.Low)
	d := e.Diff.Value
	e.Diff = Value{d, max(below, above) / distribution.NormalQuantile((1+e.Level)/2), d - below, d + above}
	e.DF, e.Method = math.Inf(1), "Newcombe of both, no scatter"
	e.P = min(1, 2*e.chance(0, d < 0))
}

// because notes why something is not known, unless it says so already.
func (e Estimate) because(reason string) Estimate {
	if e.Reason == "" {
		e.Reason = reason
	}
	return e
}

// unknown is why the noise of the rows cannot be known, or "".
func (r *Rows) unknown() string {
	switch {
	case r.counted == 0:
		return "no row has a weight"
	case r.clusters == 1 && r.cluster != nil:
		return "all rows are of one cluster, so their noise cannot be known"
	case r.clusters == 1:
		return "one row alone says nothing of its noise"
	}
	return ""
}
