package evaluate

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/mlops-runner/mlops/actions/metric"
	"github.com/mlops-runner/mlops/actions/paired"
)

// A pair is the rows of a candidate and a baseline that belong together, or those
// of one model alone.
type pair struct {
	candidate *metric.Rows
	baseline  *metric.Rows // nil for one model alone
	design    paired.Design
	rows      *paired.Rows
	positive  []bool        // of a binary task
	a, b      paired.Scores // with their order, once somebody asks
}

// newPair prepares rows. groups are those that depend on each other; seed starts
// what draws.
func newPair(candidate, baseline *metric.Rows, groups []uint64, seed uint64) (*pair, error) {
	p := &pair{candidate: candidate, baseline: baseline, design: paired.Design{Weight: candidate.Weight, Cluster: groups, Seed: seed}}
	if candidate.Task == metric.Binary {
		p.positive = positive(candidate.Label)
	}
	var err error
	p.rows, err = paired.Of(candidate.Len(), p.design)
	return p, err
}

// estimate estimates a metric of both, by the method for its kind of arithmetic.
// What the rows do not define is NaN with a reason; rows that are no good are an error.
func (p *pair) estimate(m metric.Metric) (paired.Estimate, error) {
	for _, r := range []*metric.Rows{p.candidate, p.baseline} {
		if r == nil {
			continue
		}
		err := m.Check(r)
		if undefined := new(metric.Undefined); errors.As(err, &undefined) {
			return unknown(p.candidate.Len(), string(undefined.Reason)), nil
		}
		if err != nil {
			return paired.Estimate{}, err
		}
	}
	if m.Family == "accuracy" && p.candidate.Task == metric.Binary {
		return p.cells(m) // McNemar's test is exact where few rows differ
	}
	switch m.Kind {
	case metric.Mean:
		return p.rows.Mean(both(p, m.PerRow))
	case metric.Smooth:
		return p.smooth(m)
	case metric.Cells:
		return p.cells(m)
	case metric.Area:
		return p.area(m)
	case metric.GroupMean:
		return p.groupMean(m)
	case metric.Binned:
		return p.binned(m)
	}
	return p.whole(m)
}

// unknown is an estimate of nothing.
func unknown(n int, reason string) paired.Estimate {
	nan := math.NaN()
	v := paired.Value{Value: nan, SE: nan, Low: nan, High: nan}
	return paired.Estimate{A: v, B: v, Diff: v, P: nan, N: n, Reason: reason}
}

// both applies f to the candidate and the baseline; the zero value stands for
// one that there is not.
func both[T any](p *pair, f func(*metric.Rows) T) (a, b T) {
	if p.baseline != nil {
		b = f(p.baseline)
	}
	return f(p.candidate), b
}

func (p *pair) smooth(m metric.Metric) (paired.Estimate, error) {
	a, b := both(p, m.Parts)
	return p.rows.Means(m.OfMeans, a, b)
}

func (p *pair) cells(m metric.Metric) (paired.Estimate, error) {
	a, b := both(p, m.Predict)
	if p.candidate.Task == metric.Binary {
		c, err := p.rows.Binary(p.positive, isOne(a), isOne(b))
		if err != nil {
			return paired.Estimate{}, err
		}
		if m.Family == "accuracy" {
			return c.Accuracy(), nil
		}
		return c.Of(func(tp, fp, tn, fn float64) float64 {
			return m.OfCells(metric.Confusion{True: []float64{tn + fp, tp + fn}, Predicted: []float64{tn + fn, tp + fp}, Correct: []float64{tn, tp}})
		}), nil
	}
	k := len(p.candidate.Classes)
	c, err := p.rows.Classes(k, classesOf(p.candidate.Label), a, b)
	if err != nil {
		return paired.Estimate{}, err
	}
	e := c.Of(func(counts []float64) float64 { return m.OfCells(confusion(k, counts)) })
	if name := p.lonely(); name != "" && averagesClasses(m) {
		e = noiseless(e, fmt.Sprintf("class %s has one row alone, which says nothing of its noise", name))
	}
	return e, nil
}

// averagesClasses reports whether a class counts as much in a metric as any other,
// however few rows it has.
func averagesClasses(m metric.Metric) bool {
	return m.Family == "balanced_accuracy" || strings.HasSuffix(m.Family, "_macro")
}

// lonely names a class that one row alone is labelled with, or one group of rows
// that belong together; "" if there is none.
func (p *pair) lonely() string {
	type seen struct {
		group uint64
		many  bool
	}
	first := map[int]seen{}
	for i, l := range p.candidate.Label {
		group := uint64(i)
		if p.design.Cluster != nil {
			group = p.design.Cluster[i]
		}
		s, known := first[int(l)]
		if !known {
			s.group = group
		}
		s.many = s.many || s.group != group
		first[int(l)] = s
	}
	for class, name := range p.candidate.Classes {
		if s, known := first[class]; known && !s.many {
			return name
		}
	}
	return ""
}

// noiseless is an estimate of whose noise nothing is known.
func noiseless(e paired.Estimate, reason string) paired.Estimate {
	nan := math.NaN()
	values := []*paired.Value{&e.A, &e.B}
	if e.Diff.Low != e.Diff.High { // two that are the same in each row are so
		values, e.P = append(values, &e.Diff), nan
	}
	for _, v := range values {
		v.SE, v.Low, v.High = nan, nan, nan
	}
	e.Reason = reason
	return e
}

func confusion(k int, counts []float64) metric.Confusion {
	c := metric.NewConfusion(k)
	for label := range k {
		for decision := range k {
			c.Add(label, decision, counts[label*k+decision])
		}
	}
	return c
}

func positive(label []float64) []bool {
	out := make([]bool, len(label))
	for i, x := range label {
		out[i] = x == 1
	}
	return out
}

func isOne(classes []int32) []bool {
	if classes == nil {
		return nil
	}
	out := make([]bool, len(classes))
	for i, c := range classes {
		out[i] = c == 1
	}
	return out
}

func classesOf(label []float64) []int32 {
	out := make([]int32, len(label))
	for i, c := range label {
		out[i] = int32(c)
	}
	return out
}

// scores are the scores of both with their order.
func (p *pair) scores() (a, b paired.Scores) {
	if p.a.Values == nil {
		p.a, p.b = both(p, func(r *metric.Rows) paired.Scores {
			return paired.Scores{Values: r.Score, Order: r.Falling(), Ties: r.Ties()}
		})
	}
	return p.a, p.b
}

func (p *pair) area(m metric.Metric) (paired.Estimate, error) {
	a, b := p.scores()
	e, err := p.rows.AUC(p.positive, a, b)
	if err != nil || m.Offset == 0 && m.Factor == 1 {
		return e, err
	}
	for _, v := range []*paired.Value{&e.A, &e.B, &e.Diff} {
		v.Value, v.SE, v.Low, v.High = m.Factor*v.Value, m.Factor*v.SE, m.Factor*v.Low, m.Factor*v.High
	}
	for _, v := range []*paired.Value{&e.A, &e.B} {
		v.Value, v.Low, v.High = v.Value+m.Offset, v.Low+m.Offset, v.High+m.Offset
	}
	return e, nil
}

// groupMean is a mean over groups, which are what is independent.
func (p *pair) groupMean(m metric.Metric) (paired.Estimate, error) {
	values, weights := m.PerGroup(p.candidate)
	var other []float64
	if p.baseline != nil {
		other, _ = m.PerGroup(p.baseline)
	}
	rows, err := paired.Of(len(values), paired.Design{Weight: weights, Seed: p.design.Seed})
	if err != nil {
		return paired.Estimate{}, err
	}
	return rows.Mean(values, other)
}

// binned is a metric of how the labels lie along the scores.
func (p *pair) binned(m metric.Metric) (paired.Estimate, error) {
	label := p.positive
	switch m.Family {
	case "pr_auc":
		a, b := p.scores()
		return p.rows.AveragePrecision(label, a, b)
	case "ks":
		a, b := p.scores()
		return p.rows.KS(label, a, b)
	case "lift":
		a, b := p.scores()
		return p.rows.Lift(label, m.Arg.Value, a, b)
	}
	if m.Family == "ece" {
		return p.calibration(m, label)
	}
	a, b := both(p, func(r *metric.Rows) paired.Sums { return sumsOf(m, r) })
	e, err := p.rows.Buckets(3*scoreBins, func(sums []float64) float64 { return m.OfBins(binsOf(sums)) }, a, b)
	return p.exact(m, e), err
}

// usualBins is how many bins metric ece has without a number.
const usualBins = 15

func (p *pair) calibration(m metric.Metric, label []bool) (paired.Estimate, error) {
	a, b := both(p, func(r *metric.Rows) []float64 { return r.Score })
	bins := usualBins
	if m.Arg.Value > 0 {
		bins = int(m.Arg.Value)
	}
	return p.rows.Calibration(label, bins, a, b)
}

// exact puts an estimate that was made of bins around the values of the rows themselves.
func (p *pair) exact(m metric.Metric, e paired.Estimate) paired.Estimate {
	a, b := both(p, func(r *metric.Rows) float64 { v, _ := metric.Value(m, r); return v })
	moved := func(v *paired.Value, to float64) {
		by := to - v.Value
		v.Value, v.Low, v.High = to, v.Low+by, v.High+by
	}
	moved(&e.A, a)
	if p.baseline != nil {
		moved(&e.B, b)
		moved(&e.Diff, a-b)
	}
	return e
}

// scoreBins is how many bins stand for the scores where a metric is drawn anew.
const scoreBins = 128

// sumsOf are what a row adds to the bins of its scores: positive and negative
// weight, and weight × score.
func sumsOf(m metric.Metric, r *metric.Rows) paired.Sums {
	bin := m.Bin(r, scoreBins)
	return func(row int, weight float64, into []float64) {
		at := 3 * int(bin[row])
		if r.Label[row] == 1 {
			into[at] += weight
		} else {
			into[at+1] += weight
		}
		into[at+2] += weight * r.Score[row]
	}
}

func binsOf(sums []float64) metric.Bins {
	n := len(sums) / 3
	b := metric.Bins{Positive: make([]float64, n), Negative: make([]float64, n), Score: make([]float64, n)}
	for i := range n {
		b.Positive[i], b.Negative[i], b.Score[i] = sums[3*i], sums[3*i+1], sums[3*i+2]
	}
	return b
}

// whole draws the rows anew and computes the metric of each draw.
func (p *pair) whole(m metric.Metric) (paired.Estimate, error) {
	a, b := both(p, func(r *metric.Rows) func([]float64) float64 {
		return func(weight []float64) float64 {
			v, err := metric.Value(m, r.Reweigh(weight))
			if err != nil {
				return math.NaN()
			}
			return v
		}
	})
	return p.rows.Bootstrap(a, b)
}
