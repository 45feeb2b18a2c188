package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/mlops-runner/mlops/runner/report/distribution"
)

// ofSlices answers a question for all slices of a metric: better, same and
// not_worse hold if they hold in each, worse if it does in one.
//
// That one of many slices contradicts may be chance, so where the intervals
// have p values a single contradiction counts only if it is left of Holm's
// correction over the slices (S. Holm, A simple sequentially rejective multiple
// test procedure, Scandinavian Journal of Statistics 6, 1979); else it is open.
// That all agree needs no correction.
func (b *bench) ofSlices(q question, name string) (any, error) {
	decisive := no // one such slice decides
	if q.function == "worse" {
		decisive = yes
	}
	var found []found1
	for _, m := range b.slices[name] {
		if m.Head == nil {
			continue
		}
		is, text, err := q.ask(m)
		if err != nil {
			return nil, err
		}
		found = append(found, found1{m, is, text, 1})
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no job reported %s by slice", name)
	}
	q.correct(found, decisive)
	open := -1
	for i, f := range found {
		if f.is == decisive {
			b.say(f.text)
			return decisive == yes, nil
		}
		if f.is == unknown && open < 0 {
			open = i
		}
	}
	if open >= 0 {
		return nil, &openError{Undecided, found[open].text}
	}
	b.say(fmt.Sprintf("in each of %d slices", len(found)))
	return decisive == no, nil
}

// found1 is the answer for one slice.
type found1 struct {
	metric *Metric
	is     truth
	text   string
	p      float64 // that chance alone says so
}

// correct makes decisive answers unknown that Holm's correction does not leave.
// It sorts the answers, the surest first.
func (q question) correct(found []found1, decisive truth) {
	for i := range found {
		if found[i].is == decisive {
			found[i].p = q.chance(found[i].metric)
		}
	}
	slices.SortStableFunc(found, func(a, b found1) int {
		switch {
		case a.p < b.p:
			return -1
		case a.p > b.p:
			return 1
		}
		return 0
	})
	for i := range found {
		f := &found[i]
		if f.is != decisive {
			continue
		}
		inter := f.metric.Interval
		if inter == nil || inter.P == nil {
			continue
		}
		if f.p > (1-inter.Level)/2/float64(len(found)-i) {
			f.is = unknown
			f.text += fmt.Sprintf(": can't tell, as one of %d slices", len(found))
		}
	}
}

// chance is the one-sided p value of the metric being beyond the margin that it
// was found to be beyond. The standard error is the one that makes the
// interval's p value of its middle, by the normal distribution.
func (q question) chance(m *Metric) float64 {
	i := m.Interval
	if i == nil || i.P == nil {
		return 0
	}
	mid := float64(i.Low+i.High) / 2
	se := math.Abs(mid) / distribution.NormalQuantile(1-float64(*i.P)/2)
	if !(se > 0) || math.IsInf(se, 0) { // a p value of 0 or 1
		se = float64(i.High-i.Low) / 2 / distribution.NormalQuantile((1+i.Level)/2)
	}
	v, _ := m.move()
	gain := (v.low + v.high) / 2
	edge := q.margin // of the side that was found
	if gain < 0 {
		edge = -q.margin
	}
	if q.function == "better" {
		edge = q.margin
	}
	return distribution.NormalCDF(-math.Abs(gain-edge) / se)
}
