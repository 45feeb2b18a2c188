package history

import (
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestSuggest(t *testing.T) {
	t.Parallel()
	auc := []float64{0.913439, 0.90645, 0.912384, 0.913854, 0.91434, 0.90941, 0.912567, 0.911064, 0.911573, 0.917183, 0.911577, 0.9136}
	for _, c := range []struct {
		name   string
		series Series
		test   Test
		b      float64
		gate   string
		alarms int
		why    string
	}{
		{"higher is better", Series{Name: "auc", Better: "higher", Values: auc}, TTest, 0.99, "auc >= 0.9047", 1,
			"12 runs had a mean of 0.9123 and a standard deviation of 0.002674; about 1 in 100 like them falls outside by chance; had the others set it, it would have blocked 1 of 12"},
		{"lower is better", Series{Name: "val.loss", Better: "lower", Unit: "nats", Values: auc}, ZScore, 0.95, "val.loss <= 0.9167", 1,
			"12 runs had a mean of 0.9123 nats and a standard deviation of 0.002674; about 1 in 20 like them falls outside by chance; had the others set it, it would have blocked 1 of 12"},
		{"neither is known to be", Series{Name: "rows", Values: []float64{1000, 1010, 990, 1005, 995}}, Percentage, 0.1, "rows >= 900 && rows <= 1100", 0,
			"5 runs had a mean of 1000 and a standard deviation of 7.906; had the others set it, it would have blocked 0 of 5"},
		{"it never moved but for rounding", Series{Name: "params", Better: "lower", Values: []float64{0.3, 0.30000000000000004, 0.3, 0.3, 0.3}}, TTest, 0.99, "metrics.params <= 0.30000000000000004", 0,
			"in 5 runs it was always 0.3, so any move to the worse is one"},
		{"it was always the same", Series{Name: "loss", Better: "lower", Values: []float64{0.31, 0.31, 0.31, 0.31, 0.31}}, TTest, 0.99, "loss <= 0.31", 0,
			"in 5 runs it was always 0.31, so any move to the worse is one"},
		{"a name that is none in expressions", Series{Name: "recall@10.it's", Better: "higher", Values: []float64{5, 6, 5, 6, 7}}, IQR, 2, "metrics['recall@10']['it''s'] >= 4", 0,
			"5 runs had a median of 6 and a standard deviation of 0.8367; had the others set it, it would have blocked 0 of 5"},
		{"far from 1", Series{Name: "bytes", Better: "lower", Values: []float64{2e18, 2.1e18, 2e18, 1.9e18, 2e18}}, TTest, 0.99, "bytes <= 2.3e+18", 0, "*"},
		{"near 0", Series{Name: "error", Better: "lower", Values: []float64{2e-9, 2.1e-9, 2e-9, 1.9e-9, 2e-9}}, TTest, 0.99, "error <= 2.3e-09", 0, "*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := Suggest(c.series, c.test, c.b)
			if err != nil || s.Gate != c.gate || s.Alarms != c.alarms || s.Why != c.why && c.why != "*" || s.Rate != float64(s.Alarms)/float64(s.Runs) {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
	if _, err := Suggest(Series{Name: "auc", Values: auc[:4]}, TTest, 0.99); !errors.Is(err, ErrFew) || !strings.Contains(err.Error(), "auc") {
		t.Errorf("of four values: %v", err)
	}
	if _, err := Suggest(Series{Name: "auc", Values: auc}, TTest, 2); !errors.Is(err, ErrBoundary) {
		t.Errorf("with a wrong boundary: %v", err)
	}
}

// By chance alone a suggested gate blocks about as many of a thousand new runs
// as its boundary says.
func TestSuggestionHoldsItsRate(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	draw := func() float64 { return 0.9 + 0.01*r.NormFloat64() }
	blocked, all := 0, 0
	for range 400 {
		s := Series{Name: "auc", Better: "higher"}
		for range 10 {
			s.Values = append(s.Values, draw())
		}
		g, err := Suggest(s, TTest, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		low, err := strconv.ParseFloat(strings.TrimPrefix(g.Gate, "auc >= "), 64)
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			if all++; draw() < low {
				blocked++
			}
		}
	}
	if rate := float64(blocked) / float64(all); rate < 0.035 || rate > 0.055 {
		t.Errorf("%.4f of new runs are blocked, want 0.05 or, for the rounding, a little less", rate)
	}
}

// FuzzSuggest: what is suggested passes the center of its history, and its
// threshold is read back as it was meant.
func FuzzSuggest(f *testing.F) {
	f.Add("auc", 0.91, 0.92, 0.9, 0.93, 0.5)
	f.Add("a b", 1e300, -1e300, 0.0, 0.0, 0.0)
	f.Fuzz(func(t *testing.T, name string, a, b, c, d, e float64) {
		for _, better := range []string{"higher", "lower", ""} {
			s := Series{Name: name, Better: better, Values: []float64{a, b, c, d, e}}
			g, err := Suggest(s, TTest, 0.99)
			if err != nil {
				continue
			}
			l, err := TTest.Limits(s.Values, 0.99)
			if err != nil {
				t.Fatal(err)
			}
			if gate := gateOf(better, l); !gate.passes(l.Center) && !math.IsNaN(l.High) && !math.IsInf(l.High, 0) {
				t.Errorf("%v: %+v does not pass %v", s.Values, gate, l.Center)
			}
			if g.Gate == "" || g.Why == "" {
				t.Errorf("%+v", g)
			}
		}
	})
}
