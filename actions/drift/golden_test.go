package drift

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/mlops-runner/mlops/actions/profile"
)

func readGolden(t *testing.T, path string, v any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

func expectNear(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-9*math.Abs(want)) {
		t.Errorf("%s is %.17g, want %.17g", what, got, want)
	}
}

type goldenKS struct {
	N, M            int64
	D, Exact, Limit float64
}

func (g goldenKS) check(t *testing.T, by string, digits float64) {
	expectNear(t, by+": exact p", KSP(g.D, g.N, g.M), g.Exact)
	if got := KSLimitP(g.D, g.N, g.M); math.Abs(got-g.Limit) > digits*g.Limit {
		t.Errorf("%s: limit of p is %.17g, want %.17g", by, got, g.Limit)
	}
}

// TestAgainstSciPy compares with what testdata/golden.py prints.
func TestAgainstSciPy(t *testing.T) {
	t.Parallel()
	var g struct {
		Tables []struct {
			A, B                                   []float64
			PSI, JS, Hellinger, TV, Linf, KS, Chi2 float64
			P                                      float64 `json:"chi2_p"`
		}
		Noise []struct {
			A, B []float64
			TV   float64
		}
		KS         []goldenKS
		Histograms []struct {
			A, B        [][3]float64
			Wasserstein float64
		}
	}
	readGolden(t, "testdata/golden.json", &g)
	if len(g.Tables) < 12 || len(g.KS) < 12 || len(g.Noise) < 4 || len(g.Histograms) < 4 {
		t.Fatalf("%d tables, %d KS tests, %d histograms", len(g.Tables), len(g.KS), len(g.Histograms))
	}
	for _, c := range g.Tables {
		expectNear(t, "psi", PSI(c.A, c.B), c.PSI)
		expectNear(t, "js", JS(c.A, c.B), c.JS)
		expectNear(t, "hellinger", Hellinger(c.A, c.B), c.Hellinger)
		expectNear(t, "tv", TV(c.A, c.B), c.TV)
		expectNear(t, "linf", Linf(c.A, c.B), c.Linf)
		expectNear(t, "ks", KS(c.A, c.B), c.KS)
		statistic, p := ChiSquare(c.A, c.B)
		expectNear(t, "chi-square", statistic, c.Chi2)
		expectNear(t, "p of chi-square", p, c.P)
	}
	for _, c := range g.Noise {
		expectNear(t, "expected tv", ExpectedTV(c.A, c.B), c.TV)
	}
	for _, c := range g.KS {
		c.check(t, "SciPy", 1e-9)
	}
	for _, c := range g.Histograms {
		expectNear(t, "wasserstein", Wasserstein(cells(c.A), cells(c.B)), c.Wasserstein)
	}
}

func cells(rows [][3]float64) []profile.Cell {
	var out []profile.Cell
	for _, r := range rows {
		out = append(out, profile.Cell{Low: r[0], High: r[1], Count: int64(r[2])})
	}
	return out
}

// TestAgainstR compares with what testdata/golden.R prints.
func TestAgainstR(t *testing.T) {
	t.Parallel()
	var g struct {
		Tables []struct {
			A, B         []float64
			Statistic, P float64
		}
		KS []goldenKS
	}
	readGolden(t, "testdata/golden_r.json", &g)
	if len(g.Tables) != 4 || len(g.KS) != 4 {
		t.Fatalf("%d tables, %d KS tests", len(g.Tables), len(g.KS))
	}
	for _, c := range g.Tables {
		statistic, p := ChiSquare(c.A, c.B)
		expectNear(t, "R: chi-square", statistic, c.Statistic)
		expectNear(t, "R: p of chi-square", p, c.P)
	}
	for _, c := range g.KS {
		c.check(t, "R", 1e-7) // which ends its series at terms of 1e-8
	}
}

func TestDistancesAtTheEdges(t *testing.T) {
	t.Parallel()
	type distance func(a, b []float64) float64
	same, apart := []float64{3, 0, 5}, []float64{0, 2, 0}
	for name, d := range map[string]distance{"psi": PSI, "js": JS, "hellinger": Hellinger, "tv": TV, "linf": Linf, "ks": KS} {
		if got := d(same, []float64{6, 0, 10}); math.Abs(got) > 1e-8 {
			t.Errorf("%s of equal shapes is %v", name, got)
		}
		if got := d(same, apart); name != "psi" && name != "linf" && name != "ks" && math.Abs(got-1) > 1e-12 {
			t.Errorf("%s of disjoint shapes is %v", name, got)
		}
		for what, pair := range map[string][2][]float64{
			"other lengths": {same, {1, 2}}, "no rows": {same, {0, 0, 0}}, "no cells": {nil, nil},
			"a negative count": {same, {1, -1, 3}}, "NaN": {{math.NaN(), 1, 1}, same},
		} {
			if got := d(pair[0], pair[1]); !math.IsNaN(got) {
				t.Errorf("%s with %s is %v", name, what, got)
			}
		}
	}
	if s, p := ChiSquare([]float64{4, 0}, []float64{9, 0}); s != 0 || p != 1 {
		t.Errorf("one category: %v, p %v", s, p)
	}
	if s, p := ChiSquare([]float64{4, 0}, []float64{0, 0}); !math.IsNaN(s) || !math.IsNaN(p) {
		t.Errorf("nothing: %v, p %v", s, p)
	}
	for _, p := range []float64{KSP(0, 5, 5), KSP(0, 5, 6), KSP(0.5, 0, 9), KSLimitP(0.5, 3, 0)} {
		if p != 1 {
			t.Errorf("p is %v where nothing can be told", p)
		}
	}
	if got := Wasserstein(nil, cells([][3]float64{{0, 1, 1}})); !math.IsNaN(got) {
		t.Errorf("wasserstein without numbers is %v", got)
	}
}
