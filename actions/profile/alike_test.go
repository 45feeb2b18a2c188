package profile

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is done for many numbers at once is what is done for one after the other.
func TestAlike(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		z := rand.NewZipf(r, 1.05+float64(seed)/20, 1, 1<<20)
		one, many := newFrequent(false), newFrequent(false)
		sketches := [2]Sketch{make(Sketch, registers), make(Sketch, registers)}
		for range 40 {
			keys, hashes := make([]uint64, 1+r.IntN(9000)), []uint64{}
			for i := range keys {
				keys[i] = z.Uint64()
				if keys[i] == 7 {
					hashes = append(hashes, 0) // as places have that nobody took
				} else {
					hashes = append(hashes, mix(keys[i]))
				}
			}
			passed := many.sieve.pass(hashes, sketches[1], make([]int32, len(hashes)))
			for _, at := range passed {
				many.voteNumber(hashes[at], keys[at])
			}
			limit := one.sieve.limit(int64(len(hashes)))
			for i, h := range hashes {
				sketches[0].add(h)
				if one.sieve.drops(h, 1, limit) {
					continue
				}
				if len(passed) == 0 || passed[0] != int32(i) {
					t.Fatalf("seed %d: the value at %d does not pass", seed, i)
				}
				passed = passed[1:]
				one.vote(h, keys[i], nil, 1)
			}
		}
		if !slices.Equal(sketches[0], sketches[1]) {
			t.Errorf("seed %d: sketches differ", seed)
		}
		many.sieve.crowded = false // one never is
		if diff := cmp.Diff(one, many, cmp.AllowUnexported(frequent{}, sieve{}, ballot{})); diff != "" {
			t.Errorf("seed %d: (-one by one +at once)\n%.2000s", seed, diff)
		}
	}
}

// What a trie remembers of where common values lie makes no difference.
func TestNear(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 4))
		sign := 1 - 2*float64(seed%2)
		slow, quick := newTrie(), newTrie()
		for range 30 {
			xs := make([]float64, 300+r.IntN(8000))
			for i := range xs {
				xs[i] = sign * float64(1+r.IntN(1+r.IntN(int(1)<<(2+seed)))) / 100
			}
			low, high := bounds(xs)
			quick.crowded = seed%3 == 0
			quick.add(xs, low, high)
			slow.add(xs, low, high)
			slow.near, slow.crowded = nil, false // forgets what it knows
		}
		if diff := cmp.Diff(slow.cells(&scratch{}), quick.cells(&scratch{})); diff != "" {
			t.Errorf("seed %d: (-slow +quick)\n%.2000s", seed, diff)
		}
	}
}
