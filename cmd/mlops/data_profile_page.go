package main

import (
	"fmt"
	"html/template"
	"io"

	"github.com/mlops-runner/mlops/actions/datacheck"
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

// profilePage is one page without scripts or addresses; the template escapes all values.
const profilePage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{.Name}}</title>
<style>
body{font:15px/1.4 system-ui,sans-serif;margin:2rem;color:#222;background:#fff}
table{border-collapse:collapse}td,th{padding:.25rem .7rem;text-align:left;border-bottom:1px solid #ddd;vertical-align:middle}
td.n{text-align:right;font-variant-numeric:tabular-nums}rect{fill:#4477aa}small{color:#666}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#16181c}td,th{border-color:#333}rect{fill:#7fb0dd}small{color:#999}}
</style></head><body>
<h1>{{.Name}}</h1><p>{{.Rows}} rows, {{len .Columns}} columns</p>
<table><thead><tr><th>column<th>kind<th>nulls<th>distinct<th>min<th>median<th>max<th>shape<th>most common</tr></thead><tbody>
{{range .Columns}}<tr><td>{{.Name}}<td><small>{{.Kind}}</small><td class="n">{{.Nulls}}<td class="n">{{.Distinct}}<td class="n">{{.Min}}<td class="n">{{.Median}}<td class="n">{{.Max}}
<td>{{if .Bars}}<svg width="120" height="30" role="img" aria-label="histogram">{{range .Bars}}<rect x="{{.X}}" y="{{.Y}}" width="{{.W}}" height="{{.H}}"/>{{end}}</svg>{{end}}<td><small>{{.Common}}</small></tr>
{{end}}</tbody></table></body></html>
`

// A profileRow is a column as the page shows it.
type profileRow struct {
	Name, Kind, Nulls, Distinct, Min, Median, Max, Common string
	Bars                                                  []bar
}

// A bar is a rectangle of a histogram, in pixels.
type bar struct{ X, Y, W, H string }

func writeProfilePage(out io.Writer, name string, p *profile.Profile) error {
	rows := make([]profileRow, len(p.Columns))
	for i := range p.Columns {
		c := &p.Columns[i]
		r := profileRow{
			Name: c.Name, Kind: c.Kind.String(), Nulls: nullText(c), Distinct: distinctText(c), Common: commonText(c), Bars: histogramBars(datacheck.Shape(c)),
		}
		if n := c.Numbers; n != nil && n.Count > 0 && c.Kind != table.Bool {
			r.Min, r.Median, r.Max = datacheck.NumberText(c.Kind, n.Min), datacheck.NumberText(c.Kind, n.Quantile(0.5)), datacheck.NumberText(c.Kind, n.Max)
		}
		rows[i] = r
	}
	t, err := template.New("profile").Parse(profilePage)
	if err != nil {
		return err
	}
	return t.Execute(out, map[string]any{"Name": name, "Rows": p.Rows, "Columns": rows})
}

// histogramBars are 120 pixels wide together and at most 30 high.
func histogramBars(shares []float64) (bars []bar) {
	top := 0.0
	for _, s := range shares {
		top = max(top, s)
	}
	if top == 0 {
		return nil
	}
	width := 120 / float64(len(shares))
	for i, s := range shares {
		height := 30 * s / top
		bars = append(bars, bar{fmt.Sprintf("%.1f", float64(i)*width), fmt.Sprintf("%.1f", 30-height), fmt.Sprintf("%.1f", width-1), fmt.Sprintf("%.1f", height)})
	}
	return bars
}
