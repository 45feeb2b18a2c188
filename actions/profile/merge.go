package profile

import (
	"fmt"
	"slices"

	"github.com/mlops-runner/mlops/actions/table"
)

// Merge returns the profile of the rows of a followed by those of b. Columns of
// only one of them have nulls for the other's rows. Counts, bounds, moments but
// for rounding, exact values and sketches are those that one pass over all rows
// would find; histograms and the commonest of many values keep their promises.
// It fails if the versions or the kinds of a column cannot be brought together.
func Merge(a, b *Profile) (*Profile, error) {
	if a.Version != b.Version {
		return nil, fmt.Errorf("profiles of versions %d and %d cannot be merged", a.Version, b.Version)
	}
	m := &Profile{Version: a.Version, Rows: a.Rows + b.Rows, Files: mergeFiles(a.Files, b.Files)}
	for _, c := range a.Columns {
		d, ok := find(b.Columns, c.Name)
		if !ok {
			d = absent(c, b.Rows)
		}
		merged, err := mergeColumns(c, d)
		if err != nil {
			return nil, err
		}
		m.Columns = append(m.Columns, merged)
	}
	for _, d := range b.Columns {
		if _, ok := find(a.Columns, d.Name); !ok {
			merged, err := mergeColumns(absent(d, a.Rows), d)
			if err != nil {
				return nil, err
			}
			m.Columns = append(m.Columns, merged)
		}
	}
	return m, nil
}

func find(cs []Column, name string) (Column, bool) {
	i := slices.IndexFunc(cs, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return Column{}, false
	}
	return cs[i], true
}

// absent returns a column like c that is null throughout.
func absent(c Column, rows int64) Column {
	return Column{Name: c.Name, Kind: c.Kind, Rows: rows, Nulls: rows, Exact: true}
}

// mergeFiles joins the parts of one file that meet.
func mergeFiles(a, b []File) []File {
	fs := slices.Clone(a)
	for i, f := range b {
		if n := len(fs); i == 0 && n > 0 && fs[n-1].Path == f.Path && fs[n-1].Digest == f.Digest {
			fs[n-1].Rows += f.Rows
			continue
		}
		fs = append(fs, f)
	}
	return fs
}

func mergeColumns(a, b Column) (Column, error) {
	kind, ok := common(a.Kind, b.Kind)
	if !ok {
		return Column{}, fmt.Errorf("column %q: %s and %s cannot be merged", a.Name, a.Kind, b.Kind)
	}
	m := Column{
		Name: a.Name, Kind: kind,
		Rows: a.Rows + b.Rows, Nulls: a.Nulls + b.Nulls, NaNs: a.NaNs + b.NaNs, Infinite: a.Infinite + b.Infinite,
		Numbers: mergeNumbers(a.Numbers, b.Numbers, kind != table.Float), Lengths: mergeNumbers(a.Lengths, b.Lengths, true),
		Numeric: a.Numeric + b.Numeric, Garbled: a.Garbled + b.Garbled,
	}
	m.Increases = increases(a, b)
	return m, mergeValues(&m, a, b)
}

// common returns the kind that holds the values of both.
func common(a, b table.Kind) (table.Kind, bool) {
	switch {
	case a == b || b == table.Unknown:
		return a, true
	case a == table.Unknown:
		return b, true
	case a == table.Int && b == table.Float || a == table.Float && b == table.Int:
		return table.Float, true
	}
	return 0, false
}

func increases(a, b Column) bool {
	switch {
	case a.Numbers == nil:
		return b.Increases
	case b.Numbers == nil:
		return a.Increases
	}
	return a.Increases && b.Increases && a.Numbers.Max <= b.Numbers.Min
}

func mergeNumbers(a, b *Numbers, whole bool) *Numbers {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	m, n := a.moments(), b.moments()
	m.merge(n)
	return m.numbers(tidy(overlay(a.Histogram.Cells(), b.Histogram.Cells(), narrowShare), whole))
}

func (n *Numbers) moments() moments {
	return moments{count: n.Count, min: n.Min, max: n.Max, mean: n.Mean, sum: n.M2}
}

// mergeValues fills in the values of m, which are those of a and b.
func mergeValues(m *Column, a, b Column) error {
	all := addValues(a, b)
	m.Exact = a.Exact && b.Exact && len(all) <= maxExact
	if m.Exact {
		m.Values = all
		return nil
	}
	m.Sketch = make(Sketch, registers)
	for _, c := range []Column{a, b} {
		if err := c.sketchInto(m.Sketch); err != nil {
			return fmt.Errorf("column %q: %w", m.Name, err)
		}
	}
	m.Values, m.Most = cut(slices.DeleteFunc(all, func(v Value) bool {
		unclear := 2*(v.Count-v.Over) < v.Count
		if unclear {
			m.Most = max(m.Most, v.Count)
		}
		return unclear
	}), topValues, max(m.Most, a.Most+b.Most))
	m.Other = otherThan(m.Values, a.values()+b.values())
	return nil
}

// addValues returns the values of both, the commonest first. One that only one
// of them lists may be as common in the other as its Most says.
func addValues(a, b Column) []Value {
	at := make(map[string]int, len(a.Values)+len(b.Values))
	all := make([]Value, 0, len(a.Values)+len(b.Values))
	for _, v := range a.Values {
		at[v.Text] = len(all)
		all = append(all, Value{v.Text, v.Count + b.Most, v.Over + b.Most})
	}
	for _, v := range b.Values {
		if i, ok := at[v.Text]; ok {
			all[i].Count += v.Count - b.Most
			all[i].Over += v.Over - b.Most
			continue
		}
		all = append(all, Value{v.Text, v.Count + a.Most, v.Over + a.Most})
	}
	sortValues(all)
	return all
}

// values returns how many values were counted: all but nulls, NaN and infinities.
func (c *Column) values() int64 { return c.Rows - c.Nulls - c.NaNs - c.Infinite }

// sketchInto adds the values of c to s.
func (c *Column) sketchInto(s Sketch) error {
	if !c.Exact {
		s.merge(c.Sketch)
		return nil
	}
	for _, v := range c.Values {
		h, err := hashValue(c.Kind, v.Text)
		if err != nil {
			return fmt.Errorf("value %q: %w", v.Text, err)
		}
		s.add(h)
	}
	return nil
}
