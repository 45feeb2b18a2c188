package slice

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
)

// MostBins is how many bins, or edges, a column of numbers is put into at most.
const MostBins = 100

// Binned returns a feature of a column of numbers in at most n bins of about as many
// rows each, n from 2 to [MostBins], and [Null]. Edges are round numbers where a tenth
// of a bin's rows allows it; equal numbers are in one bin. Labels are those of [Cut],
// except that a bin of one number is labelled by it. Of more than 100,000 rows as many,
// evenly spread, say where the edges are.
func Binned(c Column, n int) (Feature, error) {
	if n < 2 || n > MostBins {
		return Feature{}, fmt.Errorf("column %s: %d bins; write 2 to %d", c.Name, n, MostBins)
	}
	if c.Codes != nil {
		return Feature{}, notNumbers(c)
	}
	b := newBins(c, quantiles(sample(c.Numbers), n))
	for i, s := range b.spans {
		if s.low == s.high {
			b.labels[i] = number(s.low)
		}
	}
	return b.feature(c.Name, true), nil
}

// Cut returns a feature of a column of numbers by ascending edges, at most
// [MostBins]: for 18 and 65 of whole numbers "..17", "18..64" and "65..", of others
// "..18", "18..65" and "65..", where a number that is an edge is in the bin above it;
// and [Null]. All bins are values of the feature, also those without rows.
func Cut(c Column, edges []float64) (Feature, error) {
	if c.Codes != nil {
		return Feature{}, notNumbers(c)
	}
	if fault := edgesFault(edges); fault != "" {
		return Feature{}, fmt.Errorf("column %s: %s", c.Name, fault)
	}
	return newBins(c, edges).feature(c.Name, false), nil
}

// edgesFault tells what is wrong with edges, "" if nothing is.
func edgesFault(edges []float64) string {
	if len(edges) == 0 || len(edges) > MostBins {
		return fmt.Sprintf("%d edges; write 1 to %d", len(edges), MostBins)
	}
	for i, e := range edges {
		switch {
		case math.IsNaN(e) || math.IsInf(e, 0):
			return fmt.Sprintf("edge %v is no number", e)
		case i > 0 && e <= edges[i-1]:
			return fmt.Sprintf("edge %s is not above %s; write them in ascending order", number(e), number(edges[i-1]))
		}
	}
	return ""
}

func notNumbers(c Column) error {
	return fmt.Errorf("column %s has categories, no numbers that bins could hold; write %q alone", c.Name, c.Name)
}

// Auto returns what [Discover] is best given of a column: the 15 commonest of its
// categories, or 12 bins of its numbers.
func Auto(c Column) (Feature, error) {
	if c.Codes != nil {
		return Categorical(c, 15)
	}
	return Binned(c, 12)
}

// bins are the codes that edges give the rows of a column.
type bins struct {
	codes  []uint16
	spans  []span // of the numbers in each; the last is of the rows without one
	labels []string
}

// A span is that of some numbers.
type span struct {
	rows      int
	low, high float64
}

func newBins(c Column, edges []float64) *bins {
	b := &bins{codes: make([]uint16, len(c.Numbers)), spans: make([]span, len(edges)+2)}
	for i := range b.spans {
		b.spans[i].low, b.spans[i].high = math.Inf(1), math.Inf(-1)
	}
	whole := true
	for row, v := range c.Numbers {
		code := len(edges) + 1
		if !math.IsNaN(v) {
			code = sort.Search(len(edges), func(i int) bool { return edges[i] > v })
			whole = whole && v == math.Trunc(v) && math.Abs(v) < 1<<53
		}
		s := &b.spans[code]
		s.rows++
		s.low, s.high = min(s.low, v), max(s.high, v)
		b.codes[row] = uint16(code)
	}
	b.labels = append(binLabels(edges, whole), Null)
	return b
}

func binLabels(edges []float64, whole bool) []string {
	labels := []string{}
	for i := range len(edges) + 1 {
		low, high := math.Inf(-1), math.Inf(1)
		if i > 0 {
			low = edges[i-1]
		}
		if i < len(edges) {
			high = edges[i]
		}
		labels = append(labels, binLabel(low, high, whole))
	}
	return labels
}

// binLabel is the label of the bin from low to below high.
func binLabel(low, high float64, whole bool) string {
	if l, h := math.Ceil(low), math.Ceil(high)-1; whole && l <= h {
		low, high = l, h
	}
	from, to := "", ""
	if !math.IsInf(low, -1) {
		from = number(low)
	}
	if !math.IsInf(high, 1) {
		to = number(high)
	}
	switch {
	case from == "" && to == "":
		return "any"
	case from == to:
		return from
	}
	return from + ".." + to
}

// feature leaves out the bins that have no rows, if asked to, and Null if it has none.
func (b *bins) feature(name string, occupied bool) Feature {
	f := Feature{Name: name, Codes: b.codes}
	to := make([]uint16, len(b.spans))
	for i, s := range b.spans {
		to[i] = uint16(len(f.Values))
		if null := i == len(b.spans)-1; s.rows > 0 || !occupied && !null {
			f.Values = append(f.Values, b.labels[i])
		}
	}
	for row, code := range f.Codes {
		f.Codes[row] = to[code]
	}
	return f
}

// sample returns numbers in ascending order, of many some that are evenly spread.
func sample(numbers []float64) []float64 {
	const most = 100_000
	var s []float64
	for i := range min(len(numbers), most) {
		row := i
		if len(numbers) > most {
			row = int(int64(i) * int64(len(numbers)) / most)
		}
		if v := numbers[row]; !math.IsNaN(v) {
			s = append(s, v)
		}
	}
	slices.Sort(s)
	return s
}

// quantiles returns the edges of at most n bins of sorted numbers: ascending, each
// above the least number.
func quantiles(s []float64, n int) []float64 {
	if distinct := distinctUpTo(s, n); distinct != nil {
		return distinct[min(1, len(distinct)):]
	}
	var edges []float64
	for k := 1; k < n; k++ {
		e := edgeNear(s, k*len(s)/n, len(s)/(10*n))
		if e > s[0] && (len(edges) == 0 || e > edges[len(edges)-1]) {
			edges = append(edges, e)
		}
	}
	return edges
}

// distinctUpTo returns the different ones of sorted numbers, nil if they are more than n.
func distinctUpTo(s []float64, n int) []float64 {
	distinct := []float64{}
	for _, v := range s {
		if len(distinct) > 0 && v == distinct[len(distinct)-1] {
			continue
		}
		if len(distinct) == n {
			return nil
		}
		distinct = append(distinct, v)
	}
	return distinct
}

// edgeNear returns the roundest number below which there are rank of the sorted
// numbers, give or take slack. Where equal numbers forbid that it is the boundary of
// these that is nearer.
func edgeNear(s []float64, rank, slack int) float64 {
	q := s[rank]
	for digits := 1; digits <= 17; digits++ {
		e := round(q, digits)
		if r := sort.SearchFloat64s(s, e); r-rank <= slack && rank-r <= slack {
			return e
		}
	}
	low := sort.SearchFloat64s(s, q)
	high := sort.Search(len(s), func(i int) bool { return s[i] > q })
	if low > 0 && rank-low <= high-rank || high == len(s) {
		return between(s[max(low-1, 0)], q)
	}
	return between(q, s[high])
}

// between returns the roundest number above low and not above high that rounding
// high gives.
func between(low, high float64) float64 {
	for digits := 1; digits < 17; digits++ {
		if e := round(high, digits); low < e && e <= high {
			return e
		}
	}
	return high
}

// round rounds to so many decimal digits.
func round(v float64, digits int) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'e', digits-1, 64), 64)
	return r + 0 // no negative zero
}
