package profile

import "github.com/mlops-runner/mlops/actions/table"

// A tally counts by code what a reader gives as a dictionary, so that each of its
// values is looked at once.
type tally struct {
	dict   *table.Dict
	counts [2][]int64 // how many rows are null, then how often each value of dict occurs, in two parts
}

// add counts the codes of a dictionary of n values. It calls flush, which closes
// the tally, before it starts on another one than the last.
func (t *tally) add(d *table.Dict, n int, codes []int32, flush func()) {
	if d != t.dict {
		flush()
		t.dict = d
		for i, c := range t.counts {
			t.counts[i] = append(c[:0], make([]int64, n+1)...)
		}
	}
	// Neighbours are counted apart: they are often the same, and a count would wait
	// for the one before.
	a := t.counts[0]
	b := t.counts[1][:len(a)]
	for ; len(codes) >= 2; codes = codes[2:] {
		a[codes[0]+1]++
		b[codes[1]+1]++
	}
	if len(codes) > 0 {
		a[codes[0]+1]++
	}
}

// close returns the dictionary and how often each of its values occurs, until the
// next one is added.
func (t *tally) close() (*table.Dict, []int64) {
	if t.dict == nil {
		return nil, nil
	}
	d, counts := t.dict, t.counts[0]
	for i, n := range t.counts[1] {
		counts[i] += n
	}
	t.dict = nil
	return d, counts[1:]
}
