package slice

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hired makes decisions: for each group so many rows of which so many are selected.
func hired(groups ...[2]int) (Feature, Decisions) {
	f, d := Feature{Name: "sex"}, Decisions{}
	for g, counts := range groups {
		f.Values = append(f.Values, string(rune('a'+g)))
		for i := range counts[0] {
			f.Codes = append(f.Codes, uint16(g))
			d.Selected = append(d.Selected, i < counts[1])
			d.Truth = append(d.Truth, int8(i%2))
		}
	}
	return f, d
}

func fairness(t *testing.T, f Feature, d Decisions, o FairnessOptions) *FairnessReport {
	t.Helper()
	r, err := Fairness(f, d, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFourFifths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name              string
		groups            [][2]int
		ratio, difference Verdict
	}{
		{"equal", [][2]int{{2000, 1000}, {3000, 1500}}, Fair, Fair},
		{"half as many", [][2]int{{2000, 1000}, {3000, 750}}, Unfair, Unfair},
		{"half of few", [][2]int{{40, 20}, {40, 10}}, CantTell, CantTell},
		{"rare but half as many", [][2]int{{50_000, 1000}, {50_000, 500}}, Unfair, Fair},
		{"one group", [][2]int{{2000, 1000}}, CantTell, CantTell},
		{"the other is small", [][2]int{{2000, 1000}, {29, 0}}, CantTell, CantTell},
		{"nobody", [][2]int{{2000, 0}, {2000, 0}}, CantTell, Fair},
		{"everybody", [][2]int{{2000, 2000}, {2000, 2000}}, Fair, Fair},
		{"none of one", [][2]int{{2000, 400}, {2000, 0}}, Unfair, Unfair},
	} {
		f, d := hired(c.groups...)
		r := fairness(t, f, d, FairnessOptions{})
		if r.DemographicParityRatio.Verdict != c.ratio || r.DemographicParityDifference.Verdict != c.difference {
			t.Errorf("%s: %+v, %+v", c.name, r.DemographicParityRatio, r.DemographicParityDifference)
		}
		for _, d := range []Disparity{r.DemographicParityRatio, r.DemographicParityDifference} {
			if !math.IsNaN(d.Value) && !(d.Low <= d.Value && d.Value <= d.High) {
				t.Errorf("%s: %+v", c.name, d)
			}
		}
	}
}

func TestSmallGroupsAreListed(t *testing.T) {
	t.Parallel()
	f, d := hired([2]int{1000, 400}, [2]int{1000, 200}, [2]int{12, 12}, [2]int{0, 0})
	r := fairness(t, f, d, FairnessOptions{})
	if len(r.Groups) != 3 || !r.Groups[2].Selection.Small || r.Groups[2].Impact.Verdict != CantTell || r.Groups[2].Impact.Note != "12 rows, needs 30" {
		t.Errorf("%+v", r.Groups)
	}
	p := r.DemographicParityRatio
	if p.Value != 0.5 || p.Lowest != "b" || p.Highest != "a" || p.Note != "1 of 3 groups have too few rows" {
		t.Errorf("%+v", p)
	}
	if i := r.Groups[1].Impact; i.Value != 0.5 || i.Highest != "a" {
		t.Errorf("%+v", i)
	}
	if i := r.Groups[0].Impact; i.Value != 2 || i.Verdict != Fair {
		t.Errorf("%+v", i)
	}
}

func TestTruthIsUnknown(t *testing.T) {
	t.Parallel()
	f, d := hired([2]int{1000, 400}, [2]int{1000, 100})
	d.Truth = nil
	r := fairness(t, f, d, FairnessOptions{})
	if o := r.EqualizedOddsDifference; o.Verdict != CantTell || o.Note != "0 groups have rows to compare" || !math.IsNaN(r.Groups[0].TPR.Value) {
		t.Errorf("%+v %+v", o, r.Groups[0])
	}
	if r.DemographicParityDifference.Verdict == CantTell {
		t.Errorf("%+v", r.DemographicParityDifference)
	}
	for want, f := range map[string]func() error{
		"1 truths for 2000 decisions": func() error {
			_, err := Fairness(f, Decisions{Selected: d.Selected, Truth: []int8{1}}, FairnessOptions{})
			return err
		},
		"1 weights for 2000 rows": func() error {
			_, err := Fairness(f, Decisions{Selected: d.Selected, Weights: []float64{1}}, FairnessOptions{})
			return err
		},
		"feature sex has 2000 rows, there are 1 values": func() error { _, err := Fairness(f, Decisions{Selected: []bool{true}}, FairnessOptions{}); return err },
	} {
		if err := f(); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// Intervals hold the truth as often as they say: of all groups together, with weights,
// and with rows of users who are decided about alike.
func TestFairnessIntervalsCover(t *testing.T) {
	t.Parallel()
	tables := 400
	if os.Getenv("MLOPS_STUDY") == "full" {
		tables = 4000
	}
	for name, each := range map[string]func(r *rand.Rand, d *Decisions, row int, p float64){
		"rows": func(r *rand.Rand, d *Decisions, row int, p float64) { d.Selected[row] = r.Float64() < p },
		"weights": func(r *rand.Rand, d *Decisions, row int, p float64) {
			d.Selected[row], d.Weights[row] = r.Float64() < p, 0.2+r.ExpFloat64()
		},
		"users": func(r *rand.Rand, d *Decisions, row int, p float64) {
			d.Clusters[row] = int32(row / 4)
			d.Selected[row] = r.Float64() < p
			if row%4 > 0 {
				d.Selected[row] = d.Selected[row-1]
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			missed := [3]int{}
			for i := range tables {
				r := rand.New(rand.NewPCG(uint64(i), 9))
				f, d := hired([2]int{400, 0}, [2]int{400, 0}, [2]int{400, 0}, [2]int{400, 0})
				d.Weights, d.Clusters = slices.Repeat([]float64{1}, 1600), make([]int32, 1600)
				for row := range d.Selected {
					d.Clusters[row] = int32(row)
					each(r, &d, row, []float64{0.3, 0.3, 0.4, 0.35}[f.Codes[row]])
				}
				report := fairness(t, f, d, FairnessOptions{})
				difference, ratio, one := report.DemographicParityDifference, report.DemographicParityRatio, report.Groups[2].Selection
				for k, held := range []bool{difference.Low <= 0.1 && 0.1 <= difference.High, ratio.Low <= 0.75 && 0.75 <= ratio.High, one.Low <= 0.4 && 0.4 <= one.High} {
					if !held {
						missed[k]++
					}
				}
			}
			t.Logf("of %d tables the interval of the difference misses in %d, of the ratio in %d, of a rate in %d", tables, missed[0], missed[1], missed[2])
			for k, n := range missed {
				if most := 0.05*float64(tables) + 3*math.Sqrt(0.05*0.95*float64(tables)); float64(n) > most {
					t.Errorf("interval %d misses in %d of %d", k, n, tables)
				}
			}
			if missed[2] < tables/100 {
				t.Errorf("the interval of a rate misses in %d of %d: it is too wide", missed[2], tables)
			}
		})
	}
}

func TestVerdictsImprove(t *testing.T) {
	t.Parallel()
	last := Unfair
	var seen []Verdict
	for yes := 0; yes <= 1000; yes += 20 { // the second group comes up to the first one
		f, d := hired([2]int{2000, 1000}, [2]int{2000, yes})
		if v := fairness(t, f, d, FairnessOptions{}).DemographicParityRatio.Verdict; len(seen) == 0 || v != last {
			last = v
			seen = append(seen, v)
		}
	}
	if diff := cmp.Diff([]Verdict{Unfair, CantTell, Fair}, seen); diff != "" {
		t.Error(diff)
	}
}
