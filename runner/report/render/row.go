package render

import (
	"cmp"
	"math"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
)

// A row is a metric with its numbers written to one scale.
type row struct {
	metric     *report.Metric
	key        string // name and slice
	base, head string // "–" where there is none
	change     string // "" without a baseline
	relative   string
	low, high  string // bounds of the change; "" without an interval
	exact      bool   // they are one: there is no noise
	continued  bool   // only another gate of the row above, for the terminal
	gates      []report.Judged
}

// missing stands for a number that is not there.
const missing = "–"

func newRows(r *report.Report, gates gateList) []row {
	rows := make([]row, len(r.Metrics))
	for i := range r.Metrics {
		rows[i] = newRow(&r.Metrics[i])
		if at := gates.of[strings.ToLower(r.Metrics[i].Name)]; len(at) > 0 && len(r.Metrics[i].Slice) == 0 {
			for _, g := range at {
				rows[i].gates = append(rows[i].gates, r.Gates[g])
			}
		}
	}
	return rows
}

func newRow(m *report.Metric) row {
	key := record.Metric{Name: m.Name, Slice: m.Slice}
	r := row{metric: m, key: m.Name, base: missing, head: missing}
	if len(m.Slice) > 0 {
		r.key = key.Key()
	}
	change, noise := 0.0, 0.0
	if m.Change != nil {
		change = float64(*m.Change)
	}
	if m.Interval != nil {
		noise = float64(m.Interval.High-m.Interval.Low) / 2
	}
	s := scaleOf(change, noise, values(m.Base, m.Head)...)
	if m.Base != nil {
		r.base = s.value(float64(*m.Base))
	}
	if m.Head != nil {
		r.head = s.value(float64(*m.Head))
	}
	r.compare(s, noise)
	return r
}

// compare writes the change and its interval.
func (r *row) compare(s scale, noise float64) {
	m := r.metric
	if m.Change != nil {
		r.change = s.signed(float64(*m.Change))
	}
	if m.Relative != nil && m.Unit != "" && m.Unit != "%" && *m.Relative != 0 {
		r.relative = percent(float64(*m.Relative))
	}
	if m.Interval == nil {
		return
	}
	low, high := float64(m.Interval.Low), float64(m.Interval.High)
	if s.digits == 0 { // bounds are estimates: they may have more digits than exact values
		bounds := scaleOf(0, noise, low, high)
		bounds.decimals = max(bounds.decimals, s.decimals)
		s = bounds
	}
	r.low, r.high, r.exact = s.signed(low), s.signed(high), low == high
}

func values(ns ...*report.Number) []float64 {
	var out []float64
	for _, n := range ns {
		if n != nil {
			out = append(out, float64(*n))
		}
	}
	return out
}

// interval writes the bounds and the p-value.
func (r row) interval() text {
	t := r.bounds()
	if len(t) == 0 || r.exact {
		return t
	}
	if p := r.metric.Interval.P; p != nil && !math.IsNaN(float64(*p)) {
		t = cat(t, say(" ("), chance(float64(*p)), say(")"))
	}
	return t
}

// bounds writes the bounds alone.
func (r row) bounds() text {
	switch {
	case r.low == "":
		return nil
	case r.exact:
		return say("exact")
	case math.IsInf(float64(r.metric.Interval.Low), -1) && math.IsInf(float64(r.metric.Interval.High), 1):
		return say("unknown")
	}
	return cat(num(r.low), say(bounded), num(r.high))
}

// level writes the confidence of the interval: 95 %. It is "" if that is none.
func (r row) level() string {
	if r.metric.Interval == nil || !(r.metric.Interval.Level > 0.001 && r.metric.Interval.Level < 1) {
		return ""
	}
	return lone(100*r.metric.Interval.Level, changeDigits) + " % "
}

// verdict is the word for how the metric moved, and what would decide it.
func (r row) verdict() text {
	m := r.metric
	if m.Verdict == "" {
		return nil
	}
	t := verdictText(m.Verdict)
	if needs := r.needs(); len(needs) > 0 {
		t = cat(t, say(" ("), needs, say(")"))
	}
	return t
}

// needs says what would decide how the metric moved.
func (r row) needs() text {
	i := r.metric.Interval
	if r.metric.Verdict != report.CantTell || i == nil || i.Needs <= 0 {
		return nil
	}
	return cat(say("needs about "+count(i.Needs)+" more "), foreignIn(counted(i), maxWord))
}

// better is the direction in which the metric improves.
func (r row) better() string {
	switch r.metric.Better {
	case "higher":
		return "↑"
	case "lower":
		return "↓"
	}
	return ""
}

func (r row) unit() text { return foreignIn(r.metric.Unit, maxWord) }

// sentence says the row in words: auc 0.914 → 0.926 (+0.012, 95 % CI +0.004 … +0.020).
func (r row) sentence() text {
	id, m := name(r.key), r.metric
	unit := r.unit()
	if len(unit) > 0 {
		unit = cat(say(" "), unit)
	}
	if m.Change == nil {
		v := cat(id, say(" "), num(r.head), unit)
		if m.Head == nil {
			v = cat(id, say(" is missing, was "), num(r.base), unit)
		}
		return v
	}
	var change, interval, verdict text
	if !math.IsNaN(float64(*m.Change)) {
		change = num(r.change)
	}
	switch {
	case r.exact:
		interval = say("exact")
	case r.low != "":
		interval = cat(say(r.level()+"CI "), r.bounds())
	}
	if m.Verdict != "" {
		verdict = verdictText(m.Verdict)
	}
	t := cat(id, say(" "), num(r.base), say(" → "), num(r.head), unit)
	if more := list(", ", change, interval, verdict, r.needs()); len(more) > 0 {
		t = cat(t, say(" ("), more, say(")"))
	}
	return t
}

// counted is what an interval rests on: rows, seeds, runs.
func counted(i *report.Interval) string { return cmp.Or(i.Unit, "rows") }
