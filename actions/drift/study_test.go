package drift

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

// A population is where the study draws columns from: unchanged, or after a move
// of the share of the rows that planted says.
type population struct {
	name  string
	draw  func(r *rand.Rand, rows int, moved bool) data
	plain bool // too much noise for a planted move to be asked of it
}

// planted is how many of the rows a planted move concerns: 1.7 times the threshold.
const planted = 0.17

func populations() []population {
	// Of a normal column that moves by δ standard deviations 2Φ(δ/2)-1 of the rows move.
	delta := 2 * math.Sqrt2 * math.Erfinv(planted)
	normal := func(each func(z float64) float64) func(*rand.Rand, int, bool) data {
		return func(r *rand.Rand, rows int, moved bool) data {
			shift := 0.0
			if moved {
				shift = delta
			}
			return floats("x", rows, func(int) float64 { return each(r.NormFloat64() + shift) })
		}
	}
	return []population{
		{name: "normal", draw: normal(func(z float64) float64 { return 40 + 12*z })},
		{name: "lognormal", draw: normal(func(z float64) float64 { return math.Exp(1.5 * z) })},
		{name: "Pareto", draw: normal(func(z float64) float64 { return math.Pow(math.Erfc(z/math.Sqrt2)/2, -1/1.5) })},
		{name: "rounded normal", draw: normal(func(z float64) float64 { return math.Round(3 * z) })},
		{name: "uniform whole numbers", draw: uniform(table.Int, 1000)},
		{name: "six whole numbers", draw: uniform(table.Int, 6)},
		{name: "dates of a year", draw: uniform(table.Date, 365)},
		{name: "5 categories", draw: zipf(5, 1.1)},
		{name: "50 categories", draw: zipf(50, 1.1)},
		{name: "500 categories", draw: zipf(500, 1.1)},
		{name: "20,000 categories", draw: zipf(20_000, 1), plain: true},
		{name: "300 even categories", draw: zipf(300, 0), plain: true},
		{name: "true 30 %", draw: boolean(0.3)},
		{name: "true 1 %", draw: boolean(0.01)},
		{name: "null 2 %", draw: sparse(0.02)},
		{name: "null 90 %", draw: sparse(0.9)},
	}
}

func uniform(k table.Kind, n int64) func(*rand.Rand, int, bool) data {
	return func(r *rand.Rand, rows int, moved bool) data {
		return ints("x", k, rows, func(int) int64 {
			v := r.Int64N(n)
			if moved && r.Float64() < 2*planted { // half of them are in the upper half already
				v = n/2 + v/2
			}
			return v + 19_000
		})
	}
}

// zipf draws the i-th of n categories with a probability as 1/i^skew; moved, some
// rows have one of the rarer half.
func zipf(n int, skew float64) func(*rand.Rand, int, bool) data {
	upTo, names := make([]float64, n), &table.Dict{}
	sum := 0.0
	for i := range n {
		sum += math.Pow(float64(i+1), -skew)
		upTo[i] = sum
		names.Values = append(names.Values, []byte(word(i)))
	}
	lower := upTo[n/2-1] / sum // the share of the commoner half, from which they come
	return func(r *rand.Rand, rows int, moved bool) data {
		d := data{"x", table.Vector{Kind: table.Text, Dict: names, Codes: make([]int32, rows)}}
		for i := range d.Codes {
			if moved && r.Float64() < planted/lower {
				d.Codes[i] = int32(n/2 + r.IntN(n-n/2))
				continue
			}
			u := r.Float64() * sum
			low, high := 0, n-1
			for low < high {
				if mid := (low + high) / 2; upTo[mid] < u {
					low = mid + 1
				} else {
					high = mid
				}
			}
			d.Codes[i] = int32(low)
		}
		return d
	}
}

func boolean(share float64) func(*rand.Rand, int, bool) data {
	return func(r *rand.Rand, rows int, moved bool) data {
		p := share
		if moved {
			p += planted
		}
		return ints("x", table.Bool, rows, func(int) int64 {
			if r.Float64() < p {
				return 1
			}
			return 0
		})
	}
}

// sparse draws normal numbers of which some are null; moved, more or fewer are.
func sparse(share float64) func(*rand.Rand, int, bool) data {
	return func(r *rand.Rand, rows int, moved bool) data {
		p := share
		if moved && share < 0.5 {
			p += planted
		} else if moved {
			p -= planted
		}
		return floats("x", rows, func(int) float64 { return r.NormFloat64() }).nulled(rows, func(int) bool { return r.Float64() < p })
	}
}

// A size is how many pairs of columns with how many rows are drawn of each
// population. Every other pair has a base of four times as many.
type size struct{ rows, pairs, short int }

func sizes() []size {
	return []size{{200, 240, 24}, {700, 200, 24}, {2000, 120, 16}, {10_000, 60, 6}, {60_000, 16, 1}, {1_000_000, 1, 0}}
}

// A tally counts what became of the pairs of one population and size.
type tally struct{ same, cantTell, moved, seen, caught int }

// TestStudy draws columns that did not change, of which hardly any may be flagged,
// and columns that did, which must be found wherever the verdict is not that there
// are too few rows. Each pair is compared alone, where no correction for other
// columns holds alarms back. MLOPS_STUDY=full draws over 10,000 pairs of each.
func TestStudy(t *testing.T) {
	t.Parallel()
	full := os.Getenv("MLOPS_STUDY") == "full"
	var mu sync.Mutex
	var all tally
	t.Run("populations", func(t *testing.T) {
		for i, p := range populations() {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				sum := p.study(t, uint64(i), full)
				mu.Lock()
				defer mu.Unlock()
				all.add(sum)
			})
		}
	})
	pairs := all.same + all.cantTell + all.moved
	t.Logf("%d unchanged pairs: %d flagged, %d too few rows; %d planted moves that can be seen: %d caught", pairs, all.moved, all.cantTell, all.seen, all.caught)
	if full && pairs < 10_000 || pairs < 1000 {
		t.Errorf("%d pairs are no study", pairs)
	}
	if most := 0.005 * float64(pairs); float64(all.moved) > most {
		t.Errorf("%d of %d unchanged columns are flagged", all.moved, pairs)
	}
	if float64(all.caught) < 0.95*float64(all.seen) || all.seen < pairs/4 {
		t.Errorf("%d of %d planted moves are caught", all.caught, all.seen)
	}
}

func (t *tally) add(o tally) {
	t.same += o.same
	t.cantTell += o.cantTell
	t.moved += o.moved
	t.seen += o.seen
	t.caught += o.caught
}

func (p population) study(t *testing.T, seed uint64, full bool) (sum tally) {
	for _, s := range sizes() {
		pairs := s.short
		if full {
			pairs = s.pairs
		}
		var c tally
		for i := range pairs {
			r := rand.New(rand.NewPCG(seed, uint64(s.rows)<<20|uint64(i)))
			p.pair(t, r, s.rows, s.rows<<(i%2*2), &c)
		}
		t.Logf("%-22s %9d rows: %4d same, %4d can't tell, %2d moved; planted: %4d of %4d caught", p.name, s.rows, c.same, c.cantTell, c.moved, c.caught, c.seen)
		sum.add(c)
	}
	return sum
}

// pair compares a base with an unchanged and a moved column.
func (p population) pair(t *testing.T, r *rand.Rand, rows, baseRows int, c *tally) {
	base := describe(p.draw(r, min(baseRows, 1_000_000), false))
	switch v := verdictOf(t, base, describe(p.draw(r, rows, false))); v {
	case Same:
		c.same++
	case CantTell:
		c.cantTell++
	case Moved:
		c.moved++
	default:
		t.Fatalf("%d rows are %s", rows, v)
	}
	if p.plain {
		return
	}
	column := mustCompare(t, base, describe(p.draw(r, rows, true)), Options{}).Columns[0]
	if slices.ContainsFunc(column.Effects, func(e Effect) bool { return e.Needs > 0 }) {
		return
	}
	c.seen++
	if column.Verdict == Moved {
		c.caught++
	}
}

func verdictOf(t *testing.T, base, now *profile.Profile) Verdict {
	return mustCompare(t, base, now, Options{}).Columns[0].Verdict
}
