package evaluate

import (
	"math"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
)

// Changes are intervals of how the metrics changed, by [record.Metric.Key]: those
// of the pairs of rows. Where there are no pairs, the values' own intervals tell,
// as of runs that had other rows each: that is too wide for the same rows, so that
// what it calls better or worse is so. A metric without one in either run has an
// unknown interval. All of two runs whose ids differ are errors.
func (c *Comparison) Changes(now, base *Result) map[string]report.Interval {
	out := map[string]report.Interval{}
	before := base.values()
	for key, v := range now.values() {
		b, both := before[key]
		switch {
		case !both:
		case c.Why != "" && c.Mismatch != nil:
			out[key] = report.Unpaired("the rows differ", c.Why)
		default:
			out[key] = apart(v, b)
		}
	}
	for _, m := range c.Metrics {
		key := record.Metric{Name: m.Name, Slice: m.Slice}
		if m.Change != nil {
			out[key.Key()] = *m.Change
		} else {
			out[key.Key()] = report.Unknown("no interval of the pairs")
		}
	}
	return out
}

// An own is a value with its own interval; the bounds are NaN without one.
type own struct{ value, low, high float64 }

// values are the values of the metrics and of the measures of fairness, by key.
func (r *Result) values() map[string]own {
	out := map[string]own{}
	for _, m := range r.Metrics {
		if math.IsNaN(float64(m.Value)) {
			continue
		}
		v := own{float64(m.Value), math.NaN(), math.NaN()}
		if m.Own != nil {
			v.low, v.high = float64(m.Own.Low), float64(m.Own.High)
		}
		key := record.Metric{Name: m.Name, Slice: m.Slice}
		out[key.Key()] = v
	}
	for name, m := range r.measures() {
		out[name] = own{float64(m.Value), float64(m.Low), float64(m.High)}
	}
	return out
}

// apart is the interval of the difference of two values that are independent.
func apart(now, base own) report.Interval {
	change := now.value - base.value
	down, up := math.Hypot(now.value-now.low, base.high-base.value), math.Hypot(now.high-now.value, base.value-base.low)
	if math.IsNaN(down + up) {
		return report.Unknown("no interval of the values")
	}
	return report.Interval{Low: report.Number(change - down), High: report.Number(change + up), Level: 0.95, Method: "intervals of both values, rows not paired"}
}
