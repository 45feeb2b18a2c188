package paired

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/mlops-runner/mlops/runner/report/distribution"
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

// A goldenCase is one of either golden file; which fields it has depends on its kind.
type goldenCase struct {
	Label, A, B, Weight                   []float64
	Cluster                               []uint64
	AUCA, AUCB, VarA, VarB, Z, P, VarDiff float64
	Low, High, Diff, SE, SEA              float64
	OwnLow, OwnHigh                       float64
	MeanA, MeanB, RMSE, SERMSE, DF        float64
	F1A, F1B                              float64
}

func (g goldenCase) rows(t *testing.T) *Rows {
	t.Helper()
	return rows(t, len(g.A), Design{Weight: g.Weight, Cluster: g.Cluster})
}

func rows(t testing.TB, n int, d Design) *Rows {
	t.Helper()
	r, err := Of(n, d)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type tableCase struct {
	A, B       int
	Exact, Mid float64
}

// must is an estimate that cannot fail.
func must(e Estimate, err error) Estimate {
	if err != nil {
		panic(err)
	}
	return e
}

// TestAgainstR compares with what testdata/golden.R prints.
func TestAgainstR(t *testing.T) {
	t.Parallel()
	var g struct {
		Areas   []goldenCase
		McNemar []tableCase
	}
	readGolden(t, "testdata/golden_r.json", &g)
	if len(g.Areas) < 4 || len(g.McNemar) < 6 {
		t.Fatalf("%d areas, %d tables", len(g.Areas), len(g.McNemar))
	}
	for _, c := range g.Areas {
		e := must(c.rows(t).AUC(above(c.Label, 1), Scores{Values: c.A}, Scores{Values: c.B}))
		expectNear(t, "AUC of A", e.A.Value, c.AUCA)
		expectNear(t, "AUC of B", e.B.Value, c.AUCB)
		expectNear(t, "variance of A", e.A.SE*e.A.SE, c.VarA)
		expectNear(t, "variance of B", e.B.SE*e.B.SE, c.VarB)
		expectNear(t, "z", e.Diff.Value/e.Diff.SE, c.Z)
		expectNear(t, "p of the normal distribution", 2*distribution.NormalCDF(-math.Abs(e.Diff.Value)/e.Diff.SE), c.P)
		expectNear(t, "lower end", e.A.Value-distribution.NormalQuantile(0.975)*e.A.SE, c.Low)
		expectNear(t, "upper end", min(1, e.A.Value+distribution.NormalQuantile(0.975)*e.A.SE), c.High)
		if !(e.P >= c.P && e.P < c.P+0.05) {
			t.Errorf("p of t is %v, of the normal distribution %v", e.P, c.P)
		}
	}
	for _, c := range g.McNemar {
		exact, mid := McNemar(c.A, c.B)
		expectNear(t, "exact p", exact, c.Exact)
		expectNear(t, "mid-p", mid, c.Mid)
	}
}

// TestAgainstSciPy compares with what testdata/golden.py prints.
func TestAgainstSciPy(t *testing.T) {
	t.Parallel()
	var g struct {
		T, Means, Areas, F1, Bootstrap []goldenCase
		McNemar                        []tableCase
	}
	readGolden(t, "testdata/golden.json", &g)
	if len(g.T) < 2 || len(g.Means) < 3 || len(g.Areas) < 3 || len(g.F1) < 2 || len(g.Bootstrap) < 2 || len(g.McNemar) < 3 {
		t.Fatal("cases are missing")
	}
	for _, c := range g.T {
		c.checkT(t)
	}
	for _, c := range g.McNemar {
		exact, _ := McNemar(c.A, c.B)
		expectNear(t, "exact p", exact, c.Exact)
	}
	for _, c := range g.Means {
		c.checkMeans(t)
	}
	for _, c := range g.Areas {
		e := must(c.rows(t).AUC(above(c.Label, 1), Scores{Values: c.A}, Scores{Values: c.B}))
		expectNear(t, "AUC of A", e.A.Value, c.AUCA)
		expectNear(t, "AUC of B", e.B.Value, c.AUCB)
		expectNear(t, "clustered variance of A", e.A.SE*e.A.SE, c.VarA)
		expectNear(t, "clustered variance of the difference", e.Diff.SE*e.Diff.SE, c.VarDiff)
	}
	for _, c := range g.F1 {
		c.checkF1(t)
	}
	for _, c := range g.Bootstrap {
		c.checkBootstrap(t)
	}
}

func (g goldenCase) checkT(t *testing.T) {
	e := must(g.rows(t).Mean(g.A, g.B))
	expectNear(t, "difference", e.Diff.Value, g.Diff)
	expectNear(t, "its standard error", e.Diff.SE, g.SE)
	expectNear(t, "p", e.P, g.P)
	expectNear(t, "low", e.Diff.Low, g.Low)
	expectNear(t, "high", e.Diff.High, g.High)
	expectNear(t, "own low", e.A.Low, g.OwnLow)
	expectNear(t, "own high", e.A.High, g.OwnHigh)
}

func (g goldenCase) checkMeans(t *testing.T) {
	r := g.rows(t)
	e := must(r.Mean(g.A, g.B))
	expectNear(t, "weighted mean of A", e.A.Value, g.MeanA)
	expectNear(t, "weighted mean of B", e.B.Value, g.MeanB)
	expectNear(t, "clustered error of A", e.A.SE, g.SEA)
	expectNear(t, "clustered error of the difference", e.Diff.SE, g.SE)
	if e.Method == "paired t" { // and not of few rows
		expectNear(t, "degrees of freedom", e.DF, g.DF)
	}
	squares := func(x []float64) [][]float64 {
		out := make([]float64, len(x))
		for i, v := range x {
			out[i] = v * v
		}
		return [][]float64{out}
	}
	e = must(r.Means(func(m []float64) float64 { return math.Sqrt(m[0]) }, squares(g.A), squares(g.B)))
	expectNear(t, "RMSE", e.A.Value, g.RMSE)
	expectNear(t, "clustered error of the difference of RMSEs", e.Diff.SE, g.SERMSE)
}

func (g goldenCase) checkF1(t *testing.T) {
	r := g.rows(t)
	cells, err := r.Binary(above(g.Label, 1), above(g.A, 1), above(g.B, 1))
	if err != nil {
		t.Fatal(err)
	}
	e := cells.Of(decisions["f1"])
	expectNear(t, "F1 of A", e.A.Value, g.F1A)
	expectNear(t, "F1 of B", e.B.Value, g.F1B)
	expectNear(t, "error of A", e.A.SE, g.SEA)
	expectNear(t, "error of the difference", e.Diff.SE, g.SE)
	classes, err := r.Classes(2, whole(g.Label), whole(g.A), whole(g.B))
	if err != nil {
		t.Fatal(err)
	}
	e = classes.Of(func(n []float64) float64 { return 2 * n[3] / (2*n[3] + n[1] + n[2]) })
	expectNear(t, "F1 of a matrix", e.A.Value, g.F1A)
	expectNear(t, "error of the difference of matrices", e.Diff.SE, g.SE)
}

func whole(x []float64) []int32 {
	out := make([]int32, len(x))
	for i, v := range x {
		out[i] = int32(v)
	}
	return out
}

// checkBootstrap compares two bootstraps by what they are about: other random
// numbers give other ends, by a few per cent of the width.
func (g goldenCase) checkBootstrap(t *testing.T) {
	r := g.rows(t)
	mean := func(x []float64) func([]float64) float64 {
		return func(weight []float64) float64 {
			sum, all := 0.0, 0.0
			for i, w := range weight {
				sum += w * x[i]
				all += w
			}
			return sum / all
		}
	}
	sums := func(x []float64) Sums {
		return func(row int, w float64, into []float64) {
			into[0] += w * x[row]
			into[1] += w
		}
	}
	whole := must(r.Bootstrap(mean(g.A), mean(g.B)))
	buckets := must(r.Buckets(2, func(s []float64) float64 { return s[0] / s[1] }, sums(g.A), sums(g.B)))
	for _, e := range []Estimate{whole, buckets} {
		width := g.High - g.Low
		if math.Abs(e.Diff.Low-g.Low) > 0.06*width || math.Abs(e.Diff.High-g.High) > 0.06*width || math.Abs(e.Diff.SE/g.SE-1) > 0.08 {
			t.Errorf("%s: %v to %v, error %v; SciPy has %v to %v, %v", e.Method, e.Diff.Low, e.Diff.High, e.Diff.SE, g.Low, g.High, g.SE)
		}
	}
}
