package drift

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

const many = 6000

// customers are made up; moved turns on what the tests want to find.
func customers(seed uint64, moved bool) *profile.Profile {
	r := rand.New(rand.NewPCG(seed, 20))
	more := func(x float64) float64 {
		if moved {
			return x
		}
		return 0
	}
	plans := []string{"free", "pro", "team"}
	return describe(
		ints("id", table.Int, many, func(i int) int64 { return int64(seed)*1_000_000 + int64(i) }),
		ints("token", table.Int, many, func(int) int64 { return r.Int64N(1 << 60) }),
		texts("email", many, func(i int) string { return fmt.Sprintf("%d.%d@example.com", seed, i) }),
		ints("seen", table.Time, many, func(i int) int64 { return 1.7e15 + int64(seed)*1e12 + int64(i)*1e6 }),
		ints("day", table.Date, many, func(i int) int64 { return 19_000 + int64(seed)*10 + int64(i/1000) }),
		floats("uptime", many, func(i int) float64 { return float64(seed)*1e6 + float64(i) + r.Float64() }),
		ints("age", table.Int, many, func(int) int64 { return 40 + int64(r.NormFloat64()*12+more(9)) }),
		floats("income", many, func(int) float64 { return r.ExpFloat64() * 40_000 }).nulled(many, func(int) bool { return r.Float64() < 0.05+more(0.12) }),
		texts("plan", many, func(int) string {
			if r.Float64() < more(0.3) {
				return "trial, new"
			}
			return plans[r.IntN(3)]
		}),
		ints("born", table.Date, many, func(int) int64 { return r.Int64N(9000) - int64(more(3000)) }),
		ints("churned", table.Bool, many, func(int) int64 {
			if r.Float64() < 0.2+more(0.4) {
				return 1
			}
			return 0
		}),
		ints("height", table.Int, many, func(int) int64 { return 170 + int64(r.NormFloat64()*9) }),
		data{"nothing", table.Vector{Kind: table.Unknown, Nulls: allNull(many)}},
	)
}

func allNull(rows int) []bool {
	nulls := make([]bool, rows)
	for i := range nulls {
		nulls[i] = true
	}
	return nulls
}

func lines(r *Result) string {
	var b strings.Builder
	fmt.Fprintln(&b, strings.TrimSpace(string(r.Verdict)+" "+string(r.Level)))
	for _, c := range r.Columns {
		fmt.Fprintln(&b, c.shown())
	}
	if r.Label != nil {
		fmt.Fprintln(&b, "label "+r.Label.shown())
	}
	return b.String()
}

func TestWhatMoved(t *testing.T) {
	t.Parallel()
	got := lines(mustCompare(t, customers(1, false), customers(2, true), Options{Label: "churned", Skip: []string{"height"}}))
	want := `moved fail
born: moved fail, 34% down, median 1982-04-27 → 1974-04-26
plan: moved fail, 30% of rows have new values: "trial, new"
age: moved fail, 29% up, median 40 → 48
income: moved warn, nulls 5.1% → 18%
nothing: same, 0% moved
day: left out, it grows from row to row, as a clock does
email: left out, nearly every row has another text, as ids and free text do
height: left out, the file leaves it out
id: left out, nearly every row has another number, spread as ids are
seen: left out, nearly every row has another time
token: left out, nearly every row has another number, spread as ids are
uptime: left out, it grows from row to row, as a clock or a counter does
label churned: moved fail, 41% changed, true 19% → 60%, false 81% → 40%
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNothingMoved(t *testing.T) {
	t.Parallel()
	r := mustCompare(t, customers(1, false), customers(2, false), Options{})
	if r.Verdict != Same || r.Level != "" || r.Columns[0].Verdict != Same {
		t.Errorf("it has moved:\n%s", lines(r))
	}
	self := customers(3, false)
	for _, c := range mustCompare(t, self, self, Options{}).Columns {
		if c.Effect != 0 {
			t.Errorf("%s is not equal to itself: %v", c.Name, c.Effect)
		}
	}
}

// A hundred rows cannot show that a tenth moved, but can that all did.
func TestTooFewRows(t *testing.T) {
	t.Parallel()
	few := func(by int64) *profile.Profile {
		r := rand.New(rand.NewPCG(uint64(by), 1))
		return describe(ints("age", table.Int, 100, func(int) int64 { return by + 40 + int64(r.NormFloat64()*12) }))
	}
	c := mustCompare(t, few(0), few(1), Options{}).Columns[0]
	if c.Verdict != CantTell || c.Needs < 760 || c.Needs > 900 || c.Why != "needs "+fmt.Sprint(c.Needs)+" rows" {
		t.Errorf("100 rows: %+v", c)
	}
	if c := mustCompare(t, few(0), few(30), Options{}).Columns[0]; c.Verdict != Moved || c.Level != Fail {
		t.Errorf("100 rows that all moved: %+v", c)
	}
	if c := mustCompare(t, few(0), few(1), Options{Warn: 0.5}).Columns[0]; c.Verdict != Same {
		t.Errorf("half of 100 rows can be seen: %+v", c)
	}
	none := describe(ints("age", table.Int, 0, nil))
	if c := mustCompare(t, few(0), none, Options{}).Columns[0]; c.Verdict != CantTell || c.Why != "one side has no rows" {
		t.Errorf("no rows: %+v", c)
	}
}

// Each side having as many rows as were asked for is enough, and a few less are not.
func TestNeedsAreEnough(t *testing.T) {
	t.Parallel()
	for name, effective := range map[string]func(float64, float64) float64{"gaps": ofGaps, "variation": ofVariation, "shares": ofShares(0.3)} {
		for _, size := range []float64{0.02, 0.1, 0.2} {
			for _, have := range [][2]float64{{10, 10}, {50, 1e6}, {300, 40}, {1e6, 90}} {
				s := sensitivity{base: have[0], now: have[1], spare: 1, effective: effective}
				n := float64(s.needs(size, 1e-4))
				if n == 0 {
					continue
				}
				s.base, s.now = max(n, s.base), max(n, s.now)
				if s.needs(size, 1e-4) != 0 {
					t.Errorf("%s of %v with %v: %v rows are asked for and not enough", name, size, have, n)
				}
				s.base, s.now = max(n-2, have[0]), max(n-2, have[1])
				if s.needs(size, 1e-4) == 0 {
					t.Errorf("%s of %v with %v: %v rows would do, %v are asked for", name, size, have, n-2, n)
				}
			}
		}
	}
}

func TestNamedTests(t *testing.T) {
	t.Parallel()
	tests := map[string]Test{"id": {Name: "ks"}, "email": {Name: "psi"}}
	for name, text := range map[string]string{"age": "psi 0.2", "income": "wasserstein", "plan": "js 0.05 0.9", "born": "ks-p", "height": "chi2", "nothing": "tv", "churned": "linf"} {
		test, err := ParseTest(text)
		if err != nil {
			t.Fatal(err)
		}
		tests[name] = test
	}
	r := mustCompare(t, customers(1, false), customers(2, true), Options{Tests: tests})
	got := map[string]string{}
	for _, c := range r.Columns {
		if c.Test != "" {
			got[c.Name] = fmt.Sprintf("%s %s %s", c.Test, c.Verdict, c.Level)
		}
		if c.Test != "" && (c.P != nil || c.Effects != nil) {
			t.Errorf("%s is judged by the rule too: %+v", c.Name, c)
		}
	}
	want := map[string]string{
		"age": "psi moved fail", "income": "wasserstein same ", "plan": "js moved warn", "born": "ks-p moved fail", "height": "chi2 same ",
		"id": "ks moved fail", "email": "psi same ", "nothing": "tv can't tell ", "churned": "linf moved fail",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatCannotBeAskedFor(t *testing.T) {
	t.Parallel()
	p := customers(1, false)
	other := *p
	other.Version++
	for name, c := range map[string]struct {
		now  *profile.Profile
		o    Options
		want error
	}{
		"another version":         {&other, Options{}, ErrVersion},
		"another past version":    {p, Options{Past: []*profile.Profile{&other}}, ErrVersion},
		"more than all rows":      {p, Options{Warn: 1.5}, ErrThreshold},
		"fail before the warning": {p, Options{Warn: 0.3, Fail: 0.2}, ErrThreshold},
		"no such test":            {p, Options{Tests: map[string]Test{"age": {Name: "kl"}}}, ErrTest},
		"psi the wrong way round": {p, Options{Tests: map[string]Test{"age": {Name: "psi", Warn: 0.3, Fail: 0.1}}}, ErrThreshold},
		"p the wrong way round":   {p, Options{Tests: map[string]Test{"age": {Name: "chi2", Warn: 0.01, Fail: 0.05}}}, ErrThreshold},
	} {
		if _, err := Compare(p, c.now, c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for text, want := range map[string]error{"": ErrTest, "psi 1 2 3": ErrTest, "psi x": ErrThreshold, "psi -1": ErrThreshold, "cramer": ErrTest, "chi2 0.01 0.05": ErrThreshold} {
		if _, err := ParseTest(text); !errors.Is(err, want) {
			t.Errorf("ParseTest(%q): %v", text, err)
		}
	}
}

// What moves from run to run by itself is no alarm, once five runs have shown it.
func TestLearntNoise(t *testing.T) {
	t.Parallel()
	weekday := func(seed uint64) *profile.Profile {
		r := rand.New(rand.NewPCG(seed, 9))
		return describe(floats("load", 3000, func(int) float64 { return r.NormFloat64() + float64(seed%2)*0.5 }))
	}
	var past []*profile.Profile
	for seed := range uint64(5) {
		past = append(past, weekday(seed))
	}
	base, now := past[4], weekday(5)
	if c := mustCompare(t, base, now, Options{Past: past[1:]}).Columns[0]; c.Verdict != Moved {
		t.Errorf("four runs teach nothing: %+v", c)
	}
	c := mustCompare(t, base, now, Options{Past: past}).Columns[0]
	if c.Verdict != Same || c.Threshold < 0.15 || c.Threshold > 0.3 {
		t.Errorf("after five runs: %+v", c)
	}
	if c.Learnt != c.Threshold || !strings.HasSuffix(c.Why, "moves up to "+percent(c.Learnt)+" from run to run by itself") {
		t.Errorf("what was learnt is %v, and the words are %q", c.Learnt, c.Why)
	}
	if c := mustCompare(t, base, now, Options{Past: past, Warn: 0.5}).Columns[0]; c.Learnt != 0 || strings.Contains(c.Why, "by itself") {
		t.Errorf("what is below the threshold is no news: %+v", c)
	}
	if c := mustCompare(t, base, now, Options{Past: past, Fail: 0.15}).Columns[0]; c.Level != Fail || c.Threshold != 0.15 || !strings.HasSuffix(c.Why, ", which fails from 15% on even so") {
		t.Errorf("a threshold of failing that was asked for gives way: %+v", c)
	}
	if c := mustCompare(t, base, now, Options{Past: past, Fail: 0.5}).Columns[0]; c.Verdict != Same || c.Effects[0].Fail != 0.5 || c.Effects[0].Warn != c.Learnt {
		t.Errorf("a threshold of failing above what was learnt: %+v", c)
	}
	if got := beyond([]float64{0.1, 0.2, 0.4, 0.3}); got < 0.549 || got > 0.551 {
		t.Errorf("median plus three times MAD is %v", got)
	}
}

func TestRetyped(t *testing.T) {
	t.Parallel()
	whole := describe(ints("x", table.Int, many, func(i int) int64 { return int64(i % 100) }))
	real := describe(floats("x", many, func(i int) float64 { return float64(i % 100) }))
	text := describe(texts("x", many, func(i int) string { return word(i % 100) }))
	if c := mustCompare(t, whole, real, Options{}).Columns[0]; c.Verdict != Same || c.Effect != 0 {
		t.Errorf("equal numbers of another kind: %+v", c)
	}
	if c := mustCompare(t, whole, text, Options{Tests: map[string]Test{"x": {Name: "psi"}}}).Columns[0]; c.Why != "it was int and is string now" {
		t.Errorf("text in place of numbers: %+v", c)
	}
}

func TestInfinities(t *testing.T) {
	t.Parallel()
	zero := 0.0
	with := func(every int) *profile.Profile {
		return describe(floats("x", many, func(i int) float64 {
			if i%every == 0 {
				return 1 / zero
			}
			return float64(i % 7)
		}))
	}
	c := mustCompare(t, with(1000), with(4), Options{}).Columns[0]
	if c.Verdict != Moved || c.What != ofInfinite || c.Why != "infinite 0.1% → 25%" {
		t.Errorf("%+v", c)
	}
}

// TestSameBytes holds the result's JSON still, and free of what JSON cannot hold.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	var first string
	for range 5 {
		b, err := json.Marshal(mustCompare(t, customers(1, false), customers(2, true), Options{Label: "plan"}))
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(b)
		} else if first != string(b) {
			t.Fatalf("%s\nis not\n%s", b, first)
		}
	}
	for _, key := range []string{`"verdict":"moved"`, `"level":"fail"`, `"what":"values"`, `"measures":{"chi2":`, `"label":{"name":"plan"`, `"needs"`} {
		if has := strings.Contains(first, key); has != (key != `"needs"`) {
			t.Errorf("%s: %v in %s", key, has, first)
		}
	}
}

// The mean of the formula is that of dealing out, and of total variations drawn.
func TestExpectedTV(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for _, counts := range [][]float64{{3, 5}, {1, 1, 1, 1, 1, 1, 9}, {40, 30, 20, 5, 5, 1, 1}, {4000, 3000, 5, 1}} {
		n := 0.0
		var rows []int
		for i, c := range counts {
			for range int(c) {
				rows = append(rows, i)
			}
			n += c
		}
		side := len(rows) / 3
		var mean float64
		const draws = 4000
		for range draws {
			r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			a, b := make([]float64, len(counts)), make([]float64, len(counts))
			for i, c := range rows {
				if i < side {
					a[c]++
				} else {
					b[c]++
				}
			}
			mean += TV(a, b) / draws
			if got := ExpectedTV(a, b); rounded(got) != rounded(ExpectedTV(scaled(counts, float64(side)/n), scaled(counts, 1-float64(side)/n))) {
				t.Fatalf("%v: the expectation depends on how the rows lie: %v", counts, got)
			}
		}
		if got := ExpectedTV(scaled(counts, float64(side)/n), scaled(counts, 1-float64(side)/n)); got < 0.95*mean || got > 1.05*mean {
			t.Errorf("%v: %v is expected, %v drawn", counts, got, mean)
		}
	}
}

func scaled(counts []float64, by float64) []float64 {
	out := make([]float64, len(counts))
	for i, c := range counts {
		out[i] = c * by
	}
	return out
}

// rounded keeps six digits.
func rounded(x float64) int64 { return int64(x*1e6 + 0.5) }

// Counts of values that are not all listed are bounds, and what lies between them
// is no change.
func TestUncertainCounts(t *testing.T) {
	t.Parallel()
	column := func(exact bool, most, other int64, vs ...profile.Value) *profile.Column {
		return &profile.Column{Kind: table.Text, Rows: 1000, Exact: exact, Most: most, Other: other, Values: vs}
	}
	a := column(false, 20, 700, profile.Value{Text: "x", Count: 300, Over: 40}, profile.Value{Text: "y", Count: 40, Over: 10})
	b := column(false, 20, 600, profile.Value{Text: "x", Count: 400, Over: 30}, profile.Value{Text: "z", Count: 15, Over: 5})
	c := count(a, b)
	want := categories{names: []string{"x", "y", "z", ""}, a: []float64{300, 30, 12.5, 657.5}, b: []float64{370, 20, 12.5, 597.5},
		unseen: []string{"z"}, unseenRows: 10}
	if diff := cmp.Diff(want, c, cmp.AllowUnexported(categories{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
