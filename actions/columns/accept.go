package columns

import (
	"fmt"
	"math"
	"slices"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/spec"
)

// A Change is a line that must change for a profile to be accepted.
type Change struct {
	Name    string   `json:"name"`
	Old     string   `json:"old,omitempty"` // "" of a new column
	New     string   `json:"new,omitempty"` // "" of a column that is gone
	Reasons []string `json:"reasons"`
}

// Accept returns the changes by which lines accept a profile, in their order, new
// columns where they stand in the profile. What is broken gives way as [Lines] would
// write it, and what is not stays: a bound moves, a list grows, a share widens, a
// pattern or unique goes. It fails if a line cannot be read.
func Accept(lines []Line, p *profile.Profile, o Options) ([]Change, error) {
	var changes []Change
	known := map[string]bool{}
	at := make(map[string]int, len(p.Columns))
	for i := len(p.Columns) - 1; i >= 0; i-- {
		at[p.Columns[i].Name] = i
	}
	for _, l := range lines {
		known[l.Name] = true
		line, err := spec.ParseColumn(l.Text, o.Words)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", l.Name, err)
		}
		i, ok := at[l.Name]
		if !ok {
			changes = append(changes, Change{Name: l.Name, Old: l.Text, Reasons: []string{"the column is gone"}})
			continue
		}
		if bs := Judge(line, &p.Columns[i]); len(bs) > 0 {
			ch := Change{Name: l.Name, Old: l.Text, New: amend(line, &p.Columns[i], bs)}
			for _, b := range bs {
				ch.Reasons = append(ch.Reasons, b.Part+": "+b.Reason)
			}
			changes = append(changes, ch)
		}
	}
	return append(changes, added(known, p, o)...), nil
}

// added returns the lines of new columns, in their order.
func added(known map[string]bool, p *profile.Profile, o Options) (changes []Change) {
	for i := range p.Columns {
		if c := &p.Columns[i]; !known[c.Name] {
			changes = append(changes, Change{Name: c.Name, New: write(c, slices.Contains(o.Keys, c.Name)), Reasons: []string{"the column is new"}})
		}
	}
	return changes
}

// amend returns the line without its breaches.
func amend(line spec.Column, c *profile.Column, bs []Breach) string {
	broken := func(part string) bool {
		return slices.ContainsFunc(bs, func(b Breach) bool { return b.Part == part })
	}
	seen, _ := spec.ParseColumn(write(c, false), nil) // what is written can be read
	if broken("type") {
		seen.Level = line.Level
		return render(seen)
	}
	if broken("range") {
		line.Range = extend(*line.Range, seen.Range, line.Type, c)
	}
	if broken("values") {
		line.Values = longer(line.Values, c)
	}
	if broken("pattern") {
		line.Pattern = ""
	}
	if line.Type == "" && line.Values == nil && line.Range == nil && (broken("range") || broken("values") || broken("pattern")) {
		line.Type = typeOf(c.Kind)
	}
	var rules []spec.ColumnRule
	for _, r := range line.Rules {
		if broken(r.Word) {
			if r.Range == nil {
				continue
			}
			r.Range = give(r, c)
		}
		rules = append(rules, r)
	}
	if isNull := (func(r spec.ColumnRule) bool { return r.Word == "null" }); broken("null") && !slices.ContainsFunc(rules, isNull) {
		rules = append(rules, seen.Rules[slices.IndexFunc(seen.Rules, isNull)]) // there are nulls, so it has one
	}
	line.Rules = rules
	return render(line)
}

// extend moves the broken bounds of a range to where they would be written, nil
// if none is left.
func extend(r spec.Range, seen *spec.Range, typ string, c *profile.Column) *spec.Range {
	if c.NaNs > 0 || c.Infinite > 0 {
		return nil
	}
	scale := scaleOf(typ, c)
	if c.Numbers.Min*scale < r.Min {
		if r.Min = negInf; seen != nil {
			r.Min = seen.Min * scale
		}
	}
	if c.Numbers.Max*scale > r.Max {
		if r.Max = posInf; seen != nil {
			r.Max = seen.Max * scale
		}
	}
	if math.IsInf(r.Min, -1) && math.IsInf(r.Max, 1) {
		return nil
	}
	return &r
}

// mostAccepted is up to how many values a list grows.
const mostAccepted = 3 * mostListed

// longer returns a list with the values that it lacks behind its own, nil if it
// would be too long or could not be read.
func longer(list []string, c *profile.Column) []string {
	if !c.Exact {
		return nil
	}
	all := slices.Clone(list)
	var news []string
	for _, v := range c.Values {
		if !slices.Contains(list, v.Text) {
			news = append(news, v.Text)
		}
	}
	slices.Sort(news)
	if all = append(all, news...); len(all) > mostAccepted || !writable(all) {
		return nil
	}
	return all
}

// give widens the range of a rule to what a profile has.
func give(r spec.ColumnRule, c *profile.Column) *spec.Range {
	low, high, _ := figure(r, c)
	wide := *r.Range
	if share := asShare(wide) && slices.Contains([]string{"null", "true", "false", "distinct"}, r.Word); share {
		if low < wide.Min {
			wide.Min = stepDown(low / 2)
		}
		if high > wide.Max {
			wide.Max = stepUp(min(1, 2*high))
		}
		wide.Percent = true
		return &wide
	}
	whole := slices.Contains([]string{"null", "true", "false", "distinct", "length"}, r.Word)
	if low < wide.Min {
		wide.Min = spread(low, min(wide.Min, max(high, low+1)), whole).Min
	}
	if high > wide.Max {
		wide.Max = spread(max(wide.Max, min(low, high-1)), high, whole).Max
	}
	return &wide
}
