package slice

import (
	"cmp"
	"math"
	"slices"
)

// Categorical returns a feature of a column of categories, or of numbers of which
// each is one: the top most frequent of them in the order of their names, or of
// their size, [Other] for the rest, and [Null] where rows have none. A top of 0 is
// for all. It fails with a [TooManyError] if these are more than [MostValues].
func Categorical(c Column, top int) (Feature, error) {
	byName := c.Codes != nil
	if !byName {
		var err error
		if c, err = categories(c); err != nil {
			return Feature{}, err
		}
	}
	counts := make([]int, len(c.Names))
	for _, code := range c.Codes {
		if code >= 0 {
			counts[code]++
		}
	}
	kept, rest := commonest(counts, c.Names, top)
	if len(kept)+2 > MostValues {
		return Feature{}, &TooManyError{c.Name, MostValues - 2}
	}
	if byName {
		slices.SortFunc(kept, func(a, b int) int { return cmp.Compare(c.Names[a], c.Names[b]) })
	} else {
		slices.Sort(kept) // their names are in the order of the numbers
	}
	return c.only(kept, rest), nil
}

// commonest returns the top most frequent of the categories that occur, and whether
// there are others. That top would leave out a single one is no reason to.
func commonest(counts []int, names []string, top int) (kept []int, rest bool) {
	for i, n := range counts {
		if n > 0 {
			kept = append(kept, i)
		}
	}
	if top <= 0 || len(kept) <= top+1 {
		return kept, false
	}
	slices.SortFunc(kept, func(a, b int) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(names[a], names[b]))
	})
	return kept[:top], true
}

// only returns the feature of the kept categories, with the others in one if there
// are any.
func (c Column) only(kept []int, rest bool) Feature {
	f := Feature{Name: c.Name, Codes: make([]uint16, len(c.Codes))}
	to := make([]uint16, len(c.Names))
	for i := range to {
		to[i] = uint16(len(kept)) // other
	}
	for i, k := range kept {
		to[k] = uint16(i)
		f.Values = append(f.Values, shown(c.Names[k]))
	}
	if rest {
		f.Values = append(f.Values, Other)
	}
	null, some := uint16(len(f.Values)), false
	for row, code := range c.Codes {
		if code < 0 {
			f.Codes[row], some = null, true
			continue
		}
		f.Codes[row] = to[code]
	}
	if some {
		f.Values = append(f.Values, Null)
	}
	return f
}

// mostNumbers is of how many different numbers each is a category at most.
const mostNumbers = 100_000

// categories makes a category of each number, in the order of their size.
func categories(c Column) (Column, error) {
	places := map[float64]int32{}
	var distinct []float64
	out := Column{Name: c.Name, Codes: make([]int32, len(c.Numbers))}
	for row, v := range c.Numbers {
		if math.IsNaN(v) {
			out.Codes[row] = -1
			continue
		}
		place, ok := places[v]
		if !ok {
			if len(distinct) == mostNumbers {
				return Column{}, &TooManyError{c.Name, mostNumbers}
			}
			place = int32(len(distinct))
			places[v] = place
			distinct = append(distinct, v)
		}
		out.Codes[row] = place
	}
	slices.Sort(distinct)
	order := make([]int32, len(distinct))
	for i, v := range distinct {
		order[places[v]] = int32(i)
		out.Names = append(out.Names, number(v))
	}
	for row, code := range out.Codes {
		if code >= 0 {
			out.Codes[row] = order[code]
		}
	}
	return out, nil
}
