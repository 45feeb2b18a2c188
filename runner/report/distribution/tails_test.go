package distribution

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// TestTailsAgainstSciPy compares with what testdata/tails.py prints.
func TestTailsAgainstSciPy(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/tails.json")
	if err != nil {
		t.Fatal(err)
	}
	var g struct {
		Chi2       [][3]float64
		Kolmogorov [][2]float64
	}
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Chi2) < 60 || len(g.Kolmogorov) < 10 {
		t.Fatalf("%d and %d tails", len(g.Chi2), len(g.Kolmogorov))
	}
	for _, c := range g.Chi2 {
		if got := ChiSquareTail(c[0], c[1]); math.Abs(got-c[2]) > 1e-9*c[2] {
			t.Errorf("chi-square %v with df %v: %.17g, SciPy has %.17g", c[0], c[1], got, c[2])
		}
	}
	for _, c := range g.Kolmogorov {
		if got := KolmogorovTail(c[0]); math.Abs(got-c[1]) > 1e-9*c[1] {
			t.Errorf("Kolmogorov %v: %.17g, SciPy has %.17g", c[0], got, c[1])
		}
	}
}

func TestTailsAtTheEdges(t *testing.T) {
	t.Parallel()
	inf, nan := math.Inf(1), math.NaN()
	for name, c := range map[string]struct{ got, want float64 }{
		"nothing is less than 0":   {ChiSquareTail(-1, 3), 1},
		"all is less than endless": {ChiSquareTail(inf, 3), 0},
		"no degrees of freedom":    {ChiSquareTail(1, 0), nan},
		"chi-square of NaN":        {ChiSquareTail(nan, 3), nan},
		"no distance":              {KolmogorovTail(0), 1},
		"endless distance":         {KolmogorovTail(inf), 0},
		"Kolmogorov of NaN":        {KolmogorovTail(nan), nan},
	} {
		if c.got != c.want && !(math.IsNaN(c.got) && math.IsNaN(c.want)) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}
