package datacheck

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/runner/report"
)

// described makes the profile of one column.
func described(t *testing.T, texts ...string) *profile.Column {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "d.csv"), []byte("x\n"+strings.Join(texts, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := Describe(t.Context(), root, []string{"d.csv"}, "")
	if err != nil {
		t.Fatal(err)
	}
	return &p.Columns[0]
}

// The plot of categories has their shares, counted by hand, over the same labels,
// and no bar for others where there are none.
func TestPlotOfCategories(t *testing.T) {
	t.Parallel()
	base, now := described(t, "a", "a", "a", "b"), described(t, "a", "b", "b", "c")
	p, ok := plotOf(base, now, "baseline")
	if !ok || !slices.Equal(p.Labels, []string{"a", "b", "others"}) {
		t.Fatalf("%v %v", ok, p.Labels)
	}
	if was, is := p.Series[0], p.Series[1]; was.Role != report.RoleBaseline || !slices.Equal(was.Values, []report.Number{0.75, 0.25, 0}) || !slices.Equal(is.Values, []report.Number{0.25, 0.5, 0.25}) {
		t.Errorf("%+v", p.Series)
	}
	if p, _ := plotOf(base, base, "baseline"); !slices.Equal(p.Labels, []string{"a", "b"}) || len(p.Series[0].Values) != 2 {
		t.Errorf("labels of equal columns: %v", p.Labels)
	}
}

// Bars of numbers tile the range of both, and hold all rows.
func TestPlotOfNumbers(t *testing.T) {
	t.Parallel()
	var low, high []string
	for i := range 100 {
		low, high = append(low, strconv.Itoa(i)), append(high, strconv.Itoa(i+50))
	}
	p, ok := plotOf(described(t, low...), described(t, high...), "january")
	if !ok || len(p.Labels) != bars || p.Series[0].Name != "january" {
		t.Fatalf("%v %+v", ok, p)
	}
	for _, s := range p.Series {
		sum := 0.0
		for _, v := range s.Values {
			sum += float64(v)
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("%s: shares add up to %v", s.Name, sum)
		}
	}
	if was, is := p.Series[0].Values, p.Series[1].Values; was[0] < 0.05 || is[0] != 0 || was[bars-1] != 0 || is[bars-1] < 0.05 {
		t.Errorf("was %v, is %v", was, is)
	}
}

func TestNumberText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind table.Kind
		v    float64
		want string
	}{{table.Date, 19723, "2024-01-01"}, {table.Time, 1704067200e6, "2024-01-01T00:00:00Z"}, {table.Float, 0.25, "0.25"}} {
		if got := NumberText(c.kind, c.v); got != c.want {
			t.Errorf("%v: %s, want %s", c.kind, got, c.want)
		}
	}
}
