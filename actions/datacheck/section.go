package datacheck

import (
	"fmt"

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
	return []report.Section{s}
}
