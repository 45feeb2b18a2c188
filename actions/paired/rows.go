package paired

import (
	"fmt"
	"math"
	"math/bits"
)

// A Design says how rows were sampled and how sure an interval has to be.
// The zero Design is of rows that are independent and count the same.
type Design struct {
	// Weight is how much each row counts: finite, from 0, not all 0; nil for 1
	// each. A row of weight 0 is as if it were not there. Weights say what rows
	// stand for, not how often they were seen: twice the weights are no more rows.
	Weight []float64
	// Cluster is the same for rows that depend on each other, for instance the
	// hash of a user; nil if rows are independent.
	Cluster []uint64
	// Level is how often intervals cover the truth, in (0, 1); 0 means 0.95.
	Level float64
	// Seed starts the random numbers of those methods that draw. It should be
	// a digest of the rows, so that the same rows have the same interval.
	Seed uint64
}

// Rows is a prepared [Design]: what the metrics of the same rows share.
type Rows struct {
	n         int // of the arrays
	weight    []float64
	cluster   []uint32 // nil if each row is one; < groups
	groups    int      // cluster numbers, those of weight 0 among them
	counted   int      // rows with a weight
	clusters  int      // clusters with a weight
	total     float64  // sum of the weights
	effective float64  // clusters of equal weight that would know as much
	level     float64
	seed      uint64
}

// Of prepares n rows. It fails with a [*RowError] for a bad weight, with a
// [*LengthError] for arrays of other lengths than n, and for a level outside (0, 1).
func Of(n int, d Design) (*Rows, error) {
	r := &Rows{n: n, weight: d.Weight, level: d.Level, seed: d.Seed}
	if r.level == 0 {
		r.level = 0.95
	}
	if !(r.level > 0 && r.level < 1) {
		return nil, fmt.Errorf("a level of %v; it must be between 0 and 1, as 0.95 is", d.Level)
	}
	if d.Weight != nil && len(d.Weight) != n {
		return nil, &LengthError{"weights", len(d.Weight), n}
	}
	if d.Cluster != nil && len(d.Cluster) != n {
		return nil, &LengthError{"clusters", len(d.Cluster), n}
	}
	if err := r.weigh(); err != nil {
		return nil, err
	}
	if d.Cluster != nil {
		r.cluster, r.groups = numbered(d.Cluster)
	}
	r.gather()
	return r, nil
}

// weigh checks and adds up the weights.
func (r *Rows) weigh() error {
	if r.weight == nil {
		r.total, r.counted = float64(r.n), r.n
		return nil
	}
	for i, w := range r.weight {
		if !(w >= 0) || math.IsInf(w, 0) {
			return &RowError{"weight", i, w, "a finite number from 0"}
		}
		if w > 0 {
			r.counted++
		}
		r.total += w
	}
	return nil
}

// gather counts the clusters, and of how many equal ones they have the worth:
// (ΣW)²/ΣW² (L. Kish, Survey Sampling, 1965; for clusters A. Carter, K. Schnepel
// and D. Steigerwald, Review of Economics and Statistics 99, 2017).
func (r *Rows) gather() {
	r.clusters, r.effective = r.counted, float64(r.counted)
	if r.weight == nil && r.cluster == nil {
		return
	}
	squares := 0.0
	if r.cluster == nil {
		for _, w := range r.weight {
			squares += w * w
		}
	} else {
		r.clusters = 0
		for _, w := range r.perCluster(func(row int) float64 { return 1 }) {
			squares += w * w
			if w > 0 {
				r.clusters++
			}
		}
	}
	r.effective = 0
	if squares > 0 {
		r.effective = r.total * r.total / squares
	}
}

// perCluster adds up the weighted values of the rows of each cluster.
func (r *Rows) perCluster(value func(row int) float64) []float64 {
	sums := make([]float64, r.groups)
	for i, c := range r.cluster {
		sums[c] += r.weightOf(i) * value(i)
	}
	return sums
}

func (r *Rows) weightOf(row int) float64 {
	if r.weight == nil {
		return 1
	}
	return r.weight[row]
}

// numbered gives equal values the same number, in the order in which they come.
func numbered(values []uint64) (numbers []uint32, n int) {
	size := 16
	slots := make([]uint32, size) // the first row of a value, plus one; 0 if the slot is free
	numbers = make([]uint32, len(values))
	find := func(v uint64) *uint32 {
		// The values are hashes by agreement only.
		hi, lo := bits.Mul64(v^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
		at := int(hi^lo) & (size - 1)
		for slots[at] != 0 && values[slots[at]-1] != v {
			at = (at + 1) & (size - 1)
		}
		return &slots[at]
	}
	for i, v := range values {
		s := find(v)
		if *s != 0 {
			numbers[i] = numbers[*s-1]
			continue
		}
		*s, numbers[i] = uint32(i)+1, uint32(n)
		if n++; 2*n > size {
			old := slots
			size *= 2
			slots = make([]uint32, size)
			for _, row := range old {
				if row != 0 {
					*find(values[row-1]) = row
				}
			}
		}
	}
	return numbers, n
}
