package report

import (
	"fmt"
	"math"

	"github.com/mlops-runner/mlops/runner/report/distribution"
)

// A found is the answer to a question for one slice.
type found struct {
	metric *Metric
	is     truth
	text   string
}

// ofSlices answers a question for all slices of a metric: better, same and
// not_worse hold if they hold in each, worse if it does in one.
//
// That all slices agree needs no correction. That one of many contradicts may be
// chance: where intervals have p values it counts only if Holm's correction over
// the slices leaves it, and else it is open.
func (b *bench) ofSlices(q question, name string) (any, error) {
	decisive := no // one such slice decides
	if q.function == "worse" {
		decisive = yes
	}
	answers, err := b.askSlices(q, name)
	if err != nil {
		return nil, err
	}
	q.correct(answers, decisive)
	var open *found
	for i := range answers {
		f := &answers[i]
		if f.is == decisive {
			b.say(said{f.text, q.shortfall(f.metric)})
			return decisive == yes, nil
		}
		if f.is == unknown && open == nil {
			open = f
		}
	}
	if open != nil {
		return nil, &openError{Undecided, open.text}
	}
	b.say(said{text: leastGain(answers)})
	return decisive == no, nil
}

// leastGain tells of the slice that came nearest to deciding otherwise.
func leastGain(answers []found) string {
	least, low := answers[0], math.Inf(1)
	for _, f := range answers {
		if v, _ := f.metric.move(); v.low < low {
			least, low = f, v.low
		}
	}
	if len(answers) == 1 {
		return least.text
	}
	return fmt.Sprintf("least of %d slices: %s", len(answers), least.text)
}

func (b *bench) askSlices(q question, name string) (answers []found, err error) {
	for _, m := range b.slices[name] {
		if m.Head == nil {
			continue
		}
		is, text, err := q.ask(m)
		if err != nil {
			return nil, err
		}
		answers = append(answers, found{m, is, text})
	}
	if len(answers) == 0 {
		return nil, refuse("no job reported %s by slice", name)
	}
	return answers, nil
}

// correct makes those decisive answers unknown that may be chance, as one of so
// many slices.
func (q question) correct(answers []found, decisive truth) {
	var ps []float64
	var at []int
	for i, f := range answers {
		if f.metric.Interval == nil || f.metric.Interval.P == nil {
			continue
		}
		p := 1.0
		if f.is == decisive {
			p = q.chance(f.metric)
		}
		ps, at = append(ps, p), append(at, i)
	}
	for i, p := range distribution.Holm(ps) {
		f := &answers[at[i]]
		if f.is == decisive && p > (1-f.metric.Interval.Level)/2 {
			f.is = unknown
			f.text += fmt.Sprintf(": can't tell, as one of %d slices", len(ps))
		}
	}
}

// chance is the one-sided p value of a metric that was found beyond a margin.
// The standard error is the one by which the interval's p value belongs to its
// middle in the normal distribution.
func (q question) chance(m *Metric) float64 {
	i := m.Interval
	v, _ := m.move()
	gain := (v.low + v.high) / 2
	edge := q.margin
	if gain < 0 && q.function != "better" {
		edge = -q.margin
	}
	se := math.Abs(gain) / distribution.NormalQuantile(1-float64(*i.P)/2)
	if !(se > 0) || math.IsInf(se, 0) { // a p value of 0 or 1
		se = (v.high - v.low) / 2 / distribution.NormalQuantile((1+i.Level)/2)
	}
	return distribution.NormalCDF(-math.Abs(gain-edge) / se)
}
