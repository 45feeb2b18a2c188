package datacheck

import (
	"fmt"
	"slices"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/runner/report"
)

// Sections are what the report says of the checks: those that did not pass, the
// gravest first; all are in checks.json.
func (c *Checked) Sections() []report.Section {
	s := report.Section{
		ID: "data", Title: "Data " + c.Data, Summary: c.Summary(), Failing: c.Failed > 0,
		Columns: []report.Column{{Name: "column"}, {Name: "check"}, {Name: "measured"}, {Name: "wanted"}, {Name: "level"}, {Name: "first"}},
	}
	for _, r := range c.Results {
		if r.Passed {
			continue
		}
		first := ""
		if len(r.First) > 0 {
			first = fmt.Sprintf("%s: %s", r.First[0].Place(), printable(r.First[0].Value))
		}
		s.Rows = append(s.Rows, []string{r.Column, r.Check, r.Measured, r.Wanted, string(r.Level), first})
	}
	for _, h := range c.Hints {
		s.Rows = append(s.Rows, []string{h.Column, h.Kind, h.Text, "", "hint", ""})
	}
	if s.Failing {
		s.Patch = c.Proposal()
	}
	if c.base == nil {
		return []report.Section{s}
	}
	return []report.Section{s, c.driftSection()}
}

// driftSection shows the columns that moved, as they were and are.
func (c *Checked) driftSection() report.Section {
	s := report.Section{
		ID: "drift", Title: "Drift " + c.Data, Columns: []report.Column{{Name: "column"}, {Name: "moved", Numeric: true}, {Name: "bar", Numeric: true}, {Name: "was"}, {Name: "is"}, {Name: "why"}},
	}
	moved, same := 0, 0
	for _, r := range c.Results {
		if r.Check != "drift" {
			continue
		}
		if r.Passed {
			same++
			continue
		}
		moved++
		s.Failing = s.Failing || r.Level == Fail
		was, is := "", ""
		if base, now := find(c.base, r.Column), find(c.now, r.Column); base != nil && now != nil {
			was, is = pair(base, now)
			if p, ok := plotOf(base, now, c.Base); ok && len(s.Plots) < mostPlots {
				s.Plots = append(s.Plots, p)
			}
		}
		moved, bar := "", "" // of a test that measures no rows; its figures are in the words
		if r.Share > 0 {
			moved, bar = percent(r.Share), percent(r.bar())
		}
		s.Rows = append(s.Rows, []string{r.Column, moved, bar, was, is, r.Measured})
	}
	if p := c.barsPlot(); moved > 0 && len(p.Labels) > 0 {
		s.Plots = append([]report.Plot{p}, s.Plots...)
	}
	s.Summary = fmt.Sprintf("%s moved since %s, %d did not or cannot be told", count(int64(moved), "column"), c.Base, same)
	return s
}

// bar is the share of moved rows that counted: from there on a column fails, or has
// a warning.
func (r *Result) bar() float64 {
	if r.Level == Fail {
		return r.fail
	}
	return r.warn
}

// barsPlot shows how far columns moved beside from where on that counts, the worst first.
func (c *Checked) barsPlot() report.Plot {
	p := report.Plot{Title: "Moved", Kind: report.Bars, X: "column", Y: "share of rows"}
	moved, warn, fail := report.Series{Name: "moved"}, report.Series{Name: "warns from", Role: report.RoleReference}, report.Series{Name: "fails from", Role: report.RoleReference}
	for _, r := range c.Results {
		if r.Check != "drift" || r.Share == 0 || len(p.Labels) == mostPlots {
			continue
		}
		p.Labels = append(p.Labels, printable(r.Column))
		moved.Values, warn.Values, fail.Values = append(moved.Values, report.Number(r.Share)), append(warn.Values, report.Number(r.warn)), append(fail.Values, report.Number(r.fail))
	}
	p.Series = []report.Series{moved, warn}
	if slices.ContainsFunc(fail.Values, func(v report.Number) bool { return v > 0 }) {
		p.Series = append(p.Series, fail)
	}
	return p
}

// Pair draws what a column was and is as block characters over the same bars; "" for
// one that has no shape to draw, or that only one profile has.
func Pair(base, now *profile.Profile, name string) (was, is string) {
	a, b := find(base, name), find(now, name)
	if a == nil || b == nil {
		return "", ""
	}
	return pair(a, b)
}

func find(p *profile.Profile, name string) *profile.Column {
	for i := range p.Columns {
		if p.Columns[i].Name == name {
			return &p.Columns[i]
		}
	}
	return nil
}

// mostPlots is how many columns are drawn: the worst ones.
const mostPlots = 12
