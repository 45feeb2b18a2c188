package evaluate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/runner/report"
)

// Sections are what a report says of the predictions of one model.
func (r *Result) Sections() []report.Section {
	var out []report.Section
	if s, ok := r.sliceSection(); ok {
		out = append(out, s)
	}
	if r.Looked != "" {
		s := foundSection(sectionID("found", r.as()), titled("Weak slices", r.as()), r.Found)
		s.Summary = foundSummary(r.Found, "worse than elsewhere", r.Looked)
		out = append(out, s)
	}
	for i := range r.Fairness {
		out = append(out, r.Fairness[i].section(r.as()))
	}
	if s, ok := Curves(r, nil); ok {
		out = append(out, s)
	}
	return out
}

func (r *Result) as() string { return action.TextOf(r.Inputs["as"]) }

// sectionID tells the sections of several evaluations in one run apart by what
// their metrics' names begin with.
func sectionID(id, as string) string {
	if as == "" {
		return id
	}
	return id + "." + as
}

func titled(title, as string) string {
	if as == "" {
		return title
	}
	return title + " of " + as
}

// sliceSection is a table of the slices with their first metrics.
func (r *Result) sliceSection() (report.Section, bool) {
	names, rows := r.bySlice()
	if len(rows) == 0 && len(r.Small) == 0 {
		return report.Section{}, false
	}
	s := report.Section{ID: sectionID("slices", r.as()), Title: titled("Slices", r.as()), Columns: []report.Column{{Name: "slice"}, {Name: "rows", Numeric: true}}, Priority: 2}
	for _, n := range names {
		s.Columns = append(s.Columns, report.Column{Name: n, Numeric: true})
	}
	s.Rows = rows
	for _, small := range r.Small {
		row := make([]string, len(s.Columns))
		row[0], row[1] = label(small.Slice), fmt.Sprint(small.Rows)
		if len(row) > 2 {
			row[2] = small.Why
		}
		s.Rows = append(s.Rows, row)
	}
	s.Summary = fmt.Sprintf("%d measured, %d not judged", len(rows), len(r.Small))
	return s, true
}

// shownMetrics is how many metrics the table of slices has room for.
const shownMetrics = 4

func (r *Result) bySlice() (names []string, rows [][]string) {
	for _, m := range r.Metrics {
		if m.Slice == nil && len(names) < shownMetrics {
			names = append(names, m.Name)
		}
	}
	at := map[string]int{}
	for _, m := range r.Metrics {
		column := slices.Index(names, m.Name)
		if m.Slice == nil || column < 0 {
			continue
		}
		key := label(m.Slice)
		i, ok := at[key]
		if !ok {
			i = len(rows)
			at[key] = i
			rows = append(rows, make([]string, 2+len(names)))
			rows[i][0], rows[i][1] = key, fmt.Sprint(m.Rows)
		}
		rows[i][2+column] = m.text()
	}
	return names, rows
}

func foundSection(id, title string, found []Found) report.Section {
	s := report.Section{
		ID: id, Title: title, Priority: 3,
		Columns: []report.Column{{Name: "where"}, {Name: "rows", Numeric: true}, {Name: "share", Numeric: true}, {Name: "there", Numeric: true}, {Name: "elsewhere", Numeric: true}, {Name: "difference (95 %)", Numeric: true}, {Name: "rows to look at"}},
	}
	for _, f := range found {
		p := within(f.Low, f.High)
		s.Rows = append(s.Rows, []string{
			label(f.Where), fmt.Sprint(f.Rows), fmt.Sprintf("%.1f %%", 100*float64(f.Share)), p.of(f.Mean), p.of(f.Rest),
			p.signed(f.Low) + " … " + p.signed(f.High), strings.Join(f.Examples, ", "),
		})
	}
	return s
}

func foundSummary(found []Found, what, looked string) string {
	if len(found) == 0 {
		return "no slice is plainly " + what + ": " + looked
	}
	text := found[0].Sentence
	if n := len(found) - 1; n > 0 {
		text += fmt.Sprintf(", and %d more", n)
	}
	return text
}

func (f *Fairness) section(as string) report.Section {
	s := report.Section{
		ID: sectionID("fairness."+f.Attribute, as), Title: titled("Fairness by "+f.Attribute, as), Priority: 3,
		Columns: []report.Column{{Name: "measure"}, {Name: "value", Numeric: true}, {Name: "95 %", Numeric: true}, {Name: "between"}, {Name: "verdict"}},
	}
	count := map[string]int{}
	for _, m := range f.Measures {
		count[m.Verdict]++
		between, p := "", within(m.Low, m.High)
		if m.Between[0] != "" {
			between = m.Between[0] + " and " + m.Between[1]
		}
		s.Rows = append(s.Rows, []string{strings.ReplaceAll(m.Name, "_", " "), p.of(m.Value), p.of(m.Low) + " … " + p.of(m.High), between, strings.TrimSpace(m.Verdict + " " + m.Note)})
	}
	for _, g := range f.Groups {
		s.Rows = append(s.Rows, []string{fmt.Sprintf("%s: %d rows", g.Value, g.Rows), short(g.Selection), "", fmt.Sprintf("TPR %s, FPR %s", short(g.TPR), short(g.FPR)), ""})
	}
	s.Summary = fmt.Sprintf("%d of %d measures are unfair, %d cannot be told", count["unfair"], len(f.Measures), count["can't tell"])
	return s
}

// Sections are what a report says of the comparison, in place of the sections of
// the same name that are about one model.
func (c *Comparison) Sections() []report.Section {
	if c.Why != "" {
		return []report.Section{{ID: sectionID("pairs", c.As), Title: titled("Row by row", c.As), Summary: "not compared: " + c.Why, Failing: c.Mismatch != nil}}
	}
	var out []report.Section
	if s, ok := c.sliceSection(); ok {
		out = append(out, s)
	}
	if c.Looked != "" {
		s := foundSection(sectionID("found.change", c.As), titled("Where it got worse", c.As), c.Found)
		s.Summary = foundSummary(c.Found, "worse than the baseline", c.Looked)
		out = append(out, s)
	}
	if c.Mismatch != nil {
		out = append(out, report.Section{ID: sectionID("pairs", c.As), Title: titled("Row by row", c.As), Summary: c.Mismatch.Error() + "; only those in both were compared", Failing: true})
	}
	return out
}

// sliceSection lists the slices by how they moved, the worst first.
func (c *Comparison) sliceSection() (report.Section, bool) {
	s := report.Section{
		ID: sectionID("slices", c.As), Title: titled("Slices", c.As), Priority: 2,
		Columns: []report.Column{{Name: "slice"}, {Name: "metric"}, {Name: "rows", Numeric: true}, {Name: "baseline", Numeric: true}, {Name: "now", Numeric: true}, {Name: "difference (95 %)", Numeric: true}, {Name: "verdict"}},
	}
	var list []*Compared
	for i := range c.Metrics {
		if m := &c.Metrics[i]; m.Slice != nil && !math.IsNaN(float64(m.Candidate)) && !math.IsNaN(float64(m.Baseline)) {
			list = append(list, m)
		}
	}
	order := map[string]int{"worse": 0, "changed": 1, "can't tell": 2, "better": 3, "same": 4}
	slices.SortStableFunc(list, func(a, b *Compared) int {
		return cmp.Or(cmp.Compare(order[a.Verdict], order[b.Verdict]), cmp.Compare(b.surprise(), a.surprise()))
	})
	worse := map[string]bool{}
	var first *Compared
	for _, m := range list {
		if m.Verdict == "worse" {
			worse[label(m.Slice)] = true
			if first == nil {
				first = m
			}
		}
		if len(s.Rows) < shownSlices {
			s.Rows = append(s.Rows, m.row())
		}
	}
	s.Summary = fmt.Sprintf("worse in %d of %d", len(worse), c.slices())
	if first != nil {
		s.Summary += fmt.Sprintf(": %s, %s %s", label(first.Slice), first.Name, first.difference())
	}
	if more := len(list) - len(s.Rows); more > 0 {
		s.Summary += fmt.Sprintf("; %d values are not in the table", more)
	}
	return s, len(list) > 0
}

// shownSlices is how many values of slices the table has, the worst first.
const shownSlices = 25

func (c *Comparison) slices() int {
	seen := map[string]bool{}
	for _, m := range c.Metrics {
		if m.Slice != nil {
			seen[label(m.Slice)] = true
		}
	}
	return len(seen)
}

// surprise orders differences of the same verdict: the less probable by chance first.
func (m *Compared) surprise() float64 {
	if m.Change == nil || m.Change.P == nil {
		return 0
	}
	return 1 - float64(*m.Change.P)
}

func (m *Compared) row() []string {
	verdict := m.Verdict
	if m.Change != nil && m.Change.Needs > 0 {
		verdict += fmt.Sprintf(" (needs about %d %s more)", m.Change.Needs, m.Change.Unit)
	}
	p := m.precision()
	return []string{label(m.Slice), m.Name, fmt.Sprint(m.Rows), p.of(m.Baseline), p.of(m.Candidate), m.difference(), verdict}
}

func (m *Compared) precision() precision {
	if m.Change == nil {
		return -1
	}
	return within(m.Change.Low, m.Change.High)
}

func (m *Compared) difference() string {
	p := m.precision()
	text := p.signed(m.Candidate - m.Baseline)
	if m.Change != nil && m.Change.Low != m.Change.High {
		text += fmt.Sprintf(" (%s … %s)", p.signed(m.Change.Low), p.signed(m.Change.High))
	}
	return text
}
