package slice

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// told is how often each value of a feature occurs.
func told(f Feature) string {
	counts := make([]int, len(f.Values))
	for _, code := range f.Codes {
		counts[code]++
	}
	var out []string
	for i, v := range f.Values {
		out = append(out, fmt.Sprintf("%s: %d", v, counts[i]))
	}
	return strings.Join(out, ", ")
}

func texts(name string, values ...string) Column {
	c := Column{Name: name}
	for _, v := range values {
		code := int32(slices.Index(c.Names, v))
		switch {
		case v == "-":
		case code < 0:
			code = int32(len(c.Names))
			c.Names = append(c.Names, v)
		}
		c.Codes = append(c.Codes, code)
	}
	return c
}

func TestFeatures(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	letters := texts("x", "b", "b", "a", "c", "c", "c", "d", "-", "null", "other", "")
	var ages, reals Column
	for i := range 100 {
		ages.Numbers = append(ages.Numbers, float64(i))
		reals.Numbers = append(reals.Numbers, float64(i)/100+0.00123)
	}
	numbers := func(vs ...float64) Column { return Column{Name: "x", Numbers: vs} }
	for _, c := range []struct {
		name, want string
		f          func() (Feature, error)
	}{
		{"all categories by name", `"": 1, a: 1, b: 2, c: 3, d: 1, "null": 1, "other": 1, null: 1`, func() (Feature, error) { return Categorical(letters, 0) }},
		{"the commonest", `b: 2, c: 3, other: 5, null: 1`, func() (Feature, error) { return Categorical(letters, 2) }},
		{"no other of one", `a: 2, b: 1, c: 1`, func() (Feature, error) { return Categorical(texts("x", "a", "a", "b", "c"), 2) }},
		{"names that do not occur", `b: 1`, func() (Feature, error) { return Categorical(Column{Codes: []int32{1}, Names: []string{"a", "b"}}, 0) }},
		{"numbers as categories", `-2: 1, 0: 2, 2.5: 1, 10: 1, null: 1`, func() (Feature, error) { return Categorical(numbers(10, 0, nan, math.Copysign(0, -1), -2, 2.5), 0) }},
		{"quartiles of whole numbers", `..24: 25, 25..49: 25, 50..74: 25, 75..: 25`, func() (Feature, error) { return Binned(ages, 4) }},
		{"halves", `..49: 50, 50..: 50`, func() (Feature, error) { return Binned(ages, 2) }},
		{"real numbers", `..0.3: 30, 0.3..0.66: 36, 0.66..: 34`, func() (Feature, error) { return Binned(reals, 3) }},
		{"few numbers", `0: 3, 0.5: 1, 7: 2, null: 1`, func() (Feature, error) { return Binned(numbers(0, 7, 0, 0.5, nan, 0, 7), 4) }},
		{"a number in most rows", `0: 6, 1..: 4`, func() (Feature, error) { return Binned(numbers(0, 0, 0, 0, 0, 0, 1, 2, 3, 4), 3) }},
		{"one number", `3: 2`, func() (Feature, error) { return Binned(numbers(3, 3), 5) }},
		{"no number", `null: 2`, func() (Feature, error) { return Binned(numbers(nan, nan), 5) }},
		{"no rows", ``, func() (Feature, error) { return Binned(numbers(), 5) }},
		{"infinities", `..2: 2, 2..: 2`, func() (Feature, error) { return Binned(numbers(inf, 1.5, -inf, 2), 2) }},
		{"cut whole numbers", `..17: 18, 18..64: 47, 65..199: 35, 200..: 0`, func() (Feature, error) { return Cut(ages, []float64{18, 65, 200}) }},
		{"cut between", `..1: 2, 2: 1, 3..: 97`, func() (Feature, error) { return Cut(ages, []float64{1.5, 2.5}) }},
		{"cut real numbers", `..0.5: 1, 0.5..2: 1, 2..: 2, null: 1`, func() (Feature, error) { return Cut(numbers(0.4999, 0.5, 2, nan, 9), []float64{0.5, 2}) }},
		{"automatic", `c: 1, d: 1`, func() (Feature, error) { return Auto(texts("x", "c", "d")) }},
	} {
		f, err := c.f()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got := told(f); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestFeatureFaults(t *testing.T) {
	t.Parallel()
	numbers := Column{Name: "age", Numbers: []float64{1, 2}}
	for want, f := range map[string]func() (Feature, error){
		"column age: 1 bins; write 2 to 100":                                                          func() (Feature, error) { return Binned(numbers, 1) },
		"column age: 101 bins; write 2 to 100":                                                        func() (Feature, error) { return Binned(numbers, 101) },
		"column age: 0 edges; write 1 to 100":                                                         func() (Feature, error) { return Cut(numbers, nil) },
		"column age: edge 3 is not above 3; write them in ascending order":                            func() (Feature, error) { return Cut(numbers, []float64{3, 3}) },
		`column x has categories, no numbers that bins could hold; write "x" alone`:                   func() (Feature, error) { return Cut(texts("x", "a"), []float64{3}) },
		`column x has categories, no numbers that bins could hold; write "x" alone `:                  func() (Feature, error) { return Binned(texts("x", "a"), 3) },
		`x has more than 32,766 values; leave it out, or put numbers into bins, as in "age binned 4"`: func() (Feature, error) { return Categorical(ids(40_000), 0) },
	} {
		if _, err := f(); err == nil || err.Error() != strings.TrimSpace(want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if f, err := Categorical(ids(40_000), 15); err != nil || len(f.Values) != 16 {
		t.Error(err, len(f.Values))
	}
	n := Column{Name: "id"}
	for i := range 200_000 {
		n.Numbers = append(n.Numbers, float64(i))
	}
	var many *TooManyError
	if _, err := Categorical(n, 15); !errors.As(err, &many) || many.Most != 100_000 {
		t.Error(err)
	}
}

func ids(n int) Column {
	c := Column{Name: "x"}
	for i := range n {
		c.Codes, c.Names = append(c.Codes, int32(i)), append(c.Names, strconv.Itoa(i))
	}
	return c
}

// Bins hold what their labels say, in order, in shares that are near what was asked
// where no number repeats, and their labels are short.
func TestBinsHoldWhatTheySay(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		c, n := Column{Name: "x"}, 2+r.IntN(15)
		whole := seed%2 == 0
		for range 1000 + r.IntN(200_000)*int(seed%7/6) {
			v := math.Exp(2*r.NormFloat64()) * 10
			if whole {
				v = math.Round(v * 1000)
			}
			c.Numbers = append(c.Numbers, v)
		}
		f, err := Binned(c, n)
		if err != nil || len(f.Values) != n {
			t.Fatalf("seed %d: %v, %d bins of %d", seed, err, len(f.Values), n)
		}
		counts := make([]int, n)
		for row, code := range f.Codes {
			counts[code]++
			if low, high := ends(t, f.Values[code]); !(low <= c.Numbers[row] && (c.Numbers[row] < high || whole && c.Numbers[row] == high)) {
				t.Fatalf("seed %d: %v is in %s", seed, c.Numbers[row], f.Values[code])
			}
		}
		for i, count := range counts {
			if share := float64(count*n) / float64(len(f.Codes)); share < 0.75 || share > 1.25 || len(f.Values[i]) > 16 {
				t.Errorf("seed %d: %s has %.2f of its share", seed, f.Values[i], share)
			}
		}
	}
}

func ends(t *testing.T, label string) (low, high float64) {
	low, high = math.Inf(-1), math.Inf(1)
	from, to, ok := strings.Cut(label, "..")
	for text, end := range map[string]*float64{from: &low, to: &high} {
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			*end = v
		} else if text != "" || !ok {
			t.Fatalf("label %s", label)
		}
	}
	return low, high
}

// TestSlicesAgainstBruteForce takes each row's values by their words.
func TestSlicesAgainstBruteForce(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	var region, plan, age []string
	ages := Column{Name: "age"}
	for range 3000 {
		region = append(region, []string{"EU", "US", "-", "Asia"}[r.IntN(4)])
		plan = append(plan, []string{"free", "pro"}[r.IntN(50)/49])
		a := r.IntN(80)
		ages.Numbers = append(ages.Numbers, float64(a))
		switch {
		case a < 18:
			age = append(age, "..17")
		case a < 30:
			age = append(age, "18..29")
		default:
			age = append(age, "30..")
		}
	}
	spec, err := Parse("region * age by 18|30 * plan", nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := spec.Of([]Column{texts("plan", plan...), ages, texts("region", region...)}, Limits{Rows: 20})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]int32{}
	for row := range region {
		key := strings.Join([]string{strings.Replace(region[row], "-", "null", 1), age[row], plan[row]}, " ")
		want[key] = append(want[key], int32(row))
	}
	got := map[string][]int32{}
	last := ""
	for i, rows := range s.Split() {
		one := s.List[i]
		key := strings.Join([]string{one.Values["region"], one.Values["age"], one.Values["plan"]}, " ")
		got[key] = rows
		if one.Rows != len(rows) || (one.Small != "") != (len(rows) < 20) {
			t.Errorf("%s: %d rows, of %d: %s", key, one.Rows, len(rows), one.Small)
		}
		if here := strings.Replace(key, "null", "~", 1); here <= last && !strings.Contains(key, "..") {
			t.Errorf("%s comes after %s", key, last)
		} else {
			last = here
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 20 {
		t.Error(diff)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	x := texts("x", "a", "a", "a", "b", "c", "c", "d")
	spec := Spec{[]Term{{Column: "x"}}}
	s, err := spec.Of([]Column{x}, Limits{Rows: 2, Slices: 2, Classes: []int8{0, 1, -1, 0, 1, 1, 0}, PerClass: 1})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Slice{
		{map[string]string{"x": "a"}, 3, ""}, {map[string]string{"x": "c"}, 2, "0 rows of class 0, needs 1"},
	}, s.List); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int32{0, 0, 0, -1, 1, 1, -1}, s.Codes); diff != "" {
		t.Error(diff)
	}
	if want := "2 of 4 slices by x, those of the most rows; the others have 28.6% of the rows"; s.Note != want {
		t.Errorf("%s, want %s", s.Note, want)
	}
	for want, f := range map[string]func() (*Slices, error){
		`slice "y": no column "y"; did you mean "x"?`:                                                   func() (*Slices, error) { return Spec{[]Term{{Column: "y"}}}.Of([]Column{x}, Limits{}) },
		`slice "x binned 3": column x has categories, no numbers that bins could hold; write "x" alone`: func() (*Slices, error) { return Spec{[]Term{{Column: "x", Bins: 3}}}.Of([]Column{x}, Limits{}) },
		`slice "": no columns`:            func() (*Slices, error) { return Spec{}.Of(nil, Limits{}) },
		`slice "x": 1 classes for 7 rows`: func() (*Slices, error) { return spec.Of([]Column{x}, Limits{Classes: []int8{1}}) },
		`slice "x * y": column y has 1 rows, x has 7`: func() (*Slices, error) {
			return Spec{[]Term{{Column: "x"}, {Column: "y"}}}.Of([]Column{x, texts("y", "a")}, Limits{})
		},
		`slice "x * y": x * y has more than 100,000 values; leave it out, or put numbers into bins, as in "age binned 4"`: func() (*Slices, error) { return Spec{[]Term{{Column: "x"}, {Column: "y"}}}.Of(million(), Limits{}) },
	} {
		if _, err := f(); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// million is two columns whose values have a million pairs.
func million() []Column {
	x, y := ids(1000), ids(1000)
	y.Name, x.Codes, y.Codes = "y", nil, nil
	for row := range 1_000_000 {
		x.Codes, y.Codes = append(x.Codes, int32(row/1000)), append(y.Codes, int32(row%1000))
	}
	return []Column{x, y}
}
