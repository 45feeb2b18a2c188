package columns

import (
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/spec"
)

// A Line is the line of one column.
type Line struct {
	Name string
	Text string // as [spec.ParseColumn] reads it
}

// Options say what a profile cannot tell. The zero value knows nothing more.
type Options struct {
	Keys  []string // columns whose values are known to differ all
	Words []string // further words that lines may have, as for [spec.ParseColumn]
}

// Lines returns a line for each column of a profile, in its order. Each accepts
// the profile, by [Judge]. Numbers get bounds that lie as far beyond the extremes as
// those lie apart, rounded outwards, and none towards a long tail; dates a first
// year; nulls and shares of true a range around theirs; texts their values if those
// are few and none of them is rare.
func Lines(p *profile.Profile, o Options) []Line {
	var lines []Line
	for i := range p.Columns {
		c := &p.Columns[i]
		lines = append(lines, Line{Name: c.Name, Text: write(c, slices.Contains(o.Keys, c.Name))})
	}
	return lines
}

// Candidates returns the columns that may be keys, to be looked at row by row: of
// numbers or texts without nulls that differ as far as an estimate shows.
func Candidates(p *profile.Profile) []string {
	var names []string
	for i := range p.Columns {
		if c := &p.Columns[i]; likeKey(c) {
			names = append(names, c.Name)
		}
	}
	return names
}

// estimate is which share of all values an estimate of the distinct ones may be
// and they differ all the same.
const estimate = 0.95

func likeKey(c *profile.Column) bool {
	if c.Rows < 2 || c.Nulls > 0 || c.Kind != table.Int && c.Kind != table.Text {
		return false
	}
	if c.Exact {
		return c.Distinct() == c.Rows
	}
	return !repeats(c) && float64(c.Distinct()) >= estimate*float64(c.Rows)
}

// repeats reports whether a value surely occurs twice.
func repeats(c *profile.Column) bool {
	return slices.ContainsFunc(c.Values, func(v profile.Value) bool { return v.Count-v.Over > 1 }) ||
		c.Exact && c.Distinct() < values(c)
}

// values returns how many rows have a value that is finite.
func values(c *profile.Column) int64 { return c.Rows - nulls(c) - c.Infinite }

// nulls returns how many rows have no value; what is not a number is none.
func nulls(c *profile.Column) int64 { return c.Nulls + c.NaNs }

// missing returns the share of rows that are null.
func missing(c *profile.Column) float64 {
	if c.Rows == 0 {
		return 0
	}
	return float64(nulls(c)) / float64(c.Rows)
}

// write returns the line of a column.
func write(c *profile.Column, key bool) string {
	s := spec.Column{Type: typeOf(c.Kind)}
	switch {
	case values(c) == 0 || c.Infinite > 0 || c.NaNs > 0:
	case c.Kind == table.Int || c.Kind == table.Float:
		s.Range = bounds(c)
	case c.Kind == table.Date || c.Kind == table.Time:
		s.Range = firstYear(c)
	case c.Kind == table.Bool:
		if r := around(float64(countOf(c, "true")) / float64(values(c))); r != nil {
			s.Rules = append(s.Rules, spec.ColumnRule{Word: "true", Range: r})
		}
	case c.Kind == table.Text:
		s.Values = categories(c)
		if n := fixedLength(c); n != nil && s.Values == nil {
			s.Rules = append(s.Rules, spec.ColumnRule{Word: "length", Range: n})
		}
	}
	if share := missing(c); share > 0 || c.Kind == table.Unknown {
		r := upTo(share)
		if c.Kind == table.Unknown {
			r = &spec.Range{Min: negInf, Max: 1, Percent: true}
		}
		s.Rules = append(s.Rules, spec.ColumnRule{Word: "null", Range: r})
	}
	if key || surelyKey(c) {
		s.Rules = append(s.Rules, spec.ColumnRule{Word: "unique"})
	}
	return render(s)
}

// enoughForKey is from how many rows on values that all differ are no chance.
const enoughForKey = 50

// surelyKey reports whether all values are known to differ and do so by their
// nature: numbers that rise or leave few out, and texts without spaces.
func surelyKey(c *profile.Column) bool {
	if !c.Exact || !likeKey(c) || c.Rows < enoughForKey {
		return false
	}
	if c.Kind == table.Int {
		return c.Increases || c.Numbers.Max-c.Numbers.Min < 2*float64(c.Rows)
	}
	return !slices.ContainsFunc(c.Values, func(v profile.Value) bool { return strings.Contains(v.Text, " ") })
}

// typeOf returns the word of a kind, "" of none.
func typeOf(k table.Kind) string {
	if k == table.Unknown {
		return ""
	}
	return k.String()
}

// countOf returns how many rows have a value.
func countOf(c *profile.Column, text string) int64 {
	for _, v := range c.Values {
		if v.Text == text {
			return v.Count
		}
	}
	return 0
}

// Values are listed if they are no more than this, and each occurs often enough
// for another one to be news.
const (
	mostListed  = 20
	rowsPerEach = 20
	leastOften  = 3
)

// categories returns the values of a column of texts, by name, nil if a list of
// them would not last or cannot be written.
func categories(c *profile.Column) []string {
	k := int64(len(c.Values))
	if !c.Exact || k < 2 || k > mostListed || values(c) < k*rowsPerEach || c.Values[k-1].Count < leastOften {
		return nil
	}
	var names []string
	for _, v := range c.Values {
		names = append(names, v.Text)
	}
	slices.Sort(names)
	if !writable(names) {
		return nil
	}
	return names
}

// writable reports whether a list of values can be read back from a line.
func writable(names []string) bool {
	got, err := spec.ParseColumn(render(spec.Column{Type: "string", Values: names, Rules: []spec.ColumnRule{{Word: "unique"}}}), nil)
	return err == nil && slices.Equal(got.Values, names) && len(got.Rules) == 1 &&
		!slices.ContainsFunc(names, func(s string) bool { return strings.ContainsAny(s, "\n\r") })
}

// fixedLength returns the length of texts that all have the same, as codes do.
func fixedLength(c *profile.Column) *spec.Range {
	const enough = 20
	if c.Lengths == nil || c.Lengths.Min != c.Lengths.Max || c.Distinct() < enough {
		return nil
	}
	return &spec.Range{Min: c.Lengths.Min, Max: c.Lengths.Max}
}
