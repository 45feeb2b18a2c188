package slice

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// churn reads the columns of a table of real customers, if it is here. What is a
// number in each row is one.
func churn(t *testing.T) map[string]Column {
	t.Helper()
	f, err := os.Open("../../../shared/data/churn.csv")
	if err != nil {
		t.Skipf("the table is not here: %v", err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string]Column{}
	for at, name := range lines[0] {
		var words []string
		c := Column{Name: name}
		for _, line := range lines[1:] {
			words = append(words, line[at])
			if v, err := strconv.ParseFloat(line[at], 64); err == nil {
				c.Numbers = append(c.Numbers, v)
			}
		}
		if len(c.Numbers) < len(words)-20 {
			c = texts(name, words...)
		} else if len(c.Numbers) < len(words) {
			continue
		}
		columns[name] = c
	}
	return columns
}

// A rule that knows only how long customers have been there is worst about those
// who pay by month and those of fibre.
func TestRealCustomers(t *testing.T) {
	t.Parallel()
	columns := churn(t)
	gone, tenure := columns["churn"], columns["tenure"]
	rows, d := Rows{}, Decisions{}
	for row, code := range gone.Codes {
		p := 0.05 + 0.45*math.Exp(-tenure.Numbers[row]/20)
		yes := gone.Names[code] == "Yes"
		d.Selected = append(d.Selected, p > 0.3)
		if yes {
			rows.Values, d.Truth = append(rows.Values, -math.Log(p)), append(d.Truth, 1)
		} else {
			rows.Values, d.Truth = append(rows.Values, -math.Log(1-p)), append(d.Truth, 0)
		}
	}
	var fs []Feature
	for _, name := range []string{"contract", "internet_service", "payment_method", "monthly_charges", "senior_citizen", "female", "paperless_billing", "tech_support", "dependents"} {
		f, err := Auto(columns[name])
		if err != nil {
			t.Fatal(err)
		}
		fs = append(fs, f)
	}
	found := discovered(t, fs, rows, Options{What: "log-loss"})
	for _, f := range found.Found {
		t.Logf("%s, %.2g", f.Sentence, f.Corrected)
		got := compared(t, rows, belongs(fs, f))
		near(t, "effect", f.Effect, got.Effect)
		if f.Low <= 0 || f.Rows != got.Rows {
			t.Errorf("%+v, %+v", f, got)
		}
	}
	if all := sentences(found); len(all) < 2 || !strings.Contains(all[0], "contract=Month-to-month") || !strings.Contains(all[1], "internet_service=Fiber optic") {
		t.Errorf("%q", all)
	}
	report := fairness(t, Feature{fs[4].Name, fs[4].Values, fs[4].Codes}, d, FairnessOptions{})
	t.Logf("%+v", report)
	if diff := cmp.Diff([]string{"0", "1"}, []string{report.Groups[0].Value, report.Groups[1].Value}); diff != "" {
		t.Error(diff)
	}
	spec, err := Parse("tenure binned 4 * contract", nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := spec.Of([]Column{tenure, columns["contract"]}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range s.List {
		t.Log(one)
	}
	if len(s.List) != 12 {
		t.Errorf("%d slices", len(s.List))
	}
}
