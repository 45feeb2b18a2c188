package slice

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// worse draws losses of 10,000 rows, by so much higher as excess says of the first
// feature's value, of which the others follow.
func worse(seed uint64, values int, excess map[uint16]float64, follow ...func(r *rand.Rand, first uint16) uint16) ([]Feature, Rows) {
	r := rand.New(rand.NewPCG(seed, 4))
	codes, sizes := make([][]uint16, 1+len(follow)), []int{values}
	rows := Rows{}
	for range follow {
		sizes = append(sizes, 2)
	}
	for range 10_000 {
		first := uint16(r.IntN(values))
		codes[0] = append(codes[0], first)
		for i, f := range follow {
			codes[i+1] = append(codes[i+1], f(r, first))
		}
		rows.Values = append(rows.Values, r.ExpFloat64()+excess[first])
	}
	return featuresOf(codes, sizes), rows
}

func likely(r *rand.Rand, p float64) uint16 {
	if r.Float64() < p {
		return 1
	}
	return 0
}

// A part of a worse value that happens to look surer is not listed in its place, but for
// the one in twenty that chance tells apart.
func TestTheSimplerSlice(t *testing.T) {
	t.Parallel()
	parts := 0
	for seed := range uint64(40) {
		most := func(r *rand.Rand, _ uint16) uint16 { return likely(r, 0.95) }
		fs, rows := worse(seed, 5, map[uint16]float64{3: 0.3}, most, most, most)
		d := discovered(t, fs, rows, Options{Rows: 100})
		if len(d.Found) != 1 || fmt.Sprint(d.Found[0].Values) != "[f0=3]" {
			parts++
			t.Logf("seed %d: %q", seed, sentences(d))
		}
	}
	if parts > 3 {
		t.Errorf("parts are listed in %d of 40 tables", parts)
	}
}

// A slice that is most of two worse ones is surer than either, and is dropped for both.
func TestTheTwoForTheOne(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		fs, rows := worse(seed, 8, map[uint16]float64{1: 1, 2: 1}, func(r *rand.Rand, first uint16) uint16 {
			if first == 1 || first == 2 {
				return likely(r, 0.9)
			}
			return likely(r, 0.05)
		})
		d := discovered(t, fs, rows, Options{Most: 3})
		got := map[string]bool{}
		for _, f := range d.Found {
			got[fmt.Sprint(f.Values)] = true
		}
		if diff := cmp.Diff(map[string]bool{"[f0=1]": true, "[f0=2]": true}, got); diff != "" {
			t.Errorf("seed %d: %q", seed, sentences(d))
		}
	}
}

// What nearly all rows have is not compared with the few others.
func TestTheRestNeedsRowsToo(t *testing.T) {
	t.Parallel()
	fs, rows := worse(1, 1, nil, func(r *rand.Rand, _ uint16) uint16 { return likely(r, 0.995) })
	if d := discovered(t, fs, rows, Options{Rows: 1}); d.Tests != 0 {
		t.Errorf("%d tests", d.Tests)
	}
}
