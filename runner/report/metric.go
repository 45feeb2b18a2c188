package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
)

// The directions of metrics.
const (
	Higher = "higher"
	Lower  = "lower"
)

// MaxCurve is how many points a curve of a report has at most.
const MaxCurve = 100

// metrics joins the metrics of both runs by name and slice.
func (c *comparison) metrics() []Metric {
	here := readingsOf(c.head)
	there := map[string]reading{}
	if c.base != nil {
		for _, b := range readingsOf(c.base) {
			there[b.Key()] = b
		}
	}
	margins := margins(c.Gates)
	out := make([]Metric, 0, len(here))
	for i := range here {
		key := here[i].Key()
		var b *reading
		if r, ok := there[key]; ok {
			b = &r
			delete(there, key)
		}
		out = append(out, c.metric(key, &here[i], b, margins))
	}
	for key, b := range there {
		out = append(out, c.metric(key, nil, &b, margins))
	}
	c.gate(out)
	return out
}

// metric tells how one metric moved; either reading may be nil, not both.
func (c *comparison) metric(key string, h, b *reading, margins map[string]float64) Metric {
	any := cmp.Or(h, b)
	m := Metric{Name: any.Name, Slice: any.Slice, Better: any.Better, Unit: any.Unit, Job: any.Job, Others: any.others, Past: c.pastOf(key)}
	for _, d := range c.Metrics {
		if d.Name == m.Name {
			m.Better, m.Unit = cmp.Or(d.Better, m.Better), cmp.Or(d.Unit, m.Unit)
		}
	}
	if h != nil {
		m.Head, m.HeadCurve = number(h.Value), thin(h.History)
	}
	if b != nil {
		m.Base, m.BaseCurve = number(b.Value), thin(b.History)
		m.Better, m.Unit = cmp.Or(m.Better, b.Better), cmp.Or(m.Unit, b.Unit)
	}
	switch {
	case c.base == nil:
		m.Note = seedNote(h, nil)
	case h == nil:
		m.Verdict = Gone
	case b == nil:
		m.Verdict, m.Note = Added, seedNote(h, nil)
	default:
		c.compare(&m, key, h, b)
		m.judge(margins[strings.ToLower(m.Name)])
	}
	return m
}

// compare fills in what both values make together.
func (c *comparison) compare(m *Metric, key string, h, b *reading) {
	notes := []string{seedNote(h, b)}
	if h.Better != "" && b.Better != "" && h.Better != b.Better {
		notes = append(notes, "better was "+b.Better+" in the baseline, and is "+h.Better)
	}
	switch {
	case h.Unit != b.Unit && h.Unit != "" && b.Unit != "":
		m.Verdict, m.Note = Different, join("; ", append(notes, fmt.Sprintf("the unit was %s and is %s, so the values do not compare", b.Unit, h.Unit))...)
		return
	case math.IsNaN(h.Value) && math.IsNaN(b.Value):
		notes = append(notes, "NaN in both runs")
	case math.IsNaN(h.Value):
		notes = append(notes, "NaN now")
	case math.IsNaN(b.Value):
		notes = append(notes, "NaN in the baseline")
	default:
		change := h.Value - b.Value
		if h.Value == b.Value {
			change = 0 // also of infinities
		}
		m.Change = number(change)
		if rel := change / math.Abs(b.Value); b.Value != 0 && !math.IsNaN(rel) {
			m.Relative = number(rel)
		}
		var note string
		m.Interval, note = c.interval(key, m, h, b)
		notes = append(notes, note)
	}
	m.Note = join("; ", notes...)
}

// judge gives the verdict on a metric that both runs have.
func (m *Metric) judge(margin float64) {
	if m.Verdict != "" {
		return
	}
	v, directed := m.move()
	switch {
	case m.Change == nil: // NaN
		m.Verdict = Different
		if math.IsNaN(float64(*m.Head)) && math.IsNaN(float64(*m.Base)) {
			m.Verdict = Same
		} else if math.IsNaN(float64(*m.Head)) && directed {
			m.Verdict = Worse
		}
	case math.Abs(float64(*m.Change)) <= v.slack:
		m.Verdict = Same
	case v.beyond(0) == yes:
		m.Verdict = Better
	case v.back().beyond(0) == yes:
		m.Verdict = Worse
	case margin > 0 && v.within(margin) == yes:
		m.Verdict = Same
	default:
		m.Verdict = CantTell
	}
	if !directed && (m.Verdict == Better || m.Verdict == Worse) {
		m.Verdict = Different
	}
}

func seedNote(h, b *reading) string {
	switch {
	case len(h.seeds) > 0 && b != nil && len(b.seeds) > 0 && len(h.seeds) != len(b.seeds):
		return fmt.Sprintf("mean of %d seeds, of %d in the baseline", len(h.seeds), len(b.seeds))
	case len(h.seeds) > 0 && b != nil && len(b.seeds) == 0:
		return fmt.Sprintf("mean of %d seeds, beside one value in the baseline", len(h.seeds))
	case len(h.seeds) > 0:
		return fmt.Sprintf("mean of %d seeds", len(h.seeds))
	case b != nil && len(b.seeds) > 0:
		return fmt.Sprintf("one value, beside the mean of %d seeds in the baseline", len(b.seeds))
	}
	return ""
}

// gate marks the metrics that gates read and brings them to the front, in the
// order in which gates read them; the rest follow by name and slice.
func (c *comparison) gate(ms []Metric) {
	reads := gated(c.Gates, c.Contexts)
	rank := make(map[string]int, len(reads)) // by name and whether of a slice
	for i, r := range reads {
		if _, ok := rank[r]; !ok {
			rank[r] = i + 1
		}
	}
	order := make(map[string]int)
	for i := range ms {
		m := &ms[i]
		at := rank[gateName(m.Name, len(m.Slice) > 0)]
		m.Gated = at > 0
		if !m.Gated {
			at = len(reads) + 1
		}
		order[m.key()] = at
	}
	keys := make(map[string]string, len(ms))
	for i := range ms {
		keys[ms[i].Name+"\x00"+ms[i].key()] = ms[i].key()
	}
	slices.SortFunc(ms, func(a, b Metric) int {
		ka, kb := a.key(), b.key()
		return cmp.Or(order[ka]-order[kb], cmp.Compare(a.Name, b.Name), len(a.Slice)-len(b.Slice), cmp.Compare(ka, kb))
	})
}

func (m *Metric) key() string {
	r := record.Metric{Name: m.Name, Slice: m.Slice}
	return r.Key()
}

func number(f float64) *Number {
	n := Number(f)
	return &n
}

// thin keeps at most MaxCurve points, evenly spread, the first and the last among them.
func thin(ps []Point) []Point {
	if len(ps) <= MaxCurve {
		return slices.Clip(ps)
	}
	out := make([]Point, MaxCurve)
	for i := range out {
		out[i] = ps[i*(len(ps)-1)/(MaxCurve-1)]
	}
	return out
}

// join joins the parts that are not empty.
func join(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return s == "" }), sep)
}
