package profile

import (
	"math"
	"slices"

	"github.com/mlops-runner/mlops/actions/table"
)

// addCodes counts numbers that a reader gives as codes.
func (n *numeric) addCodes(d *table.Dict, codes []int32) {
	n.tally.add(d, len(d.Ints)+len(d.Floats), codes, n.flush)
	if n.falls {
		return
	}
	if n.kind == table.Float {
		n.last.x, n.last.count, n.falls = follow(d.Floats, codes, n.last.x, n.last.count)
		return
	}
	last := int64(n.key)
	last, n.last.count, n.falls = follow(d.Ints, codes, last, n.last.count)
	n.key = uint64(last)
}

// follow looks whether the values of codes ascend from the last before them, of
// which there were so many, on. It passes over what is not finite.
func follow[T int64 | float64](entries []T, codes []int32, last T, count int64) (T, int64, bool) {
	for _, c := range codes {
		if c < 0 || entries[c]-entries[c] != 0 {
			continue
		}
		x := entries[c]
		if count > 0 && x < last {
			return last, count, true
		}
		last, count = x, 1
	}
	return last, count, false
}

// flush takes in the numbers of the dictionary that were counted by code.
func (n *numeric) flush() {
	d, counts := n.tally.close()
	if len(counts) == 0 {
		return
	}
	n.begin()
	if n.kind == table.Float {
		n.flushFloats(d.Floats, counts)
	} else {
		n.flushInts(d.Ints, counts)
	}
}

// A keyed is a number that was counted by its key.
type keyed struct {
	counted
	hash, key uint64
}

func (n *numeric) flushFloats(entries []float64, counts []int64) {
	vs := make([]keyed, 0, len(entries))
	for i, x := range entries {
		if counts[i] > 0 && n.isFinite(x, counts[i]) {
			x += 0 // no -0
			b := math.Float64bits(x)
			vs = append(vs, keyed{counted{x, counts[i]}, mix(b), b})
		}
	}
	n.addKeyed(vs)
}

func (n *numeric) flushInts(entries, counts []int64) {
	ints := n.ints[:0]
	for i, v := range entries {
		if counts[i] > 0 {
			ints = append(ints, v)
		}
	}
	n.ints = ints
	if len(ints) == 0 {
		return
	}
	if low, high := bounds(ints); !n.apart && n.dense.fit(low, high) {
		for i, v := range entries {
			if counts[i] > 0 {
				n.dense.counts[v-n.dense.base] += counts[i]
			}
		}
		return
	}
	if !n.apart {
		n.leaveDense()
	}
	vs := make([]keyed, 0, len(ints))
	for i, v := range entries {
		if counts[i] > 0 {
			vs = append(vs, keyed{counted{float64(v), counts[i]}, hashInt(v), uint64(v)})
		}
	}
	n.addKeyed(vs)
}

// addKeyed does for numbers with their counts what each does for one by one.
func (n *numeric) addKeyed(vs []keyed) {
	rest := vs
	for i, v := range vs {
		if few := n.values.add(v.hash, v.key, nil, v.count); !few && n.extent.trie == nil {
			n.start()
			rest = vs[i:]
		}
	}
	if n.extent.trie == nil {
		return
	}
	sorted := make([]counted, len(rest))
	for i, v := range rest {
		sorted[i] = v.counted
	}
	slices.SortFunc(sorted, byNumber)
	n.extent.addSorted(sorted)
}
