package slice

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// golden is what testdata/golden.py prints.
type golden struct {
	Tests []struct {
		Inside, Outside []float64
		goldenTest
	}
	Table struct {
		Sizes  []int
		Codes  [][]uint16
		Values []float64
		Cells  []struct {
			Features, Cell []int
			Rows           int
			goldenTest
		}
	}
	Clustered []struct {
		Clusters        []int32
		In              []bool
		Values, Weights []float64
		goldenTest
		SE float64
	}
	Fairness []goldenFairness
}

type goldenTest struct {
	Mean, Rest, T, P, DF, Low, High, Student float64
	StudentP                                 float64 `json:"student_p"`
}

func (g goldenTest) check(t *testing.T, what string, got Test) {
	t.Helper()
	near(t, what+": mean", got.Mean, g.Mean)
	near(t, what+": rest", got.Rest, g.Rest)
	near(t, what+": t", got.T, g.T)
	near(t, what+": p", got.P, g.P)
	near(t, what+": degrees of freedom", got.DF, g.DF)
	if g.Low != 0 || g.High != 0 {
		near(t, what+": low", got.Low, g.Low)
		near(t, what+": high", got.High, g.High)
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-9*math.Max(math.Abs(want), 1e-6)) && got != want {
		t.Errorf("%s is %.17g, want %.17g", what, got, want)
	}
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Tests) < 8 || len(g.Table.Cells) < 80 || len(g.Clustered) < 3 || len(g.Fairness) < 2 {
		t.Fatalf("%d tests, %d cells, %d of clusters, %d of fairness", len(g.Tests), len(g.Table.Cells), len(g.Clustered), len(g.Fairness))
	}
	return g
}

func compared(t *testing.T, rows Rows, in func(row int) bool) Test {
	t.Helper()
	test, err := Compare(rows, in)
	if err != nil {
		t.Fatal(err)
	}
	return test
}

func TestWelchAgainstSciPy(t *testing.T) {
	t.Parallel()
	for i, c := range readGolden(t).Tests {
		what := fmt.Sprintf("test %d", i)
		rows := Rows{Values: append(append([]float64{}, c.Inside...), c.Outside...)}
		in := func(row int) bool { return row < len(c.Inside) }
		got := compared(t, rows, in)
		c.check(t, what, got)
		if got.Rows != len(c.Inside) || got.RestRows != len(c.Outside) {
			t.Errorf("%s has %d and %d rows", what, got.Rows, got.RestRows)
		}
		p := newPortion(rows)
		all, part := p.split(p.every, in)
		near(t, what+": t of one variance", all.pooled(part), c.Student)

		// Weights that are all the same, and clusters of a row each, change nothing.
		rows.Weights, rows.Clusters = make([]float64, len(rows.Values)), make([]int32, len(rows.Values))
		for row := range rows.Weights {
			rows.Weights[row], rows.Clusters[row] = 7, int32(5000-row)
		}
		c.check(t, what+" with weights and clusters", compared(t, rows, in))
	}
}

func TestClustersAgainstNumPy(t *testing.T) {
	t.Parallel()
	for i, c := range readGolden(t).Clustered {
		rows := Rows{Values: c.Values, Weights: c.Weights, Clusters: c.Clusters}
		got := compared(t, rows, func(row int) bool { return c.In[row] })
		what := fmt.Sprintf("clusters %d", i)
		c.check(t, what, got)
		near(t, what+": se", got.SE, c.SE)
	}
}

// The cells that a search counts are SciPy's, in all three ways of counting, and still
// those of a table that has the lower values from the start after some was taken off.
func TestCellsAgainstSciPy(t *testing.T) {
	t.Parallel()
	table := readGolden(t).Table
	n := len(table.Values)
	weights, clusters := make([]float64, n), make([]int32, n)
	for row := range n {
		weights[row], clusters[row] = 1, int32((row*7)%n)
	}
	for name, rows := range map[string]Rows{
		"plain": {}, "weights": {Weights: weights}, "clusters": {Clusters: clusters},
	} {
		rows.Values = table.Values
		p := newPortion(rows)
		c, _ := newCounter(p, featuresOf(table.Codes, table.Sizes), true)
		var places []int32
		for place := range n {
			if place%3 == 0 {
				places = append(places, int32(place))
			}
		}
		c.less(places, 4)
		c.less(places, -4)
		all := p.total()
		for _, want := range table.Cells {
			g := want.Features
			what := fmt.Sprintf("%s: cell %v of features %v", name, want.Cell, g)
			m := cellOf(c, g, want.Cell)
			if int(m.rows) != want.Rows {
				t.Errorf("%s has %v rows, not %d", what, m.rows, want.Rows)
			}
			want.check(t, what, all.against(m, p.center, p.scale))
			near(t, what+": t of one variance", all.pooled(m), want.Student)
		}
	}
}

func featuresOf(codes [][]uint16, sizes []int) []Feature {
	var fs []Feature
	for i, size := range sizes {
		f := Feature{Name: fmt.Sprintf("f%d", i), Codes: codes[i]}
		for v := range size {
			f.Values = append(f.Values, fmt.Sprint(v))
		}
		fs = append(fs, f)
	}
	return fs
}

func cellOf(c *counter, features, cell []int) moments {
	for i := range c.grids {
		g := &c.grids[i]
		switch {
		case len(features) == 1 && g.f == features[0] && g.width == 1 && g.g == len(c.codes)-1:
			return g.cell(cell[0])
		case len(features) == 2 && g.f == features[0] && g.g == features[1]:
			return g.cell(cell[0]*g.width + cell[1])
		}
	}
	return moments{}
}

type goldenDisparity struct{ Value, Low, High float64 }

type goldenFairness struct {
	Group                       []uint16
	Truth                       []int8
	Selected                    []bool
	Rates                       map[string][]float64
	Wilson                      map[string][][2]float64
	DemographicParityDifference goldenDisparity `json:"demographic_parity_difference"`
	DemographicParityRatio      goldenDisparity `json:"demographic_parity_ratio"`
	EqualOpportunityDifference  goldenDisparity `json:"equal_opportunity_difference"`
	EqualizedOddsDifference     goldenDisparity `json:"equalized_odds_difference"`
	EqualizedOddsRatio          goldenDisparity `json:"equalized_odds_ratio"`
}

func TestFairnessAgainstNumPy(t *testing.T) {
	t.Parallel()
	for _, c := range readGolden(t).Fairness {
		groups := len(c.Rates["tpr"])
		f := featuresOf([][]uint16{c.Group}, []int{groups})[0]
		r, err := Fairness(f, Decisions{Selected: c.Selected, Truth: c.Truth}, FairnessOptions{})
		if err != nil || len(r.Groups) != groups {
			t.Fatalf("%v, %d groups", err, len(r.Groups))
		}
		for i, g := range r.Groups {
			for kind, got := range map[string]Rate{"selection": g.Selection, "tpr": g.TPR, "fpr": g.FPR} {
				what := fmt.Sprintf("%s of group %s of %d", kind, g.Value, groups)
				near(t, what, got.Value, c.Rates[kind][i])
				near(t, what+": low", got.Low, c.Wilson[kind][i][0])
				near(t, what+": high", got.High, c.Wilson[kind][i][1])
			}
		}
		for what, pair := range map[string][2]any{
			"demographic parity difference": {r.DemographicParityDifference, c.DemographicParityDifference},
			"demographic parity ratio":      {r.DemographicParityRatio, c.DemographicParityRatio},
			"equal opportunity difference":  {r.EqualOpportunityDifference, c.EqualOpportunityDifference},
			"equalized odds difference":     {r.EqualizedOddsDifference, c.EqualizedOddsDifference},
			"equalized odds ratio":          {r.EqualizedOddsRatio, c.EqualizedOddsRatio},
		} {
			got, want := pair[0].(Disparity), pair[1].(goldenDisparity)
			near(t, what, got.Value, want.Value)
			near(t, what+": low", got.Low, want.Low)
			near(t, what+": high", got.High, want.High)
		}
	}
}
