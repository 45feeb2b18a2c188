package datacheck

import (
	"fmt"
	"io"
	"strings"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/profile"
)

// Log writes what was found for people: the failures with the rows that show
// them, the warnings, and a last line that counts.
func (c *Checked) Log(w io.Writer) error {
	var b strings.Builder
	for _, r := range c.Results {
		if !r.Passed {
			r.log(&b)
		}
	}
	for _, h := range c.Hints {
		fmt.Fprintf(&b, "hint  %s\n", h.line())
	}
	for _, n := range c.Notes {
		fmt.Fprintf(&b, "note  %s\n", n)
	}
	fmt.Fprintf(&b, "%s: %s\n", c.Data, c.Summary())
	_, err := io.WriteString(w, b.String())
	return err
}

func (h Hint) line() string {
	if h.Column == "" {
		return h.Text
	}
	return h.Column + ": " + h.Text
}

// Summary is one line with all counts.
func (c *Checked) Summary() string {
	text := fmt.Sprintf("%s, %s, %s", count(c.Rows, "row"), count(int64(c.Columns), "column"), count(int64(len(c.Results)), "check"))
	switch {
	case c.Failed > 0:
		text += fmt.Sprintf(", %d failed", c.Failed)
	case len(c.Results) > 0:
		text += " passed"
	default:
		text = fmt.Sprintf("%s, %s, nothing to check", count(c.Rows, "row"), count(int64(c.Columns), "column"))
	}
	if c.Warned > 0 {
		text += ", " + count(int64(c.Warned), "warning")
	}
	return text
}

// log writes what does not hold, where, what was measured and wanted.
func (r *Result) log(b *strings.Builder) {
	fmt.Fprintf(b, "%-4s  %s: %s; wanted %s", r.Level, r.Title(), r.Measured, r.Wanted)
	if r.Line > 0 {
		fmt.Fprintf(b, " (mlops.yaml:%d)", r.Line)
	}
	b.WriteByte('\n')
	for _, o := range r.First {
		fmt.Fprintf(b, "        %s: %s\n", o.Place(), printable(o.Value))
	}
	if more := r.Failing - int64(len(r.First)); more > 0 && len(r.First) > 0 {
		fmt.Fprintf(b, "        … %s more\n", grouped(more))
	}
}

// Title names the check and its column: "income null".
func (r *Result) Title() string {
	if r.Column == "" {
		return r.Check
	}
	return r.Column + " " + r.Check
}

// Place is where an offender stands: FILE:LINE, or FILE row N.
func (o Offender) Place() string {
	if o.Line > 0 {
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	}
	return fmt.Sprintf("%s row %d", o.File, o.Row)
}

// printable quotes a value that would not show as it is.
func printable(s string) string {
	quoted := fmt.Sprintf("%q", s)
	if s == "" || len(quoted) != len(s)+2 {
		return quoted
	}
	return s
}

// metrics are the numbers of all this that gates may read, under a common name.
func (c *Checked) metrics(as string) []action.Metric {
	if as == "" {
		as = "check"
	}
	out := []action.Metric{
		{Name: as + ".rows", Value: float64(c.Rows)}, {Name: as + ".warned", Value: float64(c.Warned)}, {Name: as + ".nulls", Value: nullShare(c.now)},
	}
	if c.base != nil {
		most := 0.0
		for _, r := range c.Results {
			if r.Check == "drift" {
				most = max(most, r.Share)
			}
		}
		out = append(out, action.Metric{Name: as + ".drift", Value: most})
	}
	return out
}

// nullShare is the share of all cells of a table that are null.
func nullShare(p *profile.Profile) float64 {
	nulls, cells := int64(0), int64(0)
	for i := range p.Columns {
		nulls, cells = nulls+p.Columns[i].Nulls, cells+p.Columns[i].Rows
	}
	if cells == 0 {
		return 0
	}
	return float64(nulls) / float64(cells)
}
