package slice

import (
	"strconv"
	"strings"
)

// A Spec is one entry under "slices:": by which columns rows are sliced. Its slices
// are the combinations of its terms' values.
type Spec struct {
	Terms []Term
}

// A Term is a column and how its values are grouped: by Edges, or in so many Bins of
// about as many rows, or, with neither, not at all.
type Term struct {
	Column string
	Bins   int
	Edges  []float64
}

// String returns the entry by which [Parse] gives the same spec.
func (s Spec) String() string {
	var terms []string
	for _, t := range s.Terms {
		terms = append(terms, t.String())
	}
	return strings.Join(terms, " * ")
}

// String returns the term as it is written: "age by 18|30".
func (t Term) String() string {
	name := t.Column
	if !plain(name) {
		name = strconv.Quote(name)
	}
	switch {
	case t.Bins > 0:
		return name + " binned " + strconv.Itoa(t.Bins)
	case len(t.Edges) == 0:
		return name
	}
	var edges []string
	for _, e := range t.Edges {
		edges = append(edges, number(e))
	}
	return name + " by " + strings.Join(edges, "|")
}

// plain says whether a name can be written without quotes.
func plain(name string) bool {
	padded := " " + name + " "
	return name != "" && spaced(name) == name && strconv.Quote(name) == `"`+name+`"` &&
		!strings.ContainsAny(name, `*,[]"`) && !strings.Contains(padded, " binned ") && !strings.Contains(padded, " by ")
}

// feature groups the values of a column.
func (t Term) feature(c Column) (Feature, error) {
	switch {
	case t.Bins > 0:
		return Binned(c, t.Bins)
	case len(t.Edges) > 0:
		return Cut(c, t.Edges)
	}
	return Categorical(c, 0)
}
