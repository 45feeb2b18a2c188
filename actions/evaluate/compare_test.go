package evaluate

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/report"
)

// compared compares two tables by the same inputs.
func compared(t *testing.T, in map[string]any, candidate, baseline string) *Comparison {
	t.Helper()
	dir := folder(t, map[string]string{"a.csv": candidate, "b.csv": baseline})
	c, err := Compare(t.Context(), Side{in, []string{filepath.Join(dir, "a.csv")}}, Side{in, []string{filepath.Join(dir, "b.csv")}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *Comparison) find(t *testing.T, name string, slice map[string]string) Compared {
	t.Helper()
	for _, m := range c.Metrics {
		if m.Name == name && label(m.Slice) == label(slice) {
			return m
		}
	}
	t.Fatalf("no %s of %v in %+v", name, slice, c)
	return Compared{}
}

// shuffled is a table with its rows in another order.
func shuffled(table string) string {
	lines := strings.Split(strings.TrimSpace(table), "\n")
	rows := slices.Clone(lines[1:])
	rand.New(rand.NewPCG(5, 5)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	return lines[0] + "\n" + strings.Join(rows, "\n") + "\n"
}

// A model beside itself is the same, without any doubt.
func TestSame(t *testing.T) {
	t.Parallel()
	table := predictions(500, 3, 1)
	c := compared(t, with(usualInputs(), map[string]any{"slices": []any{"region"}}), table, table)
	if c.Rows != 500 || c.Mismatch != nil || len(c.Found) != 0 || len(c.Metrics) < 20 {
		t.Errorf("%+v", c)
	}
	for _, m := range c.Metrics {
		if m.Change == nil || m.Change.Low != 0 || m.Change.High != 0 || m.Verdict != "same" {
			t.Errorf("%s %v: %+v", m.Name, m.Slice, m)
		}
	}
}

// Rows are joined by their ids, whatever their order.
func TestOrderIsNothing(t *testing.T) {
	t.Parallel()
	in := with(usualInputs(), map[string]any{"slices": []any{"region", "age by 30|60"}})
	a, b := predictions(600, 3, 1.5), predictions(600, 3, 1)
	straight := compared(t, in, a, b)
	for _, other := range []*Comparison{compared(t, in, a, shuffled(b)), compared(t, in, shuffled(a), b)} {
		if len(other.Metrics) != len(straight.Metrics) {
			t.Fatalf("%d and %d metrics", len(other.Metrics), len(straight.Metrics))
		}
		for _, want := range straight.Metrics {
			got := other.find(t, want.Name, want.Slice)
			if math.Abs(float64(got.Candidate-want.Candidate)) > 1e-12 || got.Verdict != want.Verdict || math.Abs(float64(got.Change.Low-want.Change.Low)) > 1e-3 {
				t.Errorf("%s %v: %+v, want %+v", want.Name, want.Slice, got, want)
			}
		}
	}
	if m := straight.find(t, "auc", nil); m.Verdict != "better" || !m.Change.Paired || m.Change.Method == "" {
		t.Errorf("more skill is %+v", m)
	}
	again := compared(t, in, a, b)
	one, _ := json.Marshal(straight)
	two, _ := json.Marshal(again)
	if string(one) != string(two) {
		t.Error("two comparisons of the same tables differ")
	}
}

// Other ids are no pairs: nothing is compared unless that is asked for, and then
// it is said.
func TestMismatch(t *testing.T) {
	t.Parallel()
	a, b := predictions(300, 3, 1.5), predictions(310, 3, 1)
	c := compared(t, usualInputs(), a, b)
	if c.Why == "" || c.Mismatch == nil || *c.Mismatch != (Mismatch{Common: 300, Baseline: 10}) || c.Metrics != nil {
		t.Errorf("%+v", c)
	}
	c = compared(t, with(usualInputs(), map[string]any{"on-mismatch": "common"}), a, b)
	if c.Why != "" || c.Rows != 300 || c.Mismatch == nil || len(c.Metrics) == 0 {
		t.Errorf("common: %+v", c)
	}
	if ss := c.Sections(); !slices.ContainsFunc(ss, func(s report.Section) bool { return strings.Contains(s.Summary, "10 only in the baseline's") }) {
		t.Errorf("the report does not say it: %+v", ss)
	}
	other := strings.ReplaceAll(b, "\nc", "\nd")
	if c := compared(t, with(usualInputs(), map[string]any{"on-mismatch": "common"}), a, other); !strings.Contains(c.Why, "no id in common") {
		t.Errorf("nothing in common: %+v", c)
	}
}

// A comparison tells what else is in the way.
func TestIncomparable(t *testing.T) {
	t.Parallel()
	table := predictions(100, 3, 1)
	twice := table + strings.Split(table, "\n")[1] + "\n"
	if c := compared(t, usualInputs(), table, twice); !strings.Contains(c.Why, "row 101 has the id of row 1") {
		t.Errorf("an id twice: %q", c.Why)
	}
	if c := compared(t, map[string]any{"predictions": "p", "label": "label", "score": "score"}, table, table); !strings.Contains(c.Why, "have no id") {
		t.Errorf("no id: %q", c.Why)
	}
	if c := compared(t, usualInputs(), table, strings.Replace(table, "score", "p", 1)); !strings.Contains(c.Why, `no column "score"`) {
		t.Errorf("another column: %q", c.Why)
	}
	relabeled := strings.Replace(strings.Replace(table, "c0,1,", "c0,X,", 1), "c0,0,", "c0,1,", 1)
	relabeled = strings.Replace(relabeled, "c0,X,", "c0,0,", 1)
	if c := compared(t, usualInputs(), table, relabeled); c.Relabeled != 1 || c.Why != "" {
		t.Errorf("another label: %+v", c)
	}
}

// Classes are the same whatever order and number a run has of them.
func TestClassesAreJoined(t *testing.T) {
	t.Parallel()
	in := map[string]any{"predictions": "p", "id": "id", "label": "label", "prediction": "said", "task": "multiclass", "metrics": []any{"accuracy"}, "find": false}
	a := "id,label,said\n1,cat,cat\n2,dog,dog\n3,cow,cow\n4,cat,dog\n"
	b := "id,label,said\n1,cat,bee\n2,dog,dog\n3,cow,ant\n4,cat,cat\n"
	c := compared(t, in, a, b)
	if m := c.find(t, "accuracy", nil); m.Candidate != 0.75 || m.Baseline != 0.5 {
		t.Errorf("%+v", m)
	}
}

// Groups are what is independent: rows that repeat a group's add nothing.
func TestGroups(t *testing.T) {
	t.Parallel()
	lines := func(skill float64) (once, often string) {
		rows := strings.Split(strings.TrimSpace(predictions(300, 9, skill)), "\n")
		once, often = rows[0]+",user\n", rows[0]+",user\n"
		for i, row := range rows[1:] {
			once += fmt.Sprintf("%s,u%d\n", row, i)
			for k := range 4 {
				often += fmt.Sprintf("%s,u%d\n", strings.Replace(row, "c", fmt.Sprintf("c%d-", k), 1), i)
			}
		}
		return once, often
	}
	a1, a4 := lines(1.4)
	b1, b4 := lines(1)
	in := with(usualInputs(), map[string]any{"group": "user", "metrics": []any{"auc", "logloss"}, "find": false})
	once, often := compared(t, in, a1, b1), compared(t, in, a4, b4)
	naive := compared(t, with(copyOf(in), map[string]any{"group": nil}), a4, b4)
	for _, name := range []string{"auc", "logloss"} {
		width := func(c *Comparison) float64 { m := c.find(t, name, nil); return float64(m.Change.High - m.Change.Low) }
		if r := width(often) / width(once); r < 0.95 || r > 1.05 {
			t.Errorf("%s: rows that are repeated make the interval %.2f times as wide", name, r)
		}
		if r := width(naive) / width(once); r > 0.6 {
			t.Errorf("%s: without groups it is %.2f times as wide, expected about half", name, r)
		}
	}
	if often.Groups != 300 || often.Rows != 1200 {
		t.Errorf("%d groups of %d rows", often.Groups, often.Rows)
	}
}

func copyOf(in map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range in {
		out[k] = v
	}
	return out
}

// A result reads back as it was written.
func TestResultReadsBack(t *testing.T) {
	t.Parallel()
	r := evaluated(t, with(usualInputs(), map[string]any{"slices": []any{"region"}}), map[string]string{"p.csv": predictions(300, 3, 1)})
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseResult(text)
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, r)
	}
	if _, err := ParseResult([]byte(`{"version": 99}`)); err == nil {
		t.Error("a later version was read")
	}
}
