package slice

import (
	"cmp"
	"fmt"
	"slices"
)

// Limits say from when on a slice is judged and how many there are. Its zero value
// has the defaults.
type Limits struct {
	Rows   int // that a slice needs; 0 is 30, 1 none
	Slices int // at most, those of the most rows; 0 is 1,000

	// Classes are the rows' classes, 0 or 1 and -1 where unknown, for metrics that need
	// rows of both. nil is for no such need.
	Classes  []int8
	PerClass int // rows of each that a slice needs; 0 is 5
}

// mostSlices is for how many slices of one spec there is room before some are left out.
const mostSlices = 100_000

// Slices are the rows of a table by one [Spec].
type Slices struct {
	Spec Spec
	List []Slice // in the order of the terms' values
	// Codes has for each row the place of its slice in List, or -1 if it is in one that
	// was left out.
	Codes []int32
	// Note says for people what was left out: "1,000 of 31,204 slices by city, those of
	// the most rows; the others have 12.0% of the rows"; "" if nothing was.
	Note string
}

// A Slice is some of the rows.
type Slice struct {
	Values map[string]string // by column: {"region": "EU", "age": "18..29"}
	Rows   int
	// Small says why the slice is not to be judged, "12 rows, needs 30"; "" if it is.
	Small string
}

// Of tells which rows each slice has. Only slices that have rows are listed. Rows
// without a value are in a slice [Null].
//
// It fails for columns that are not there, that differ in length, or that have no
// numbers where the spec bins or cuts them, and with a [TooManyError] for more than
// 100,000 slices, which is more than can be meant.
func (s Spec) Of(columns []Column, l Limits) (*Slices, error) {
	g := grouping{spec: s}
	for _, t := range s.Terms {
		at := slices.IndexFunc(columns, func(c Column) bool { return c.Name == t.Column })
		if at < 0 {
			return nil, fmt.Errorf("slice %q: no column %q; %s", s, t.Column, suggestion(t.Column, names(columns)))
		}
		f, err := t.feature(columns[at])
		if err == nil {
			err = g.add(f)
		}
		if err != nil {
			return nil, fmt.Errorf("slice %q: %w", s, err)
		}
	}
	if len(s.Terms) == 0 {
		return nil, fmt.Errorf("slice %q: no columns", s)
	}
	if l.Classes != nil && len(l.Classes) != len(g.codes) {
		return nil, fmt.Errorf("slice %q: %d classes for %d rows", s, len(l.Classes), len(g.codes))
	}
	return g.slices(l), nil
}

func names(columns []Column) []string {
	var all []string
	for _, c := range columns {
		all = append(all, c.Name)
	}
	return all
}

// A grouping combines features, one after the other, and knows only the combinations
// that occur.
type grouping struct {
	spec     Spec
	features []Feature
	codes    []int32    // for each row the place of its combination
	tuples   [][]uint16 // the combinations, in order
}

func (g *grouping) add(f Feature) error {
	if g.features == nil {
		g.codes, g.tuples = make([]int32, len(f.Codes)), make([][]uint16, 1)
	}
	if len(f.Codes) != len(g.codes) {
		return fmt.Errorf("column %s has %d rows, %s has %d", f.Name, len(f.Codes), g.features[0].Name, len(g.codes))
	}
	g.features = append(g.features, f)
	seen := map[uint64]int32{}
	var keys []uint64
	last, lastPlace := ^uint64(0), int32(0)
	for row, code := range g.codes {
		key := uint64(code)<<16 | uint64(f.Codes[row])
		if key != last {
			place, ok := seen[key]
			if !ok {
				if len(keys) == mostSlices {
					return &TooManyError{g.spec.String(), mostSlices}
				}
				place = int32(len(keys))
				seen[key] = place
				keys = append(keys, key)
			}
			last, lastPlace = key, place
		}
		g.codes[row] = lastPlace
	}
	g.inOrder(keys, seen)
	return nil
}

// inOrder renumbers the combinations by their keys.
func (g *grouping) inOrder(keys []uint64, places map[uint64]int32) {
	slices.Sort(keys)
	to, tuples := make([]int32, len(keys)), make([][]uint16, len(keys))
	for i, key := range keys {
		to[places[key]] = int32(i)
		tuples[i] = append(slices.Clone(g.tuples[key>>16]), uint16(key))
	}
	for row, code := range g.codes {
		g.codes[row] = to[code]
	}
	g.tuples = tuples
}

// slices lists the combinations, those of the most rows if they are too many.
func (g *grouping) slices(l Limits) *Slices {
	counts := make([][3]int, len(g.tuples)) // all, of class 0, of class 1
	for row, code := range g.codes {
		counts[code][0]++
		if l.Classes != nil && l.Classes[row] >= 0 {
			counts[code][1+min(l.Classes[row], 1)]++
		}
	}
	out := &Slices{Spec: g.spec, Codes: g.codes}
	kept := g.keep(counts, cmp.Or(max(l.Slices, 0), 1000), out)
	to := make([]int32, len(counts))
	for i := range to {
		to[i] = -1
	}
	for _, i := range kept {
		to[i] = int32(len(out.List))
		s := Slice{Values: map[string]string{}, Rows: counts[i][0], Small: l.small(counts[i])}
		for k, f := range g.features {
			s.Values[f.Name] = f.Values[g.tuples[i][k]]
		}
		out.List = append(out.List, s)
	}
	for row, code := range out.Codes {
		out.Codes[row] = to[code]
	}
	return out
}

// keep returns the combinations with the most rows, in order, and notes what it leaves.
func (g *grouping) keep(counts [][3]int, most int, out *Slices) []int {
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	if len(order) <= most {
		return order
	}
	slices.SortStableFunc(order, func(a, b int) int { return counts[b][0] - counts[a][0] })
	left := 0
	for _, i := range order[most:] {
		left += counts[i][0]
	}
	out.Note = fmt.Sprintf("%s of %s slices by %s, those of the most rows; the others have %.1f%% of the rows",
		thousands(most), thousands(len(order)), g.spec, 100*float64(left)/float64(len(g.codes)))
	order = order[:most]
	slices.Sort(order)
	return order
}

// small says why a slice of so many rows, of them so many of each class, is not judged.
func (l Limits) small(counts [3]int) string {
	if need := cmp.Or(l.Rows, 30); counts[0] < need {
		return fmt.Sprintf("%d rows, needs %d", counts[0], need)
	}
	need := cmp.Or(l.PerClass, 5)
	for class := range 2 {
		if have := counts[1+class]; l.Classes != nil && have < need {
			return fmt.Sprintf("%d rows of class %d, needs %d", have, class, need)
		}
	}
	return ""
}

// Split returns the rows of each slice of the list, ascending.
func (s *Slices) Split() [][]int32 {
	out := make([][]int32, len(s.List))
	all := make([]int32, len(s.Codes))
	for i, one := range s.List {
		out[i], all = all[:0:one.Rows], all[one.Rows:]
	}
	for row, code := range s.Codes {
		if code >= 0 {
			out[code] = append(out[code], int32(row))
		}
	}
	return out
}
