package distribution

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestAgainstR compares with what R prints; see testdata/golden.R.
func TestAgainstR(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/golden.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	worst := map[string]float64{}
	lines := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		fields := strings.Split(s.Text(), ",")
		if len(fields) != 4 || fields[0] == "what" {
			continue
		}
		lines++
		df, x, want := parse(t, fields[1]), parse(t, fields[2]), parse(t, fields[3])
		got := map[string]func() float64{
			"pnorm": func() float64 { return NormalCDF(x) }, "qnorm": func() float64 { return NormalQuantile(x) },
			"pt": func() float64 { return StudentCDF(x, df) }, "qt": func() float64 { return StudentQuantile(x, df) },
		}[fields[0]]()
		off := math.Abs(got-want) / math.Max(math.Abs(want), 1e-300)
		worst[fields[0]] = math.Max(worst[fields[0]], off)
		if !(off < 1e-9) {
			t.Errorf("%s(%v, df %v) is %.17g, R has %.17g", fields[0], x, df, got, want)
		}
	}
	if lines < 300 {
		t.Errorf("%d lines", lines)
	}
	t.Logf("largest relative differences: %v", worst)
}

func parse(t *testing.T, s string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEdges(t *testing.T) {
	t.Parallel()
	inf, nan := math.Inf(1), math.NaN()
	for name, c := range map[string]struct{ got, want float64 }{
		"certain":               {StudentQuantile(1, 5), inf},
		"impossible":            {StudentQuantile(0, 5), -inf},
		"the middle":            {StudentQuantile(0.5, 5), 0},
		"more than certain":     {StudentQuantile(1.1, 5), nan},
		"no degrees of freedom": {StudentQuantile(0.9, 0), nan},
		"NaN degrees":           {StudentCDF(1, nan), nan},
		"NaN":                   {StudentCDF(nan, 4), nan},
		"far right":             {StudentCDF(inf, 4), 1},
		"far left":              {StudentCDF(-inf, 4), 0},
		"endless degrees":       {StudentQuantile(0.975, inf), NormalQuantile(0.975)},
		"normal, certain":       {NormalQuantile(1), inf},
		"normal, too much":      {NormalQuantile(2), nan},
	} {
		if c.got != c.want && !(math.IsNaN(c.got) && math.IsNaN(c.want)) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}

// FuzzStudent: the quantile is the inverse of the probability, and symmetric.
func FuzzStudent(f *testing.F) {
	for _, p := range []float64{1e-9, 0.025, 0.3, 0.5, 0.8} {
		f.Add(p, 3.0)
		f.Add(p, 1e6)
	}
	f.Fuzz(func(t *testing.T, p, df float64) {
		x := StudentQuantile(p, df)
		if !(p > 1e-250 && p < 1-1e-9 && df > 0.1 && df < 1e9) {
			return // no panic and no endless loop
		}
		if back := StudentCDF(x, df); math.Abs(back-p) > 1e-9*p {
			t.Errorf("df %v: quantile of %v is %v, whose probability is %v", df, p, x, back)
		}
		if p > 0.01 {
			if other := StudentQuantile(1-p, df); math.Abs(other+x) > 1e-7*(1+math.Abs(x)) {
				t.Errorf("df %v: quantiles of %v and its complement are %v and %v", df, p, x, other)
			}
		}
	})
}

func ExampleStudentQuantile() {
	fmt.Printf("%.3f %.3f\n", StudentQuantile(0.975, 9), NormalQuantile(0.975))
	// Output: 2.262 1.960
}

func BenchmarkStudentQuantile(b *testing.B) {
	for b.Loop() {
		StudentQuantile(0.975, 11)
	}
}
