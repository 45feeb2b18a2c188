package bisect_test

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/mlops-runner/mlops/runner/bisect"
)

// TestSearch compares with looking at every one, over rows with a bad one
// anywhere, free ones and ones that cannot be told.
func TestSearch(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		n := 2 + r.IntN(20)
		first := 1 + r.IntN(n-1)
		free, broken := make([]bool, n), make([]bool, n)
		skips := r.IntN(2) == 0
		for i := 1; i < n-1; i++ {
			free[i], broken[i] = r.IntN(3) == 0, skips && r.IntN(4) == 0
		}
		name := fmt.Sprint(n, first, free, broken)
		s := bisect.New(n, func(i int) bool { return free[i] })
		most, paid := s.Most(), 0
		for i, ok := s.Next(); ok; i, ok = s.Next() {
			good, bad := s.Range()
			if i <= good || i >= bad {
				t.Fatalf("%s: tries %d outside %d to %d", name, i, good, bad)
			}
			if !free[i] {
				paid++
			}
			switch {
			case broken[i]:
				s.Mark(i, bisect.Skipped)
			case i >= first:
				s.Mark(i, bisect.Bad)
			default:
				s.Mark(i, bisect.Good)
			}
		}
		good, bad := s.Range()
		wantGood, wantBad := first-1, first
		for broken[wantGood] {
			wantGood--
		}
		for broken[wantBad] {
			wantBad++
		}
		if good != wantGood || bad != wantBad {
			t.Fatalf("%s: found %d to %d, want %d to %d", name, good, bad, wantGood, wantBad)
		}
		if !skips && paid > most {
			t.Fatalf("%s: %d trials, promised at most %d", name, paid, most)
		}
	}
}

// Without anything free it is a binary search.
func TestMost(t *testing.T) {
	t.Parallel()
	for n := 2; n < 70; n++ {
		s := bisect.New(n, func(int) bool { return false })
		if got, want := s.Most(), bits.Len(uint(n-2)); got != want {
			t.Errorf("%d: %d, want %d", n, got, want)
		}
	}
}
