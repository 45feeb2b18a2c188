package report

import (
	"cmp"
	"fmt"
	"math"

	"github.com/mlops-runner/mlops/runner/report/distribution"
	"github.com/mlops-runner/mlops/runner/report/history"
)

// interval returns where the true change of a metric lies, by the best that is
// known of its noise, and what a reader must know of that.
func (c *comparison) interval(m *Metric, h, b *reading) (*Interval, string) {
	if i, ok := c.Intervals[h.key]; ok && i.sound() {
		return &i, ""
	}
	change := float64(*m.Change)
	if math.IsInf(change, 0) {
		return nil, ""
	}
	if i := c.seedInterval(h.seeds, b.seeds, c.seedLevel(h)); i != nil {
		return i.withRows(c.Rows[h.key]), ""
	}
	past := c.past.measured(h, m.Unit)
	if n, ok := c.Noise[h.key]; ok && len(past) < c.MinHistory && len(h.seeds) == 0 {
		return c.noiseInterval(change, n)
	}
	if len(past) < c.MinHistory {
		// The same for all of them, so that renderings can say it once.
		return nil, fmt.Sprintf("one run on each side, fewer than %d like it before: no interval", c.MinHistory)
	}
	return c.pastInterval(change, valuesIn(past))
}

// sound reports whether i has a level and does not end before it begins.
func (i *Interval) sound() bool { return i.Level > 0 && i.Level < 1 && !(i.Low > i.High) }

// seedLevel is the confidence of intervals over the seeds of who reported a metric.
func (c *comparison) seedLevel(r *reading) float64 { return cmp.Or(c.SeedLevels[r.job], c.Level) }

// seedInterval returns the interval of the difference of two means over seeds:
// the paired t interval where both sides have the same seeds, else Welch's
// (B. L. Welch, The generalization of Student's problem when several different
// population variances are involved, Biometrika 34, 1947). It is nil where a
// side has less than two seeds or a value that is not finite.
func (c *comparison) seedInterval(h, b []seed, level float64) *Interval {
	if len(h) < 2 || len(b) < 2 {
		return nil
	}
	if ds := paired(h, b); ds != nil {
		mean, v := history.Moments(ds)
		return c.student(mean, math.Sqrt(v/float64(len(ds))), float64(len(ds)-1),
			Interval{Level: level, Method: "paired t over seeds", N: len(ds), Unit: unitSeeds, Paired: true})
	}
	mh, vh := history.Moments(valuesOf(h))
	mb, vb := history.Moments(valuesOf(b))
	vh, vb = vh/float64(len(h)), vb/float64(len(b))
	df := (vh + vb) * (vh + vb) / (vh*vh/float64(len(h)-1) + vb*vb/float64(len(b)-1))
	return c.student(mh-mb, math.Sqrt(vh+vb), df, Interval{Level: level, Method: "Welch t over seeds", N: min(len(h), len(b)), Unit: unitSeeds})
}

// paired returns the differences of equal seeds, or nil if the seeds are not the same.
func paired(h, b []seed) (ds []float64) {
	base := make(map[string]float64, len(b))
	for _, s := range b {
		base[s.name] = s.value
	}
	if len(base) != len(h) || len(b) != len(h) {
		return nil
	}
	for _, s := range h {
		v, ok := base[s.name]
		if !ok {
			return nil
		}
		ds = append(ds, s.value-v)
	}
	return ds
}

func valuesOf(seeds []seed) []float64 {
	out := make([]float64, len(seeds))
	for i, s := range seeds {
		out[i] = s.value
	}
	return out
}

// student completes i: mean ± t·se. Values that do not scatter at all
// make an interval without width: any move is a move.
func (c *comparison) student(mean, se, df float64, i Interval) *Interval {
	if math.IsNaN(mean+se) || math.IsInf(mean+se, 0) {
		return nil
	}
	i.Level = cmp.Or(i.Level, c.Level)
	if se == 0 {
		i.Low, i.High = Number(mean), Number(mean)
		return &i
	}
	half := c.quantile(i.Level, df) * se
	i.Low, i.High = Number(mean-half), Number(mean+half)
	i.P = number(2 * distribution.StudentCDF(-math.Abs(mean)/se, df))
	i.Needs = needs(i.N, half, math.Abs(mean))
	return &i
}

// quantile returns how many standard errors half an interval is wide. History
// gives most metrics the same degrees of freedom.
func (c *comparison) quantile(level, df float64) float64 {
	key := [2]float64{level, df}
	q, ok := c.quantiles[key]
	if !ok {
		q = distribution.StudentQuantile((1+level)/2, df)
		c.quantiles[key] = q
	}
	return q
}

// needs estimates how many more of n observations would shrink half the width of
// an interval to the distance that has to be told: it shrinks with the root of
// their number. The estimate has two digits. It is 0 if none are needed, or more
// than 10^9.
func needs(n int, half, distance float64) int {
	more := float64(n) * ((half/distance)*(half/distance) - 1)
	if !(more > 1e-9 && more <= 1e9) {
		return 0
	}
	unit := math.Pow10(max(0, int(math.Floor(math.Log10(more)))-1))
	return int(math.Ceil(more/unit-1e-9) * unit)
}

// pastInterval returns the prediction interval of the difference of two single
// runs of which nothing but chance differs: change ± t·s·sqrt(1+1/1), with s of
// n earlier values and n-1 degrees of freedom. The baseline is one run and no
// mean, hence the root of 2 and not of 1+1/n: a difference to the mean of the
// history would call every run after an improvement better. History in which
// commits moved the metric makes s larger than the noise, and so the verdict
// careful. Where the values never moved any move is a move.
func (c *comparison) pastInterval(change float64, past []float64) (*Interval, string) {
	mean, v := history.Moments(past)
	n := len(past)
	i := Interval{N: n, Unit: "runs", Method: "t of history"}
	if math.Sqrt(v) <= rounding*math.Abs(mean) {
		i.Method, i.Level, i.Low, i.High = "history without a move", c.Level, Number(change), Number(change)
		return &i, fmt.Sprintf("never moved in %d earlier runs, so any move counts", n)
	}
	full := c.student(change, math.Sqrt(2*v), float64(n-1), i)
	if full != nil {
		full.Needs = 0 // more runs make noise better known, not smaller
	}
	return full, ""
}

// withRows adds the noise of the rows, on which all seeds were tried, to that of
// the seeds: the two are independent, so their variances add up, and half the
// width is the root of both squares, at the level of i. What is the larger part is
// what the interval rests on: more seeds do not make that of the rows smaller.
func (i *Interval) withRows(rows Interval) *Interval {
	if rows.Level == 0 || !rows.sound() {
		return i
	}
	z := func(level float64) float64 { return distribution.NormalQuantile((1 + level) / 2) }
	middle, seeds := float64(i.Low+i.High)/2, float64(i.High-i.Low)/2
	row := float64(rows.High-rows.Low) / 2 * z(i.Level) / z(rows.Level)
	half := math.Hypot(seeds, row)
	out := *i
	out.Low, out.High, out.Method = Number(middle-half), Number(middle+half), i.Method+" and "+rows.Method
	if half > 0 {
		out.P = number(2 * distribution.NormalCDF(-math.Abs(middle)*z(i.Level)/half))
	}
	if row > seeds {
		out.N, out.Unit, out.Needs = rows.N, rows.Unit, rows.Needs
	}
	return &out
}

// A Noise is the standard deviation, with n-1, of n values of a metric that nothing
// but chance told apart.
type Noise struct {
	SD float64
	N  int
}

// noiseInterval is pastInterval with the noise of repeated runs. Where these made
// the same value each time any move is a move.
func (c *comparison) noiseInterval(change float64, n Noise) (*Interval, string) {
	if n.N < 2 || math.IsNaN(n.SD) || n.SD < 0 {
		return nil, ""
	}
	i := c.student(change, math.Sqrt2*n.SD, float64(n.N-1), Interval{N: n.N, Unit: "runs", Method: "t of repeated runs"})
	if i != nil {
		i.Needs = 0
	}
	return i, fmt.Sprintf("noise of %d repeated runs of its job", n.N)
}

// valueIntervals returns the intervals of the run's own values: those given, and else
// those of means over seeds, with the noise of the rows where it is known.
func (c *comparison) valueIntervals() map[string]Interval {
	out := map[string]Interval{}
	for _, m := range c.here {
		if len(m.seeds) < 2 {
			continue
		}
		mean, v := history.Moments(valuesOf(m.seeds))
		i := c.student(mean, math.Sqrt(v/float64(len(m.seeds))), float64(len(m.seeds)-1), Interval{Method: "t over seeds", N: len(m.seeds), Unit: unitSeeds})
		if i != nil {
			i.P, i.Needs = nil, 0 // they are about no change
			out[m.key] = *i.withRows(c.ValueRows[m.key])
		}
	}
	for key, i := range c.Values {
		out[key] = i
	}
	return out
}
