package profile

import "github.com/mlops-runner/mlops/actions/table"

// A tally counts by code what a reader gives as a dictionary, so that each of its
// values is looked at once.
type tally struct {
	dict   *table.Dict
	counts []int64 // how often each value of dict occurs
}

// add counts the codes of a dictionary of n values. It calls flush, which closes
// the tally, before it starts on another one than the last.
func (t *tally) add(d *table.Dict, n int, codes []int32, flush func()) {
	if d != t.dict {
		flush()
		t.dict, t.counts = d, append(t.counts[:0], make([]int64, n)...)
	}
	counts := t.counts
	for _, c := range codes {
		if c >= 0 {
			counts[c]++
		}
	}
}

// close returns the dictionary and how often each of its values occurs, until the
// next one is added.
func (t *tally) close() (*table.Dict, []int64) {
	d, counts := t.dict, t.counts
	t.dict, t.counts = nil, counts[:0]
	return d, counts
}
