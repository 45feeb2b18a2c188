package slice

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var known = []string{"region", "plan", "tenure", "age", "total charges", "paid by", "a*b", "x binned 4", `say "hi"`}

func TestParse(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string]Spec{
		"region":                             {[]Term{{Column: "region"}}},
		"  region ":                          {[]Term{{Column: "region"}}},
		"region*plan":                        {[]Term{{Column: "region"}, {Column: "plan"}}},
		"[region, plan]":                     {[]Term{{Column: "region"}, {Column: "plan"}}},
		"tenure binned 4":                    {[]Term{{Column: "tenure", Bins: 4}}},
		"age by 18|30|45|65":                 {[]Term{{Column: "age", Edges: []float64{18, 30, 45, 65}}}},
		"age by 0.5 | 1_000 * region":        {[]Term{{Column: "age", Edges: []float64{0.5, 1000}}, {Column: "region"}}},
		"[tenure  binned  4, age by -1]":     {[]Term{{Column: "tenure", Bins: 4}, {Column: "age", Edges: []float64{-1}}}},
		"total charges binned 10":            {[]Term{{Column: "total charges", Bins: 10}}},
		`"total charges" binned 10 * plan`:   {[]Term{{Column: "total charges", Bins: 10}, {Column: "plan"}}},
		"paid by":                            {[]Term{{Column: "paid by"}}},
		"paid by by 3":                       {[]Term{{Column: "paid by", Edges: []float64{3}}}},
		"a*b":                                {[]Term{{Column: "a*b"}}},
		`"a*b" * region`:                     {[]Term{{Column: "a*b"}, {Column: "region"}}},
		"x binned 4":                         {[]Term{{Column: "x binned 4"}}},
		`"x binned 4" binned 4`:              {[]Term{{Column: "x binned 4", Bins: 4}}},
		`"say \"hi\"" * plan * age * region`: {[]Term{{Column: `say "hi"`}, {Column: "plan"}, {Column: "age"}, {Column: "region"}}},
	} {
		got, err := Parse(entry, known)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", entry, diff)
		}
		if again, err := Parse(got.String(), known); err != nil || cmp.Diff(got, again) != "" {
			t.Errorf("%s is written as %s, which is %v, %v", entry, got, again, err)
		}
	}
}

func TestParseFaults(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string]string{
		"":                                     `a column's name is missing; write as "region" or "region * plan"`,
		"region *":                             `a column's name is missing; write as "region" or "region * plan"`,
		"regoin":                               `no column "regoin"; did you mean "region"?`,
		"Region":                               `no column "Region"; did you mean "region"?`,
		"region * paln":                        `no column "paln"; did you mean "plan"?`,
		"tenur binned 4":                       `no column "tenur"; did you mean "tenure"?`,
		"income":                               `no column "income"; there are region, plan, tenure, age, total charges, paid by, a*b, x binned 4, say "hi"`,
		"tenure bined 4":                       `"bined 4" after the column "tenure"; write "tenure", "tenure binned 4" or "tenure by 10|20"`,
		`"tenure" in 4`:                        `"in 4" after the column "tenure"; write "tenure", "tenure binned 4" or "tenure by 10|20"`,
		"tenure binned":                        `"" is no number of bins; write "binned" and 2 to 100`,
		"tenure binned 1":                      `"1" is no number of bins; write "binned" and 2 to 100`,
		"tenure binned 1e9":                    `"1e9" is no number of bins; write "binned" and 2 to 100`,
		"age by":                               `"" is no number; write "by" and edges as 18|30|45.5`,
		"age by 18|x":                          `"x" is no number; write "by" and edges as 18|30|45.5`,
		"age by 30|18":                         `edge 18 is not above 30; write them in ascending order; write "by" and edges as 18|30|45.5`,
		"age by NaN":                           `edge NaN is no number; write "by" and edges as 18|30|45.5`,
		"age * age by 3":                       `column "age" is there twice; write it once, or two entries`,
		"[region, plan":                        `the bracket is not closed; write "[region, plan]"`,
		`"region`:                              `the quote is not closed; write as "region" or "region * plan"`,
		"age*plan*region*tenure*total charges": `5 columns at once; write 1 to 4`,
	} {
		_, err := Parse(entry, known)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Entry != entry {
			t.Errorf("%s: %v", entry, err)
			continue
		}
		if got := syntax.What + "; " + syntax.Fix; got != want {
			t.Errorf("%s:\n got %s\nwant %s", entry, got, want)
		}
	}
	if _, err := Parse("x", []string{}); err == nil || !strings.HasSuffix(err.Error(), "the table has no columns to slice by") {
		t.Error(err)
	}
}

func TestParseList(t *testing.T) {
	t.Parallel()
	specs, err := ParseList(`region, [plan, age by 3|4], tenure binned 4*plan, "a*b"`, known)
	var got []string
	for _, s := range specs {
		got = append(got, s.String())
	}
	if diff := cmp.Diff([]string{"region", "plan * age by 3|4", "tenure binned 4 * plan", `"a*b"`}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if _, err := ParseList("regio, plan, agee", known); err == nil || strings.Count(err.Error(), "did you mean") != 2 {
		t.Errorf("not all that is wrong: %v", err)
	}
	if specs, err := ParseList(" ", known); specs != nil || err != nil {
		t.Error(specs, err)
	}
	s, err := Product([]string{"region", "age by 3"}, known)
	if err != nil || s.String() != "region * age by 3" {
		t.Error(s, err)
	}
	for _, entries := range [][]string{{}, {"region", "region"}, {"reg"}} {
		if _, err := Product(entries, known); err == nil {
			t.Errorf("%v is taken", entries)
		}
	}
}

// FuzzParse: what is read can be written and read again, and what is not is told with
// what to do.
func FuzzParse(f *testing.F) {
	for _, entry := range []string{"region", "region*plan", "[a, b]", "tenure binned 4", "age by 18|30|45.5e3", `"a\"*b" binned 2 * c`, `[`, `""`, "a by", "by by 3", "binned 4", "a\t binned 4", "\"", "a by -0|1_0"} {
		f.Add(entry)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		s, err := Parse(entry, nil)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.What == "" || syntax.Fix == "" {
				t.Fatalf("%q: %v", entry, err)
			}
			return
		}
		again, err := Parse(s.String(), nil)
		if diff := cmp.Diff(s, again); err != nil || diff != "" {
			t.Fatalf("%q is written as %s: %v\n%s", entry, s, err, diff)
		}
		var columns []string
		for _, term := range s.Terms {
			columns = append(columns, term.Column)
		}
		if strict, err := Parse(s.String(), columns); err != nil || cmp.Diff(s, strict) != "" && len(columns) > 1 {
			t.Fatalf("%q with columns %q: %v, %v", entry, columns, strict, err)
		}
	})
}
