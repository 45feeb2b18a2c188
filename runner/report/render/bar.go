package render

import "math"

// A bar is a change with its interval, drawn on a line whose middle is no change.
type bar struct {
	change, low, high float64 // from -1 to 1
	interval          bool
	tone              string
	label             string // in words, for those who do not see it: the row names the metric
}

// plot draws the row's change; rows are drawn to their own scale, because
// their units differ.
func (r row) plot() text {
	m := r.metric
	if m.Change == nil || !finite(float64(*m.Change)) {
		return nil
	}
	b := bar{change: float64(*m.Change), tone: verdictTone(m.Verdict), label: "change " + r.change}
	b.low, b.high = b.change, b.change
	if i := m.Interval; i != nil && finite(float64(i.Low)) && finite(float64(i.High)) {
		b.low, b.high, b.interval = float64(i.Low), float64(i.High), true
		b.label += ", between " + r.low + " and " + r.high
	}
	most := max(math.Abs(b.change), math.Abs(b.low), math.Abs(b.high))
	if most == 0 {
		most = 1
	}
	b.change, b.low, b.high = b.change/most, b.low/most, b.high/most
	return text{{bar: &b}}
}
