package history

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"testing"
)

// golden is testdata/golden.json.
type golden struct {
	Series map[string][]float64
	Limits []struct {
		Series            string
		Test              Test
		Boundary          float64
		Center, Low, High float64
	}
	P []struct {
		Series string
		Test   Test
		X, P   float64
	}
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

func near(a, b float64) bool { return within(1e-10, a, b) }

func within(part, a, b float64) bool {
	return a == b || math.Abs(a-b) <= part*math.Max(math.Abs(a), math.Abs(b))
}

// TestAgainstSciPy compares with what testdata/golden.py prints.
func TestAgainstSciPy(t *testing.T) {
	t.Parallel()
	var g golden
	readJSON(t, "testdata/golden.json", &g)
	if len(g.Limits) < 60 || len(g.P) < 40 {
		t.Fatalf("%d limits and %d probabilities", len(g.Limits), len(g.P))
	}
	for _, c := range g.Limits {
		l, err := c.Test.Limits(g.Series[c.Series], c.Boundary)
		part := 1e-10
		if c.Test == TTest { // SciPy 1.10 finds Student's quantiles to nine digits; R's are compared with in package distribution
			part = 1e-8
		}
		if err != nil || !near(l.Center, c.Center) || !within(part, l.Low, c.Low) || !within(part, l.High, c.High) {
			t.Errorf("%s %s %v: %+v, %v; SciPy has %v, %v, %v", c.Series, c.Test, c.Boundary, l, err, c.Center, c.Low, c.High)
		}
	}
	for _, c := range g.P {
		p, ok := c.Test.P(g.Series[c.Series], c.X)
		if !ok || !near(p, c.P) {
			t.Errorf("%s %s at %v: p %v, %v; SciPy has %v", c.Series, c.Test, c.X, p, ok, c.P)
		}
	}
}

// The example of Bencher's documentation: 25 values with mean 100 and standard
// deviation 10, boundary 0.977.
func TestDocumentedExample(t *testing.T) {
	t.Parallel()
	d := math.Sqrt(100 * 24.0 / 2)
	xs := make([]float64, 25)
	for i := range xs {
		xs[i] = 100
	}
	xs[3], xs[17] = 100+d, 100-d
	l, err := TTest.Limits(xs, 0.977)
	if err != nil || math.Round(l.Low*100) != 7854 || math.Round(l.High*100) != 12146 {
		t.Errorf("%+v, %v; want 78.54 and 121.46", l, err)
	}
}

// A metric that never moved alarms at any move, and not at the rounding of a
// sum in another order.
func TestConstantHistory(t *testing.T) {
	t.Parallel()
	const sum = 0.30000000000000004 // of 0.1 and 0.2 in floating point
	xs := []float64{sum, 0.3, 0.3, 0.3, 0.3}
	for _, test := range []Test{ZScore, TTest, LogNormal, IQR, DeltaIQR} {
		b := 1.0
		if test != IQR && test != DeltaIQR {
			b = 0.99
		}
		l, err := test.Limits(xs, b)
		if err != nil || !l.Constant || l.Side(0.3001) != 1 || l.Side(0.2999) != -1 || l.Side(0.3) != 0 || l.Side(sum) != 0 {
			t.Errorf("%s: %+v, %v", test, l, err)
		}
	}
	for x, want := range map[float64]float64{0.3: 1, 0.31: 0} {
		if p, ok := TTest.P(xs, x); !ok || p != want {
			t.Errorf("p of %v is %v, %v", x, p, ok)
		}
	}
	if l, err := TTest.Limits([]float64{0, 0, 0}, 0.9); err != nil || l.Side(0) != 0 || l.Side(1e-300) != 1 {
		t.Errorf("always 0: %+v, %v", l, err)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		test   Test
		values []float64
		b      float64
		want   error
	}{
		{TTest, []float64{1}, 0.9, ErrFew},
		{ZScore, nil, 0.9, ErrFew},
		{DeltaIQR, []float64{1}, 1, ErrFew},
		{IQR, nil, 1, ErrFew},
		{TTest, []float64{1, 2}, 1, ErrBoundary},
		{TTest, []float64{1, 2}, 0.4, ErrBoundary},
		{TTest, []float64{1, 2}, math.NaN(), ErrBoundary},
		{Percentage, []float64{1, 2}, -1, ErrBoundary},
		{IQR, []float64{1, 2}, math.Inf(1), ErrBoundary},
		{Static, nil, math.Inf(1), ErrBoundary},
		{TTest, []float64{1, math.NaN()}, 0.9, ErrValue},
		{LogNormal, []float64{1, 0}, 0.9, ErrValue},
		{DeltaIQR, []float64{0, 1}, 1, ErrValue},
	} {
		if _, err := c.test.Limits(c.values, c.b); !errors.Is(err, c.want) {
			t.Errorf("%s %v %v: %v, want %v", c.test, c.values, c.b, err, c.want)
		}
	}
	if _, err := Test("ttest").Limits([]float64{1, 2}, 0.9); err == nil {
		t.Error("an unknown test works")
	}
	if l, err := Static.Limits(nil, 0.8); err != nil || l.Side(0.79) != -1 || l.Side(0.81) != 1 || l.Side(0.8) != 0 || l.Side(math.NaN()) != -1 {
		t.Errorf("static: %+v, %v", l, err)
	}
}

// FuzzLimits: limits enclose the center, move with the history and grow with the boundary.
func FuzzLimits(f *testing.F) {
	f.Add(1.0, 2.0, 3.0, 4.5, 0.9, 0.99)
	f.Add(0.0, 0.0, 0.0, 0.0, 0.5, 0.6)
	f.Fuzz(func(t *testing.T, a, b, c, d, b1, b2 float64) {
		xs := []float64{a, b, c, d}
		for _, x := range xs {
			if math.Abs(x) > 1e100 {
				return
			}
		}
		if b1 > b2 {
			b1, b2 = b2, b1
		}
		for _, test := range Tests() {
			l1, err1 := test.Limits(xs, b1)
			l2, err2 := test.Limits(xs, b2)
			if err1 != nil || err2 != nil || test == Static {
				continue
			}
			if !(l1.Low <= l1.Center && l1.Center <= l1.High) {
				t.Errorf("%s %v: %+v", test, xs, l1)
			}
			if slack := 1e-9 * (math.Abs(l1.Low) + math.Abs(l1.High)); l2.Low > l1.Low+slack || l2.High < l1.High-slack {
				t.Errorf("%s %v: %v at %v, %v at %v", test, xs, l1, b1, l2, b2)
			}
		}
	})
}
