package distribution

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

func near(a, b float64) bool {
	return a == b || math.Abs(a-b) <= 1e-10*math.Max(math.Abs(a), math.Abs(b))
}

// TestCorrectionsAgainstR compares with what testdata/adjust.R prints.
func TestCorrectionsAgainstR(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/adjust.json")
	if err != nil {
		t.Fatal(err)
	}
	var lists []struct{ P, Holm, BH []float64 }
	if err := json.Unmarshal(data, &lists); err != nil {
		t.Fatal(err)
	}
	if len(lists) != 5 {
		t.Fatalf("%d lists", len(lists))
	}
	for _, c := range lists {
		for i := range c.P {
			if h := Holm(c.P)[i]; !near(h, c.Holm[i]) {
				t.Errorf("Holm(%v)[%d] is %v, R has %v", c.P, i, h, c.Holm[i])
			}
			if b := BenjaminiHochberg(c.P)[i]; !near(b, c.BH[i]) {
				t.Errorf("BenjaminiHochberg(%v)[%d] is %v, R has %v", c.P, i, b, c.BH[i])
			}
		}
	}
	if got := Holm([]float64{math.NaN(), 0.01, -1}); got[0] != 1 || got[1] != 0.02 || got[2] != 0 {
		t.Errorf("what is no probability becomes %v", got)
	}
}
