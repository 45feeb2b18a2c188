package datacheck

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/runner/report"
)

// Columns that moved are drawn beside what they were, as shares of the rows that add
// up to all of them; others are not drawn.
func TestPlots(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(name string, row func(i int) string) {
		t.Helper()
		var b strings.Builder
		b.WriteString("age,plan,day,same\n")
		for i := range 1000 {
			b.WriteString(row(i) + "\n")
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("old.csv", func(i int) string {
		return fmt.Sprintf("%d,%s,2024-01-%02d,%d", i%100, []string{"free", "pro"}[i%2], 1+i%20, i%3)
	})
	write("new.csv", func(i int) string {
		age := fmt.Sprint(50 + i%100)
		if i < 100 {
			age = ""
		}
		return fmt.Sprintf("%s,%s,2024-01-%02d,%d", age, []string{"free", "pro", "team", "team"}[i%4], 6+i%20, i%3)
	})
	o, err := Run(t.Context(), action.Call{Root: root, Log: io.Discard, Now: noon, Inputs: m{"data": "new.csv", "drift": m{"against": "old.csv"}}})
	if err != nil {
		t.Fatal(err)
	}
	plots := map[string]report.Plot{}
	for _, p := range o.Sections[1].Plots {
		plots[p.X] = p
		for _, s := range p.Series {
			sum := 0.0
			for _, v := range s.Values {
				sum += float64(v)
			}
			if math.Abs(sum-1) > 1e-9 || len(s.Values) != len(p.Labels) || p.Kind != report.Bars {
				t.Errorf("%s: the bars of %s add up to %v: %+v", p.Title, s.Name, sum, p)
			}
		}
		if p.Series[0].Role != report.RoleBaseline || !strings.HasPrefix(p.Title, p.X+": ") {
			t.Errorf("%+v", p)
		}
	}
	if len(plots) != 3 {
		t.Fatalf("drawn are %v", plots)
	}
	plan := plots["plan"]
	if d := cmp.Diff([]string{"free", "pro", "others"}, plan.Labels); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]report.Number{0.25, 0.25, 0.5}, plan.Series[1].Values); d != "" {
		t.Error(d)
	}
	age := plots["age"]
	if i := slices.Index(age.Labels, "null"); i != len(age.Labels)-1 || age.Series[0].Values[i] != 0 || math.Abs(float64(age.Series[1].Values[i])-0.1) > 1e-9 {
		t.Errorf("nulls of %+v", age)
	}
	if l := plots["day"].Labels; !strings.HasPrefix(l[0], "..2024-01-0") || !strings.HasSuffix(l[9], "..") {
		t.Errorf("bars of days are called %v", l)
	}
}
