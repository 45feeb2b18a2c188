package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report/distribution"
)

// The directions of metrics.
const (
	Higher = "higher"
	Lower  = "lower"
)

// MaxCurve is how many points a curve of a report has at most; of more than a
// thousand metrics less, so that all have room.
const MaxCurve = 100

// metrics joins the metrics of both runs by name and slice, judges them and
// brings them into the report's order.
func (c *comparison) metrics() []Metric {
	declared, margins, rank := declarations(c.Metrics), margins(c.Gates), c.ranks()
	old := map[string]*reading{}
	if c.base != nil {
		rs := readingsOf(c.base)
		for i := range rs {
			old[rs[i].key] = &rs[i]
		}
	}
	c.here = readingsOf(c.head)
	here := c.here
	all := make([]ranked, 0, len(here)+len(old))
	add := func(key string, h, b *reading) {
		m := c.metric(key, h, b, declared)
		at := rank[gateName(m.Name, len(m.Slice) > 0)]
		m.Gated = at > 0
		if m.Verdict == "" && h != nil && b != nil {
			m.judge(margins[strings.ToLower(m.Name)])
		}
		all = append(all, ranked{m, key, cmp.Or(at, math.MaxInt)})
	}
	c.past = newPast(c.earlier(), keysOf(here, old))
	c.curve = max(2, MaxCurve*1000/max(1000, len(here)+len(old)))
	for i := range here {
		h := &here[i]
		add(h.key, h, old[h.key])
		delete(old, h.key)
	}
	for key, b := range old {
		add(key, nil, b)
	}
	return inOrder(all)
}

// keysOf returns the keys of both runs' metrics, twice where both have one.
func keysOf(here []reading, old map[string]*reading) []string {
	keys := make([]string, 0, len(here)+len(old))
	for i := range here {
		keys = append(keys, here[i].key)
	}
	for key := range old {
		keys = append(keys, key)
	}
	return keys
}

// A ranked metric knows its place in the report.
type ranked struct {
	Metric
	key string
	at  int // place of the first gate that reads it
}

// inOrder sorts and corrects: gated metrics first, in the order in which gates
// read them, then by name and slice.
func inOrder(all []ranked) []Metric {
	order := make([]*ranked, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	slices.SortFunc(order, func(a, b *ranked) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.Name, b.Name), len(a.Slice)-len(b.Slice), cmp.Compare(a.key, b.key))
	})
	out := make([]Metric, len(all))
	for i, m := range order {
		out[i] = m.Metric
	}
	correct(out)
	return out
}

// ranks numbers what gates read, as gateName has it, from 1.
func (c *comparison) ranks() map[string]int {
	rank := map[string]int{}
	for _, name := range gated(c.Gates, c.Contexts) {
		if rank[name] == 0 {
			rank[name] = len(rank) + 1
		}
	}
	return rank
}

// metric tells how one metric moved; either reading may be nil, not both.
func (c *comparison) metric(key string, h, b *reading, declared map[string]plan.Metric) Metric {
	if h == nil {
		m := b.metric(declared)
		m.Base, m.Head, m.Seeds, m.BaseCurve, m.Past = m.Head, nil, 0, c.thin(b.History), c.past.points(key, c.curve)
		m.Verdict, m.Note = Gone, c.became(m.Name, b.Slice)
		return m
	}
	m := h.metric(declared)
	m.HeadCurve, m.Past = c.thin(h.History), c.past.points(key, c.curve)
	switch {
	case b != nil:
		b = b.like(h)
		m.Base, m.BaseCurve = number(b.Value), c.thin(b.History)
		m.Better, m.Unit = cmp.Or(m.Better, b.Better), cmp.Or(m.Unit, b.Unit)
		c.compare(&m, h, b)
	case c.base != nil:
		m.Verdict, m.Note = Added, c.was(m.Name, h.Slice)
	}
	return m
}

// compare fills in what both values make together.
func (c *comparison) compare(m *Metric, h, b *reading) {
	notes := []string{seedNote(len(h.seeds), len(b.seeds))}
	if h.Better != "" && b.Better != "" && h.Better != b.Better {
		notes = append(notes, "the baseline's run says that "+b.Better+" is better, this one "+h.Better)
	}
	nanHere, nanThere := math.IsNaN(h.Value), math.IsNaN(b.Value)
	switch {
	case h.Kind != b.Kind:
		m.Verdict = Different
		notes = append(notes, fmt.Sprintf("%s in the baseline and %s now, so the values do not compare", kindOf(b.Kind), kindOf(h.Kind)))
	case h.Unit != b.Unit && h.Unit != "" && b.Unit != "":
		m.Verdict = Different
		notes = append(notes, fmt.Sprintf("the unit was %s and is %s, so the values do not compare", b.Unit, h.Unit))
	case nanHere && nanThere:
		m.Verdict = Same
		notes = append(notes, "NaN in both runs")
	case nanHere:
		m.Verdict = Different
		if m.Better != "" {
			m.Verdict = Worse
		}
		notes = append(notes, "NaN now")
	case nanThere:
		m.Verdict = Different
		notes = append(notes, "NaN in the baseline")
	default:
		m.change()
		var note string
		m.Interval, note = c.interval(m, h, b)
		notes = append(notes, note)
	}
	m.Note = join("; ", notes...)
}

// change fills in the differences of two values that are numbers.
func (m *Metric) change() {
	h, b := float64(*m.Head), float64(*m.Base)
	change := h - b
	if h == b {
		change = 0 // also of infinities
	}
	m.Change = number(change)
	if rel := change / math.Abs(b); b != 0 && !math.IsNaN(rel) {
		m.Relative = number(rel)
	}
}

// judge gives the verdict on a change. margin is within what the file calls
// values the same, 0 if it does not say.
func (m *Metric) judge(margin float64) {
	v, directed := m.move()
	switch {
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

// correct takes back verdicts that may be chance among so many metrics: those
// that no gate reads are corrected together by Benjamini and Hochberg, without
// those that are equal in both runs, which raise no alarm; those that gates read,
// of which each is a promise, by Holm.
func correct(ms []Metric) {
	correctSome(ms, func(m *Metric) bool { return !m.Gated }, distribution.BenjaminiHochberg, "no surprise among %d metrics")
	correctSome(ms, func(m *Metric) bool { return m.Gated && len(m.Slice) == 0 }, distribution.Holm, "no surprise among %d metrics that gates read")
}

func correctSome(ms []Metric, belongs func(*Metric) bool, corrected func([]float64) []float64, note string) {
	var ps []float64
	var at []int
	for i := range ms {
		if m := &ms[i]; belongs(m) && m.Interval != nil && m.Interval.P != nil && m.Verdict != Same {
			ps, at = append(ps, float64(*m.Interval.P)), append(at, i)
		}
	}
	for i, p := range corrected(ps) {
		m := &ms[at[i]]
		if m.Verdict != CantTell && p > 1-m.Interval.Level {
			m.Verdict = CantTell
			if said := fmt.Sprintf(note, len(ps)); !strings.HasSuffix(m.Note, said) { // of a report that is judged again
				m.Note = join("; ", m.Note, said)
			}
		}
	}
}

// seedNote says so where a value is a mean and the other is none, or of other numbers.
func seedNote(head, base int) string {
	switch {
	case head == base:
		return ""
	case base == 0:
		return fmt.Sprintf("mean of %d seeds, beside one value in the baseline", head)
	case head == 0:
		return fmt.Sprintf("one value, beside the mean of %d seeds in the baseline", base)
	}
	return fmt.Sprintf("mean of %d seeds, beside that of %d in the baseline", head, base)
}

// key is what the metric is known by; see [record.Metric.Key].
func (m *Metric) key() string {
	r := record.Metric{Name: m.Name, Slice: m.Slice}
	return r.Key()
}

func number(f float64) *Number {
	n := Number(f)
	return &n
}

// thin keeps at most so many points, evenly spread, the first and the last among them.
func (c *comparison) thin(ps []Point) []Point {
	if len(ps) <= c.curve {
		return slices.Clip(ps)
	}
	out := make([]Point, c.curve)
	for i := range out {
		out[i] = ps[i*(len(ps)-1)/(c.curve-1)]
	}
	return out
}

// join joins the parts that are not empty.
func join(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return s == "" }), sep)
}
