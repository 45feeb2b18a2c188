package profile

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"testing"
)

// TestDistance holds the distance of two histograms against that of the numbers.
func TestDistance(t *testing.T) {
	t.Parallel()
	for _, d := range distributions {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			for _, n := range []int{10, 300, 1100, 2000, 7000, 30000} {
				for _, stretch := range []int{n, 1500} {
					for _, shift := range []float64{.02, .3} {
						xs, ys := d.numbers(1, n, 0), d.numbers(2, n/2+100, shift)
						a, b := d.profile(xs, stretch), d.profile(ys, stretch)
						got, want := Distance(a.Columns[0].Numbers, b.Columns[0].Numbers), exactDistance(xs, ys)
						if math.Abs(got-want) > .005 {
							t.Errorf("%d numbers in stretches of %d, shift %v: %.5f, want %.5f", n, stretch, shift, got, want)
						}
					}
				}
			}
		})
	}
}

// TestQuantile wants quantiles within 1 % of the value, or else of 1/1000 of the ranks.
func TestQuantile(t *testing.T) {
	t.Parallel()
	for _, d := range distributions {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			for _, n := range []int{20, 1500, 50000} {
				xs := d.numbers(3, n, 0)
				numbers := d.profile(xs, 9000).Columns[0].Numbers
				slices.Sort(xs)
				if cells := len(numbers.Histogram.Cells()); cells > 2100 {
					t.Errorf("%d numbers have %d cells", n, cells)
				}
				for _, p := range []float64{0, .001, .01, .1, .25, .5, .75, .9, .99, .999, 1} {
					want := xs[max(0, int(math.Ceil(p*float64(n)))-1)]
					got := numbers.Quantile(p)
					if math.Abs(got-want) <= .01*math.Abs(want) {
						continue
					}
					rank := float64(sort.SearchFloat64s(xs, got)) / float64(n)
					if math.Abs(rank-p) > .001+1/float64(n) {
						t.Errorf("%d numbers: quantile %v is %v, rank %v, want %v", n, p, got, rank, want)
					}
				}
			}
		})
	}
}

// TestDistinct wants at most 3 % off at sizes up to some hundred thousand.
func TestDistinct(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 7, 100, 1023, 1024, 1025, 1100, 2000, 5000, 10000, 30000, 100000, 300000} {
		var words []string
		numbers := make([]float64, n)
		for i := range n {
			numbers[i] = float64(i) * .1
			if n <= 100000 {
				words = append(words, "user-"+strconv.Itoa(i))
			}
		}
		checkDistinct(t, "numbers", n, ofFloats(numbers, 50000))
		if len(words) == n {
			checkDistinct(t, "texts", n, ofTexts(words, 50000))
		}
	}
}

func checkDistinct(t *testing.T, what string, n int, p *Profile) {
	t.Helper()
	got := p.Columns[0].Distinct()
	off := math.Abs(float64(got)/float64(max(n, 1)) - 1)
	if p.Columns[0].Exact != (n <= 1024) || n <= 1024 && got != int64(n) || n > 1024 && off > .03 {
		t.Errorf("%d %s: %d, %.2f %% off, exact %v", n, what, got, 100*off, p.Columns[0].Exact)
	}
}

// TestTop holds the promises about common values where there are many others.
func TestTop(t *testing.T) {
	t.Parallel()
	for _, stretch := range []int{3000, 100000} {
		r := rand.New(rand.NewPCG(5, 5))
		z := rand.NewZipf(r, 1.3, 1, 50000)
		var words []string
		count := map[string]int64{}
		for range 60000 {
			w := fmt.Sprintf("w%d", z.Uint64())
			words = append(words, w)
			count[w]++
		}
		c := ofTexts(words, stretch).Columns[0]
		listed := map[string]bool{}
		for _, v := range c.Values {
			listed[v.Text] = true
			if n := count[v.Text]; n > v.Count || n < v.Count-v.Over || v.Over > c.Other {
				t.Errorf("stretch %d: %q occurs %d times, of which the profile says %+v, other %d", stretch, v.Text, n, v, c.Other)
			}
		}
		for w, n := range count {
			if !listed[w] && n > c.Most {
				t.Errorf("stretch %d: %q is not listed but occurs %d times, most %d", stretch, w, n, c.Most)
			}
		}
		for i := range 20 {
			if w := fmt.Sprintf("w%d", i); !listed[w] {
				t.Errorf("stretch %d: %q is not listed though it occurs %d times", stretch, w, count[w])
			}
		}
		if c.Most > 60000/100 {
			t.Errorf("stretch %d: others may occur %d times", stretch, c.Most)
		}
	}
}
