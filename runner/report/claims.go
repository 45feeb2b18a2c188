package report

import (
	"fmt"

	"github.com/mlops-runner/mlops/runner/report/distribution"
)

// claims are what the gates of a run ask of metrics whose intervals have p values,
// and how probable by chance what they claim is: that a metric moved by more than
// a margin. Of many metrics some would say so by chance; Holm's correction over
// the metrics leaves those claims that are none. Several questions on one metric
// are answered by one interval, so that they count once. A margin that is kept is
// no claim: that all of several promises are kept by chance is less probable than
// that one is.
type claims struct {
	least  map[string]float64 // smallest one-sided p value of a metric's claims, 1 without one; by key
	order  []string
	factor map[string]float64 // by which the correction makes p values larger; nil the first time
}

// hold returns the answer, or that it is open if the correction does not leave it.
func (c *claims) hold(q question, m *Metric, is truth, text string) (truth, string) {
	if m.Interval == nil || m.Interval.P == nil {
		return is, text
	}
	p, claimed := 1.0, is == no
	if q.function == "better" || q.function == "worse" {
		claimed = is == yes
	}
	if claimed {
		p = q.chance(m)
	}
	if c.factor == nil {
		c.note(m.key(), p)
		return is, text
	}
	if claimed && p*c.factor[m.key()] > (1-m.Interval.Level)/2 {
		return unknown, text + fmt.Sprintf(": can't tell, as one of %d metrics that gates ask about", len(c.order))
	}
	return is, text
}

func (c *claims) note(key string, p float64) {
	if c.least == nil {
		c.least = map[string]float64{}
	}
	had, known := c.least[key]
	if !known {
		c.order = append(c.order, key)
		had = 1
	}
	c.least[key] = min(had, p)
}

// correct computes the correction, and reports whether there is anything to correct.
func (c *claims) correct() bool {
	if len(c.order) < 2 || c.factor != nil {
		return false
	}
	ps := make([]float64, len(c.order))
	for i, key := range c.order {
		ps[i] = c.least[key]
	}
	c.factor = map[string]float64{}
	for i, p := range distribution.Holm(ps) {
		if c.factor[c.order[i]] = 1; ps[i] > 0 {
			c.factor[c.order[i]] = p / ps[i]
		}
	}
	return true
}
