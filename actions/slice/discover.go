package slice

import (
	"cmp"
	"fmt"
	"math"
)

// Options of [Discover]. Its zero value has the defaults.
type Options struct {
	Share float64 // of the rows that a slice needs, and the rest too; 0 is 1 %
	Rows  int     // that a slice needs, and the rest too; 0 is 200
	// Effective is how many clusters a slice needs if there are some, and the rest too, by
	// Kish's number; with weights alone, rows. 0 is 30.
	Effective float64
	Level     float64 // share of what is listed that may be false; 0 is 5 %
	// Least is how far above average, as a share of Scale, a slice has to be to be listed;
	// 0 is 5 %, negative is any.
	Least float64
	// Scale is what 100 % is: 0 is the mean of all values, or with Difference nothing. For
	// differences give the baseline's mean loss.
	Scale float64
	// Difference says that the values are differences of losses. A slice is listed only if
	// its own mean is above zero.
	Difference bool
	What       string // what the values are, for sentences; "" is "loss"
	Depth      int    // features in a slice: 1, 2 or 3; 0 is 2
	Most       int    // slices to list, up to 64; 0 is 10
	Examples   int    // rows to name of each; 0 is 5, negative is none
}

func (o Options) withDefaults(mean float64) Options {
	o.Share, o.Rows, o.Effective = cmp.Or(o.Share, 0.01), cmp.Or(o.Rows, 200), cmp.Or(o.Effective, 30)
	o.Level, o.Least = cmp.Or(o.Level, 0.05), cmp.Or(o.Least, 0.05)
	if !o.Difference {
		o.Scale = cmp.Or(o.Scale, mean)
	}
	o.Scale = math.Abs(o.Scale)
	o.What, o.Depth = cmp.Or(o.What, "loss"), cmp.Or(o.Depth, 2)
	o.Most, o.Examples = cmp.Or(o.Most, 10), cmp.Or(o.Examples, 5)
	return o
}

// A Discovery is what [Discover] found.
type Discovery struct {
	Found []Found // in the order in which they were taken
	Rows  int     // that were looked at
	Mean  float64 // of all of them
	Tests int     // slices that have enough rows
	Notes []string
}

// Discover looks at all values of the features and all pairs of values of two, and
// lists those in which the mean is higher than in the rest.
//
// Each that has enough rows is compared with all other rows; its p value is the larger
// one of those of [Compare] and of Student's test with one variance, because of skewed
// losses a slice without the rare large ones passes for certain by either alone.
//
// The surest slice is taken, or a simpler one of which it is no worse part. What all that
// were taken are worse, by least squares, is taken off the values of their rows,
// everything is compared anew, and the next is taken: what was worse only because it
// overlaps them is so no more. The k-th of them is listed if its p value is at most k times
// the level over the number of all slices that were looked at: Benjamini and Hochberg's
// method (1995) where what overlaps does not count as a discovery. In the end those are
// dropped that the others explain.
//
// Why not correct once and then drop what overlaps: a true slice brings hundreds of
// relatives past the level, which are dropped, while the false ones that are allowed
// for among so many stay. Of what is left many would be false.
//
// At depth 3 a pair that was taken gives way to one of its parts by a third feature if
// that is worse than the remainder of the pair, corrected for all such parts. What shows
// in no pair is not found.
//
// Differences are found with the size that they have in these rows, which is the larger
// the more slices were looked at: expect less of new rows.
//
// Rows of one user are no independent evidence: taken for it they raise alarms in most
// tables where nothing is worse, and as clusters in hardly any; see TestStudy.
//
// It fails if lengths differ. Pairs for which there is no room, more than half a million
// cells, are left out and noted.
func Discover(features []Feature, rows Rows, o Options) (*Discovery, error) {
	if err := check(features, rows); err != nil {
		return nil, err
	}
	p := newPortion(rows)
	s := &search{o: o.withDefaults(p.center), p: p, features: features, first: p.total()}
	s.out = &Discovery{Rows: len(p.v), Mean: p.center}
	if len(p.v) == 0 {
		s.out.Mean = math.NaN()
	}
	if left := len(rows.Values) - len(p.v); left > 0 {
		s.out.Notes = append(s.out.Notes, fmt.Sprintf("%s of %s rows have no value or weight and are left out", thousands(left), thousands(len(rows.Values))))
	}
	s.count()
	for len(s.out.Found) < min(s.o.Most, mostTaken) && s.next() {
	}
	s.prune()
	return s.out, nil
}

func check(features []Feature, rows Rows) error {
	if err := rows.check(); err != nil {
		return err
	}
	for _, f := range features {
		if len(f.Codes) != len(rows.Values) {
			return fmt.Errorf("feature %s has %d rows, there are %d values", f.Name, len(f.Codes), len(rows.Values))
		}
		if len(f.Values) > MostValues {
			return &TooManyError{f.Name, MostValues}
		}
		for row, code := range f.Codes {
			if int(code) >= len(f.Values) {
				return fmt.Errorf("feature %s: row %d has value %d of %d", f.Name, row, code, len(f.Values))
			}
		}
	}
	return nil
}

// A condition is that a feature has a value.
type condition struct {
	feature int
	value   uint16
}

// A candidate is a slice that has enough rows.
type candidate struct {
	grid, cell int
	low, above float64 // of the values as they are: the interval's bound, and the mean over that of all
}

// A search takes one slice after the other.
type search struct {
	o          Options
	p          *portion
	features   []Feature
	first      moments // of the values as they are
	counter    *counter
	candidates []candidate
	done       [][]condition
	off        []float64 // how much of the values is taken off the rows of each that is done
	masks      []uint64  // by place: of which of these it is, a bit for each
	original   []float64 // values by place before anything was taken off, nil until it is
	out        *Discovery
}

// count counts all cells and finds those with enough rows.
func (s *search) count() {
	pairs := len(s.features) * (len(s.features) - 1) / 2
	if s.o.Depth < 2 {
		pairs = 0
	}
	var counted int
	s.counter, counted = newCounter(s.p, s.features, pairs > 0)
	if counted < pairs {
		s.out.Notes = append(s.out.Notes, fmt.Sprintf("%s of %s pairs of features were looked at, those of the first features: there is no room for all; give fewer features or values",
			thousands(counted), thousands(pairs)))
	}
	for i := range s.counter.grids {
		g := &s.counter.grids[i]
		for at := range max(len(g.plain), len(g.full)) {
			if m := g.cell(at); s.enough(s.first, m) {
				t := s.first.against(m, s.p.center, s.p.scale)
				s.candidates = append(s.candidates, candidate{i, at, t.Low, m.s / m.n})
			}
		}
	}
	s.out.Tests = len(s.candidates)
}

// enough says whether a cell and the rest have the rows to be looked at.
func (s *search) enough(all, m moments) bool {
	need := max(float64(s.o.Rows), math.Ceil(s.o.Share*all.rows))
	if m.rows < need || all.rows-m.rows < need || m.rows < 2 || all.rows-m.rows < 2 {
		return false
	}
	if s.p.w == nil && s.p.starts == nil {
		return true
	}
	return m.effective() >= s.o.Effective && all.rest(m).effective() >= s.o.Effective
}

// listable says whether a slice is worth to be listed if it is sure.
func (s *search) listable(low, above float64) bool {
	if s.o.Difference {
		return low > 0 && s.p.center+above > 0 && (s.o.Scale == 0 || s.p.center+above >= s.o.Least*s.o.Scale)
	}
	return low > 0 && above > 0 && (s.o.Scale == 0 || above >= s.o.Least*s.o.Scale)
}

// surely returns the p value by both tests, the larger, for one that is worse.
func (s *search) surely(all, m moments) (p, t float64) {
	r := all.rest(m)
	if !(m.s/m.n > r.s/r.n) {
		return 1, 0
	}
	test := all.against(m, s.p.center, s.p.scale)
	pooled := Test{Effect: test.Effect, DF: m.rows + r.rows - 2}
	if t := all.pooled(m); t > 0 {
		pooled.judge(test.Effect * test.Effect / (t * t))
	}
	return max(test.P, pooled.P), min(test.T, pooled.T)
}

// next takes one more slice, and returns false if there is none.
func (s *search) next() bool {
	all := s.p.total()
	best, bestP, bestT := -1, 1.0, 0.0
	for i, c := range s.candidates {
		if !s.listable(c.low, c.above) || s.taken(s.conditions(c)) {
			continue
		}
		p, t := s.surely(all, s.counter.grids[c.grid].cell(c.cell))
		if p < bestP || p == bestP && t > bestT {
			best, bestP, bestT = i, p, t
		}
	}
	if best < 0 || s.corrected(bestP) > s.o.Level {
		return false
	}
	where, p := s.simpler(all, s.conditions(s.candidates[best]), bestP)
	if len(where) == 2 && s.o.Depth >= 3 {
		where = s.deeper(where)
	}
	s.take(where, s.corrected(p))
	return true
}

// corrected corrects the p value of the slice that would be listed next.
func (s *search) corrected(p float64) float64 {
	return min(1, p*float64(s.out.Tests)/float64(len(s.out.Found)+1))
}

func (s *search) conditions(c candidate) []condition {
	g := &s.counter.grids[c.grid]
	where := []condition{{g.f, uint16(c.cell / g.width)}}
	if g.g < len(s.features) {
		where = append(where, condition{g.g, uint16(c.cell % g.width)})
	}
	return where
}
