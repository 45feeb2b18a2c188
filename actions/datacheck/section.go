package datacheck

import (
	"fmt"

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
		ID: "drift", Title: "Drift " + c.Data, Columns: []report.Column{{Name: "column"}, {Name: "moved", Numeric: true}, {Name: "was"}, {Name: "is"}, {Name: "why"}},
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
		moved := "" // of a test that measures no rows; its figure is in the words
		if r.Share > 0 {
			moved = percent(r.Share)
		}
		s.Rows = append(s.Rows, []string{r.Column, moved, was, is, r.Measured})
	}
	s.Summary = fmt.Sprintf("%s moved since %s, %d did not or cannot be told", count(int64(moved), "column"), c.Base, same)
	return s
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
