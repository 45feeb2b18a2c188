package slice

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// customers draws plans, ages and losses that are 0.5 higher for the young ones on
// the free plan.
func customers(rows int) ([]Feature, Rows) {
	r := rand.New(rand.NewPCG(8, 8))
	plan, age, device := texts("plan"), Column{Name: "age"}, texts("device")
	plan.Names, device.Names = []string{"free", "pro", "team"}, []string{"tv", "web", "app"}
	var losses []float64
	for range rows {
		p, a := int32(r.IntN(3)), float64(18+r.IntN(48))
		plan.Codes, age.Numbers, device.Codes = append(plan.Codes, p), append(age.Numbers, a), append(device.Codes, int32(r.IntN(3)))
		loss := r.ExpFloat64()
		if p == 0 && a < 30 {
			loss += 0.5
		}
		losses = append(losses, loss)
	}
	var fs []Feature
	for _, f := range []func() (Feature, error){
		func() (Feature, error) { return Auto(plan) }, func() (Feature, error) { return Auto(device) },
		func() (Feature, error) { return Cut(age, []float64{30, 40, 50}) },
	} {
		one, err := f()
		if err != nil {
			panic(err)
		}
		fs = append(fs, one)
	}
	return fs, Rows{Values: losses}
}

func sentences(d *Discovery) (out []string) {
	for _, f := range d.Found {
		out = append(out, f.Sentence)
	}
	return out
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	fs, rows := customers(30_000)
	d := discovered(t, fs, rows, Options{What: "log-loss"})
	if diff := cmp.Diff([]string{"log-loss 50% above average where plan=free and age ..29 (2,455 rows)"}, sentences(d)); diff != "" {
		t.Fatal(diff)
	}
	f := d.Found[0]
	in := belongs(fs, f)
	var of []int
	for row := range rows.Values {
		if in(row) {
			of = append(of, row)
		}
	}
	slices.SortStableFunc(of, func(a, b int) int { return int(math.Copysign(1, rows.Values[b]-rows.Values[a])) })
	if diff := cmp.Diff(of[:5], f.Examples); diff != "" {
		t.Errorf("examples: %s", diff)
	}
	if diff := cmp.Diff(compared(t, rows, in).P, f.P); diff != "" || f.Rows != len(of) || f.Share != float64(len(of))/30_000 {
		t.Errorf("%+v has %d rows, p %s", f, len(of), diff)
	}
	near(t, "above", f.Above, (f.Mean-d.Mean)/d.Mean)
	if d.Rows != 30_000 || d.Tests != 3+3+4+9+12+12 || d.Notes != nil {
		t.Errorf("%d rows, %d tests, notes %q", d.Rows, d.Tests, d.Notes)
	}
	if again := discovered(t, fs, rows, Options{What: "log-loss"}); cmp.Diff(fmt.Sprintf("%+v", d), fmt.Sprintf("%+v", again)) != "" {
		t.Error("another time it is another")
	}
}

// What changes nothing in truth changes nothing that is found.
func TestDiscoverTheSameOtherwise(t *testing.T) {
	t.Parallel()
	fs, rows := customers(30_000)
	want := discovered(t, fs, rows, Options{})
	n := len(rows.Values)
	weights, clusters, nulls := make([]float64, n+1), make([]int32, n+1), append([]float64{}, rows.Values...)
	for row := range weights {
		weights[row], clusters[row] = 3, int32(row*7919%(n+1))
	}
	var longer []Feature
	for _, f := range fs {
		longer = append(longer, Feature{f.Name, f.Values, append(slices.Clone(f.Codes), 0)})
	}
	nulls = append(nulls, math.NaN())
	for name, got := range map[string]*Discovery{
		"weights":  discovered(t, fs, Rows{Values: rows.Values, Weights: weights[:n]}, Options{}),
		"clusters": discovered(t, fs, Rows{Values: rows.Values, Clusters: clusters[:n]}, Options{}),
		"null":     discovered(t, longer, Rows{Values: nulls}, Options{}),
		"infinity": discovered(t, longer, Rows{Values: append(nulls[:n:n], math.Inf(1))}, Options{}),
		"no weight": discovered(t, longer, Rows{
			Values: append(nulls[:n:n], 1e6), Weights: append(slices.Clone(weights[:n]), 0), Clusters: clusters}, Options{}),
		"depth 3": discovered(t, fs, rows, Options{Depth: 3}),
	} {
		if diff := cmp.Diff(sentences(want), sentences(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
			continue
		}
		near(t, name+": p", got.Found[0].P, want.Found[0].P)
		near(t, name+": high", got.Found[0].High, want.Found[0].High)
		notes := ""
		if slices.Contains([]string{"null", "infinity", "no weight"}, name) {
			notes = "1 of 30,001 rows have no value or weight and are left out"
		}
		if got.Rows != n || strings.Join(got.Notes, "") != notes {
			t.Errorf("%s: %d rows, %s", name, got.Rows, got.Notes)
		}
	}
}

// A weight moves the mean: the young ones on the free plan are as the rest if only
// those of them count whose losses are low.
func TestWeightsCount(t *testing.T) {
	t.Parallel()
	fs, rows := customers(30_000)
	rows.Weights = make([]float64, len(rows.Values))
	for row, v := range rows.Values {
		rows.Weights[row] = 1
		if fs[0].Codes[row] == 0 && fs[2].Codes[row] == 0 && v > 1.5 {
			rows.Weights[row] = 0.1
		}
	}
	if d := discovered(t, fs, rows, Options{}); len(d.Found) > 0 {
		t.Errorf("%q", sentences(d))
	}
}

func TestThreeFeatures(t *testing.T) {
	t.Parallel()
	fs, rows := customers(60_000)
	for row := range rows.Values {
		if fs[0].Codes[row] == 0 && fs[2].Codes[row] == 0 && fs[1].Codes[row] != 0 {
			rows.Values[row] -= 0.5
		}
	}
	value := func(i, v int) string { return Value{fs[i].Name, fs[i].Values[v]}.String() }
	three := strings.Join([]string{value(0, 0), value(2, 0), value(1, 0)}, " and ")
	d := discovered(t, fs, rows, Options{Depth: 3})
	if len(d.Found) != 1 || !strings.Contains(d.Found[0].Sentence, three) && len(d.Found[0].Values) != 3 {
		t.Errorf("%q, want %s", sentences(d), three)
	}
	near(t, "mean", d.Found[0].Effect, compared(t, rows, belongs(fs, d.Found[0])).Effect)
	if pairs := discovered(t, fs, rows, Options{}); len(pairs.Found) == 0 || len(pairs.Found[0].Values) != 2 {
		t.Errorf("%q", sentences(pairs))
	}
	if ones := discovered(t, fs, rows, Options{Depth: 1}); len(ones.Found) == 0 || len(ones.Found[0].Values) != 1 || ones.Tests != 10 {
		t.Errorf("%q of %d", sentences(ones), ones.Tests)
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	fs, rows := customers(30_000)
	for row := range rows.Values {
		rows.Values[row] -= 1.1 // better by 0.1, but worse by 0.4 for some
	}
	if d := discovered(t, fs, rows, Options{Difference: true}); cmp.Diff([]string{"loss up +0.45, elsewhere −0.11, where plan=free and age ..29 (2,455 rows)"}, sentences(d)) != "" {
		t.Errorf("%q", sentences(d))
	}
	if d := discovered(t, fs, rows, Options{Difference: true, Scale: 2}); cmp.Diff([]string{"loss up 22% (+0.45), elsewhere −0.11, where plan=free and age ..29 (2,455 rows)"}, sentences(d)) != "" {
		t.Errorf("%q", sentences(d))
	}
	for row := range rows.Values {
		rows.Values[row] -= 1 // better everywhere, there the least
	}
	if d := discovered(t, fs, rows, Options{Difference: true}); len(d.Found) > 0 {
		t.Errorf("%q", sentences(d))
	}
}

func TestDiscoverAtTheEdges(t *testing.T) {
	t.Parallel()
	fs, rows := customers(2000)
	constant := Rows{Values: slices.Repeat([]float64{0.1}, 2000)}
	for name, d := range map[string]*Discovery{
		"nothing varies": discovered(t, fs, constant, Options{}),
		"few rows":       discovered(t, fs, rows, Options{Rows: 1001}),
		"no features":    discovered(t, nil, rows, Options{}),
		"no values":      discovered(t, fs, Rows{Values: slices.Repeat([]float64{math.NaN()}, 2000)}, Options{}),
		"no rows":        discovered(t, nil, Rows{}, Options{}),
		"few clusters":   discovered(t, fs, Rows{Values: rows.Values, Clusters: make([]int32, 2000)}, Options{}),
		"tiny":           discovered(t, fs, rows, Options{Rows: 1, Share: 1e-9, Least: 50}),
		"huge values":    discovered(t, fs, Rows{Values: slices.Repeat([]float64{1e200, -1e200}, 1000)}, Options{}),
	} {
		if len(d.Found) > 0 {
			t.Errorf("%s: %q", name, sentences(d))
		}
	}
	for want, f := range map[string]func() error{
		"feature plan has 2000 rows, there are 3 values": func() error { _, err := Discover(fs, Rows{Values: make([]float64, 3)}, Options{}); return err },
		"3 weights for 2000 rows": func() error {
			_, err := Discover(fs, Rows{Values: rows.Values, Weights: make([]float64, 3)}, Options{})
			return err
		},
		"3 clusters for 2000 rows": func() error {
			_, err := Compare(Rows{Values: rows.Values, Clusters: make([]int32, 3)}, nil)
			return err
		},
		"feature x: row 1 has value 7 of 1": func() error {
			_, err := Discover([]Feature{{"x", []string{"a"}, []uint16{0, 7}}}, Rows{Values: make([]float64, 2)}, Options{})
			return err
		},
	} {
		if err := f(); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// All the wrong rows are in one slice: nothing varies on either side.
func TestCertainty(t *testing.T) {
	t.Parallel()
	fs, rows := customers(5000)
	for row := range rows.Values {
		rows.Values[row] = 0
		if fs[0].Codes[row] == 1 {
			rows.Values[row] = 1
		}
	}
	d := discovered(t, fs, rows, Options{})
	if len(d.Found) != 1 || d.Found[0].P != 0 || len(d.Found[0].Values) != 1 {
		t.Errorf("%q", sentences(d))
	}
}

// More pairs than there is room for are left out, and said so.
func TestRoom(t *testing.T) {
	t.Parallel()
	codes, sizes := make([][]uint16, 60), make([]int, 60)
	for i := range codes {
		codes[i], sizes[i] = make([]uint16, 1000), 30
		for row := range codes[i] {
			codes[i][row] = uint16(row * (i + 1) % 30)
		}
	}
	d := discovered(t, featuresOf(codes, sizes), Rows{Values: make([]float64, 1000)}, Options{})
	if len(d.Notes) != 1 || !strings.HasPrefix(d.Notes[0], "580 of 1,770 pairs of features were looked at") {
		t.Errorf("%q", d.Notes)
	}
}
