package datacheck

import (
	"strconv"
	"time"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/runner/report"
)

// mostPlots is how many columns are drawn: the worst ones.
const mostPlots = 12

// plot draws what a column was and is as bars of shares of the rows; rows without
// a value are a bar of their own. ok is false if there is nothing to draw.
func plot(base, now *profile.Column, title string) (p report.Plot, ok bool) {
	s := shapes(base, now)
	p = report.Plot{Title: title, Kind: report.Bars, X: now.Name, Y: "share of rows", Labels: s.labels, Series: []report.Series{
		{Name: "baseline", Role: report.RoleBaseline, Values: ofRows(s.base, base)},
		{Name: "now", Values: ofRows(s.now, now)},
	}}
	if base.Nulls+base.NaNs+now.Nulls+now.NaNs > 0 {
		p.Labels = append(p.Labels, "null")
		for i, c := range []*profile.Column{base, now} {
			p.Series[i].Values = append(p.Series[i].Values, report.Number(1-filled(c)))
		}
	}
	return p, base.Rows > 0 && now.Rows > 0
}

// filled is the share of the rows that have a value.
func filled(c *profile.Column) float64 {
	if c.Rows == 0 {
		return 0
	}
	return float64(c.Rows-c.Nulls-c.NaNs) / float64(c.Rows)
}

// ofRows makes shares of all rows of shares of the values.
func ofRows(shares []float64, c *profile.Column) []report.Number {
	out := make([]report.Number, len(shares))
	for i, s := range shares {
		out[i] = report.Number(s * filled(c))
	}
	return out
}

// numberText writes a number as values of a kind are written, in four digits.
func numberText(k table.Kind, x float64) string {
	switch k {
	case table.Date:
		return time.Unix(int64(x)*86400, 0).UTC().Format(time.DateOnly)
	case table.Time:
		return time.UnixMicro(int64(x)).UTC().Format("2006-01-02 15:04")
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}

// columnOf finds a column of a profile; nil if there is none.
func columnOf(p *profile.Profile, name string) *profile.Column {
	for i := range p.Columns {
		if p.Columns[i].Name == name {
			return &p.Columns[i]
		}
	}
	return nil
}
