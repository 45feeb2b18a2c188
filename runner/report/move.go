package report

import "math"

// A move is where a metric's true gain lies: its change, turned so that more is
// better. Without an interval both ends are the gain that was measured.
type move struct {
	low, high float64
	slack     float64 // what may come from the rounding of floating-point numbers
}

// rounding is the part of a value that sums in another order may differ by.
const rounding = 1e-12

// move returns the metric's move, and whether it is known which way is better;
// if it is not, higher is taken for better. It needs both values.
func (m *Metric) move() (v move, directed bool) {
	if m.Change == nil {
		return move{math.NaN(), math.NaN(), 0}, m.Better != ""
	}
	change := float64(*m.Change)
	v = move{change, change, 0}
	if m.Interval != nil {
		v.low, v.high = float64(m.Interval.Low), float64(m.Interval.High)
	}
	if s := rounding * max(math.Abs(float64(*m.Head)), math.Abs(float64(*m.Base))); !math.IsInf(s, 0) {
		v.slack = s
	}
	if m.Better == Lower {
		v = v.back()
	}
	return v, m.Better != ""
}

// back is the move as those see it who want the opposite.
func (v move) back() move { return move{-v.high, -v.low, v.slack} }

// beyond tells whether the gain is more than margin.
func (v move) beyond(margin float64) truth {
	switch {
	case v.low > margin+v.slack:
		return yes
	case v.high <= margin+v.slack:
		return no
	}
	return unknown
}

// notBelow tells whether a loss is no more than margin.
func (v move) notBelow(margin float64) truth { return -v.back().beyond(margin) }

// within tells whether gain and loss are no more than margin.
func (v move) within(margin float64) truth {
	switch {
	case v.low >= -margin-v.slack && v.high <= margin+v.slack:
		return yes
	case v.low > margin+v.slack || v.high < -margin-v.slack:
		return no
	}
	return unknown
}
