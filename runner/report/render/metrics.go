package render

import (
	"math"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/report"
)

// split divides the rows into those of the table at the top, at most n, and
// the others: what gates read comes first, then what moved most importantly.
// Slices that did not get worse stand below in any case where there are metrics
// of all rows: there may be dozens of each.
func split(rows []row, n int) (first, others []row) {
	whole, sliced := withoutSlices(rows)
	first, others = splitAt(whole, n)
	return first, append(others, sliced...)
}

// withoutSlices takes the slices out that did not get worse.
func withoutSlices(rows []row) (whole, sliced []row) {
	for _, r := range rows {
		if len(r.metric.Slice) > 0 && r.metric.Verdict != report.Worse {
			sliced = append(sliced, r)
		} else {
			whole = append(whole, r)
		}
	}
	if len(whole) == 0 {
		return rows, nil
	}
	return whole, sliced
}

func splitAt(rows []row, n int) (first, others []row) {
	if n == 0 || len(rows) <= n {
		return rows, nil
	}
	order := byWeight(rows)
	first = order[:n]
	for len(first) > 1 && !first[len(first)-1].notable() {
		first = first[:len(first)-1]
	}
	return first, order[len(first):]
}

// weights is how many weights there are.
const weights = 11

// weight orders rows by how much they matter, 0 most and weights-1 least.
func (r *row) weight() int {
	if r.metric.Gated {
		if r.failed() {
			return 0
		}
		return 1
	}
	if h := r.metric.Head; h != nil && math.IsNaN(float64(*h)) {
		return 2 // as bad as worse, whatever its direction
	}
	order := [...]report.Verdict{report.Worse, report.Gone, report.Better, report.CantTell, report.Different, report.Added, "", report.Same}
	for i, v := range order {
		if v == r.metric.Verdict {
			return 2 + i
		}
	}
	return weights - 1
}

// notable reports whether a row must be seen: a gate reads it, or it moved.
func (r row) notable() bool {
	return r.metric.Gated || r.metric.Verdict != "" && r.metric.Verdict != report.Same
}

// failed reports whether a gate that reads the metric alone failed.
func (r *row) failed() bool {
	return slices.ContainsFunc(r.gates, func(g report.Judged) bool { return g.Outcome == report.Failed || g.Outcome == report.Errored })
}

// metrics is the table at the top, with what is to be known of all metrics, also
// of those that stand below. Its shorter forms keep what gates read and what got
// worse.
func (p *page) metrics(rows, others []row, plots bool) section {
	if len(rows) == 0 {
		return section{}
	}
	s := section{id: "metrics", title: say("Metrics"), flat: true, rank: rankMetrics, summary: metricCounts(p.rows)}
	notes := metricNotes(p.rows)
	s.forms = []func() []block{p.metricForm(rows, len(rows), others, notes, plots)}
	important := byWeight(rows)
	n := slices.IndexFunc(important, func(r row) bool { return r.weight() > 3 }) // neither gated, worse nor gone
	for _, n := range []int{n, 20, 5} {
		if n > 0 && n < len(rows) {
			s.forms = append(s.forms, p.metricForm(important[:n], len(rows), nil, notes, plots))
		}
	}
	return s
}

// metricForm is a table of some of all rows, with what is to be known of them.
func (p *page) metricForm(rows []row, all int, others []row, notes []text, plots bool) func() []block {
	return func() []block {
		bs := []block{p.metricTable(rows, plots)}
		if left := all - len(rows); left > 0 {
			bs = append(bs, rest{left, "metric"})
		} else if len(others) > 0 {
			bs = append(bs, paragraph{cat(say("Below: "), metricCounts(others))})
		}
		if t := methods(rows); len(t) > 0 {
			bs = append(bs, paragraph{t})
		}
		if t := ownValues(rows); len(t) > 0 {
			bs = append(bs, paragraph{t})
		}
		if len(notes) > 0 {
			bs = append(bs, items{notes})
		}
		return bs
	}
}

// otherMetrics are those that no gate reads and that did not move.
func (p *page) otherMetrics(rows []row, plots bool) section {
	if len(rows) == 0 {
		return section{}
	}
	s := section{id: "other-metrics", title: say("Other metrics"), rank: rankOther, summary: metricCounts(rows)}
	for _, n := range []int{len(rows), 50, 10} {
		if n < len(rows) || n == len(rows) && len(s.forms) == 0 {
			s.forms = append(s.forms, p.metricForm(rows[:n], len(rows), nil, nil, plots))
		}
	}
	return s
}

// metricCounts counts the metrics by how they moved.
func metricCounts(rows []row) text {
	n := map[report.Verdict]int{}
	for _, r := range rows {
		n[r.metric.Verdict]++
	}
	t := say(plural(len(rows), "metric"))
	for _, v := range []report.Verdict{report.Better, report.Worse, report.Same, report.CantTell, report.Different, report.Added, report.Gone} {
		if n[v] > 0 {
			t = cat(t, say(", "+count(n[v])+" "+string(v)))
		}
	}
	return t
}

// methods says where the intervals come from, the frequent ones first. Those of
// slices come from fewer rows each, which says nothing new.
func methods(rows []row) text {
	var order []string
	of := map[string]int{}
	for _, r := range rows {
		if i := r.metric.Interval; i != nil && (len(r.metric.Slice) == 0 || len(rows[0].metric.Slice) > 0) {
			m := methodOf(i)
			if of[m]++; of[m] == 1 {
				order = append(order, m)
			}
		}
	}
	slices.SortStableFunc(order, func(a, b string) int { return of[b] - of[a] })
	if len(order) == 0 {
		return nil
	}
	t := say("Intervals: ")
	for i, m := range order {
		if i == maxMethods {
			return cat(t, say("; "+plural(len(order)-i, "more method")))
		}
		if i > 0 {
			t = cat(t, say("; "))
		}
		t = cat(t, foreignIn(m, maxField))
	}
	return t
}

// ownValues says where the run's values themselves lie, whatever they are compared
// with: those of the first metrics, without slices.
func ownValues(rows []row) text {
	var ts []text
	level, n := 0.0, 0
	for _, r := range rows {
		i := r.metric.Own
		if i == nil || len(r.metric.Slice) > 0 || !(i.Level > 0.001 && i.Level < 1) || level != 0 && i.Level != level {
			continue
		}
		if level = i.Level; len(ts) == maxOwn {
			n++
			continue
		}
		s := scaleOf(0, float64(i.High-i.Low)/2, float64(i.Low), float64(i.High))
		ts = append(ts, cat(name(r.key), say(" "), num(s.value(float64(i.Low))), say(bounded), num(s.value(float64(i.High)))))
	}
	if len(ts) == 0 {
		return nil
	}
	if n > 0 {
		ts = append(ts, say(count(n)+" more"))
	}
	return cat(say(lone(100*level, changeDigits)+" % CI of the values: "), list(", ", ts...))
}

// maxOwn is of how many metrics the own interval is shown.
const maxOwn = 8

// maxMethods is how many methods are named.
const maxMethods = 3

func methodOf(i *report.Interval) string {
	s := i.Method
	if i.N > 0 {
		s += " on " + count(i.N) + " " + counted(i)
	}
	if i.Paired {
		s += ", paired"
	}
	return s
}

// metricNotes are what makes numbers less than they seem, each once with the
// metrics that it is about and their number.
func metricNotes(rows []row) []text {
	var order []string
	about := map[string][]row{}
	for _, r := range rows {
		for _, n := range r.notes() {
			if about[n] = append(about[n], r); len(about[n]) == 1 {
				order = append(order, n)
			}
		}
	}
	var all []text
	for i, n := range order {
		if i == maxNotes {
			return append(all, say(plural(len(order)-i, "more note")))
		}
		all = append(all, cat(names(about[n], len(rows)), say(": "), foreignIn(n, 2*maxField)))
	}
	return all
}

// notes are those of the report and what it knows beside.
func (r row) notes() []string {
	var all []string
	if r.metric.Note != "" {
		all = strings.Split(r.metric.Note, "; ")
	}
	if n := r.metric.Seeds; n > 1 {
		all = append(all, "the mean of "+plural(n, "seed"))
	}
	if others := r.metric.Others; len(others) > 0 {
		all = append(all, "the value of "+r.metric.Job+" counts, not that of "+strings.Join(others, ", "))
	}
	return all
}

// names names the first metrics of several, or says that it is all of them.
func names(rows []row, all int) text {
	if len(rows) == all && all > maxNames {
		return say("all " + count(all) + " metrics")
	}
	var ts []text
	for _, r := range rows[:min(len(rows), maxNames)] {
		ts = append(ts, name(r.key))
	}
	if more := len(rows) - maxNames; more > 0 {
		ts = append(ts, say(count(more)+" more"))
	}
	return list(", ", ts...)
}

// maxNames is how many metrics a note names.
const maxNames = 3

// maxNotes is how many notes on metrics are shown.
const maxNotes = 10
