package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// functions returns the functions of gates.
func (b *bench) functions() map[string]expression.Func {
	calls := map[string]func(name string, args []any) (any, error){
		"better":    b.comparing("better", func(v move, margin float64) truth { return v.beyond(margin) }),
		"worse":     b.comparing("worse", func(v move, margin float64) truth { return v.back().beyond(margin) }),
		"same":      b.comparing("same", move.within),
		"not_worse": b.comparing("not_worse", move.notBelow),
		"worst_slice": func(name string, _ []any) (any, error) {
			return b.worstSlice(name)
		},
		"ci_low":  func(name string, _ []any) (any, error) { i, err := b.valueInterval(name); return float64(i.Low), err },
		"ci_high": func(name string, _ []any) (any, error) { i, err := b.valueInterval(name); return float64(i.High), err },
	}
	funcs := spec.GateFunctions()
	for name, f := range funcs {
		f.Call = func(args []any) (any, error) { return calls[name](metricName(args[0]), args[1:]) }
		funcs[name] = f
	}
	return funcs
}

// metricName is the lower-case name of a metric that was passed by name.
func metricName(arg any) string {
	path, _ := arg.(string)
	name := strings.ToLower(path)
	return strings.TrimPrefix(name, "metrics.")
}

// comparing returns a function that compares a metric with its baseline.
func (b *bench) comparing(function string, rule func(move, float64) truth) func(string, []any) (any, error) {
	return func(name string, args []any) (any, error) {
		margin, err := marginOf(args)
		if err != nil {
			return nil, err
		}
		if !b.compared {
			return nil, nothingToCompare()
		}
		q := question{function: function, rule: rule, margin: margin}
		if len(args) > 1 {
			return b.ofSlices(q, name)
		}
		m := b.metrics[name]
		if m == nil || m.Head == nil {
			return nil, refuse("no job reported %s", name)
		}
		is, text, err := q.ask(m)
		if err != nil {
			return nil, err
		}
		if is, text = b.claims.hold(q, m, is, text); is == unknown {
			return nil, &openError{Undecided, text}
		}
		b.say(said{text, q.shortfall(m)})
		return is == yes, nil
	}
}

// A refusal says why a gate cannot be judged, whatever the numbers.
type refusal string

func (r refusal) Error() string { return string(r) }

func refuse(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// said is what a function found, and by how much a gate that failed missed it.
type said struct{ text, short string }

// say notes what a function found, for the gate's detail.
func (b *bench) say(s said) {
	if !slices.Contains(b.said, s) {
		b.said = append(b.said, s)
	}
}

// told is what functions found, on one line.
func (b *bench) told(failed bool) string {
	var parts []string
	for _, s := range b.said {
		if failed && s.short != "" {
			s.text += " ✗ short by " + s.short
		}
		parts = append(parts, s.text)
	}
	return strings.Join(parts, "; ")
}

func marginOf(args []any) (float64, error) {
	if len(args) == 0 {
		return 0, nil
	}
	margin, ok := args[0].(float64)
	if !ok || !(margin >= 0) || math.IsInf(margin, 0) {
		return 0, refuse("the margin is %s; write a number from 0", shown(args[0]))
	}
	return margin, nil
}

// A question is what a gate asks of how a metric moved.
type question struct {
	function string
	rule     func(move, float64) truth
	margin   float64
}

// ask answers it for one metric, with the numbers that the answer rests on.
func (q question) ask(m *Metric) (truth, string, error) {
	if open := m.lacks(); open != nil {
		return unknown, "", open
	}
	v, directed := m.move()
	if !directed && q.function != "same" {
		return no, "", refuse("it is not known whether %s is better higher or lower; declare it under metrics", m.Name)
	}
	is := q.rule(v, q.margin)
	text := m.text()
	if is == unknown {
		text += ": can't tell" + m.needs(q.margin)
	}
	return is, text, nil
}

// shortfall is by how much a metric without an interval misses a margin, or "".
func (q question) shortfall(m *Metric) string {
	v, _ := m.move()
	by := map[string]float64{"better": q.margin - v.low, "not_worse": -v.low - q.margin, "same": math.Abs(v.low) - q.margin}[q.function]
	if m.Interval != nil || q.margin == 0 || !(by > v.slack) || math.IsInf(by, 0) {
		return ""
	}
	return short(by)
}

// lacks says why a metric of the run cannot be compared, or nil.
func (m *Metric) lacks() *openError {
	switch {
	case m.Base == nil:
		return &openError{NoBaseline, "the baseline has no " + m.label()}
	case math.IsNaN(float64(*m.Base)):
		return &openError{NoBaseline, m.label() + " is NaN in the baseline"}
	case m.Change == nil:
		return &openError{NoBaseline, m.label() + " does not compare with the baseline: " + m.Note}
	case m.Interval != nil && m.Interval.Error != "":
		return &openError{Errored, m.Name + " cannot be compared: " + m.Interval.Error}
	}
	return nil
}

// text is the metric with what it moved by: auc 0.912, was 0.915: -0.003 (-0.005 to -0.001).
func (m *Metric) text() string {
	text := fmt.Sprintf("%s %s, was %s: %s", m.label(), long(*m.Head), long(*m.Base), signed(*m.Change))
	if i := m.Interval; i != nil && i.Low != i.High {
		text += fmt.Sprintf(" (%s to %s)", signed(i.Low), signed(i.High))
	}
	return text
}

// needs says about how many more observations would decide on a margin.
func (m *Metric) needs(margin float64) string {
	i := m.Interval
	if i == nil || i.N == 0 || i.Unit == "runs" { // more runs make noise better known, not smaller
		return ""
	}
	mid, half := float64(i.High+i.Low)/2, float64(i.High-i.Low)/2
	distance := min(math.Abs(mid-margin), math.Abs(mid+margin))
	if n := needs(i.N, half, distance); n > 0 {
		return fmt.Sprintf(" (needs about %d more %s)", n, i.Unit)
	}
	return ""
}

// label is the name of a metric for people: auc, auc of region=EU plan=pro.
func (m *Metric) label() string {
	if len(m.Slice) == 0 {
		return m.Name
	}
	var parts []string
	for _, k := range sortedKeys(m.Slice) {
		parts = append(parts, k+"="+m.Slice[k])
	}
	return m.Name + " of " + strings.Join(parts, " ")
}

// worstSlice returns the value in the worst slice of the run.
func (b *bench) worstSlice(name string) (any, error) {
	var worst *Metric
	for _, m := range b.slices[name] {
		if m.Head == nil {
			continue
		}
		if m.Better == "" {
			return nil, refuse("it is not known whether %s is better higher or lower; declare it under metrics", m.Name)
		}
		if math.IsNaN(float64(*m.Head)) {
			return nil, refuse("%s is NaN", m.label())
		}
		if worst == nil || (m.Better == Lower) == (*m.Head > *worst.Head) && *m.Head != *worst.Head {
			worst = m
		}
	}
	if worst == nil {
		return nil, refuse("no job reported %s by slice", name)
	}
	b.say(said{text: "the worst slice is " + strings.TrimPrefix(worst.label(), worst.Name+" of ")})
	return float64(*worst.Head), nil
}

// valueInterval returns where the run's own value of a metric lies.
func (b *bench) valueInterval(name string) (Interval, error) {
	m := b.metrics[name]
	if m == nil {
		return Interval{}, refuse("no job reported %s", name)
	}
	i, ok := b.values[m.key()]
	if !ok {
		return i, &openError{Undecided, "nothing is known of the noise of " + m.Name}
	}
	return i, nil
}
