package evaluate

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/actions/metric"
	"github.com/mlops-runner/mlops/runner/report"
)

// folder writes files and returns where they are.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// predictions is a table of n customers of whom a model knows more or less; its
// rows differ by their seed alone, not by the skill.
func predictions(n int, seed uint64, skill float64) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	b.WriteString("id,label,score,region,age\n")
	for i := range n {
		risk := r.NormFloat64()
		label := 0
		if r.Float64() < 1/(1+math.Exp(-2*risk)) {
			label = 1
		}
		region := []string{"east", "north", "south", "west"}[r.IntN(4)]
		score := 1 / (1 + math.Exp(-skill*risk-r.NormFloat64()))
		fmt.Fprintf(&b, "c%d,%d,%.9f,%s,%d\n", i, label, score, region, 18+r.IntN(60))
	}
	return b.String()
}

func usualInputs() map[string]any {
	return map[string]any{"predictions": "p.csv", "id": "id", "label": "label", "score": "score"}
}

func with(in map[string]any, more map[string]any) map[string]any {
	for k, v := range more {
		in[k] = v
	}
	return in
}

func evaluated(t *testing.T, in map[string]any, files map[string]string) *Result {
	t.Helper()
	r, err := Evaluate(t.Context(), in, folder(t, files))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *Result) find(t *testing.T, name string, slice map[string]string) Measured {
	t.Helper()
	for _, m := range r.Metrics {
		if m.Name == name && label(m.Slice) == label(slice) {
			return m
		}
	}
	t.Fatalf("no %s of %v", name, slice)
	return Measured{}
}

// What an interval is made around is the metric itself, whatever its arithmetic.
func TestValuesAreTheMetrics(t *testing.T) {
	t.Parallel()
	for _, rows := range []*metric.Rows{binaryRows(700), multiclassRows(700), regressionRows(700), rankingRows(700), forecastRows(700)} {
		p, err := newPair(rows, nil, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range metric.All() {
			if !m.For(rows.Task) || m.Check(rows) != nil {
				continue
			}
			want, err := metric.Value(m, rows)
			if err != nil {
				t.Errorf("%s %s: %v", rows.Task, m.Name, err)
				continue
			}
			e, err := p.estimate(m)
			if err != nil || math.Abs(e.A.Value-want) > 1e-9*(1+math.Abs(want)) {
				t.Errorf("%s %s: the estimate is %v (%v), the metric %v", rows.Task, m.Name, e.A.Value, err, want)
			}
			if !(e.A.Low <= want && want <= e.A.High) {
				t.Errorf("%s %s: %v is outside of %v … %v (%s)", rows.Task, m.Name, want, e.A.Low, e.A.High, e.Reason)
			}
		}
	}
}

func binaryRows(n int) *metric.Rows {
	r, d := &metric.Rows{Task: metric.Binary}, rand.New(rand.NewPCG(1, 1))
	for range n {
		x := d.NormFloat64()
		y := 0.0
		if d.Float64() < 1/(1+math.Exp(-x)) {
			y = 1
		}
		r.Label, r.Score = append(r.Label, y), append(r.Score, 1/(1+math.Exp(-x-d.NormFloat64())))
	}
	return r
}

func multiclassRows(n int) *metric.Rows {
	r, d := &metric.Rows{Task: metric.Multiclass, Classes: []string{"a", "b", "c"}, Scores: make([][]float64, 3)}, rand.New(rand.NewPCG(2, 1))
	for range n {
		y := d.IntN(3)
		sum, ps := 0.0, [3]float64{}
		for k := range ps {
			ps[k] = math.Exp(d.NormFloat64())
			if k == y {
				ps[k] *= 3
			}
			sum += ps[k]
		}
		r.Label = append(r.Label, float64(y))
		for k := range ps {
			r.Scores[k] = append(r.Scores[k], ps[k]/sum)
		}
	}
	return r
}

func regressionRows(n int) *metric.Rows {
	r, d := &metric.Rows{Task: metric.Regression}, rand.New(rand.NewPCG(3, 1))
	for range n {
		x := 50 + 10*d.NormFloat64()
		r.Label, r.Score = append(r.Label, x), append(r.Score, x+3*d.NormFloat64())
	}
	return r
}

func rankingRows(n int) *metric.Rows {
	r, d := &metric.Rows{Task: metric.Ranking}, rand.New(rand.NewPCG(4, 1))
	for i := range n {
		x := float64(d.IntN(4))
		r.Label, r.Score, r.Group = append(r.Label, x), append(r.Score, x+2*d.NormFloat64()), append(r.Group, uint64(i/10))
	}
	return r
}

func forecastRows(n int) *metric.Rows {
	r := regressionRows(n)
	r.Task = metric.Forecast
	return r
}

// The same table is worth the same in any form.
func TestFormsAgree(t *testing.T) {
	t.Parallel()
	csv := predictions(400, 7, 1)
	var lines strings.Builder
	for i, row := range strings.Split(strings.TrimSpace(csv), "\n") {
		f := strings.Split(row, ",")
		if i > 0 {
			fmt.Fprintf(&lines, `{"id": %q, "label": %s, "score": %s, "region": %q, "age": %s}`+"\n", f[0], f[1], f[2], f[3], f[4])
		}
	}
	in := with(usualInputs(), map[string]any{"slices": []any{"region"}, "find": false})
	a := evaluated(t, in, map[string]string{"p.csv": csv})
	b := evaluated(t, with(in, map[string]any{"predictions": "p.jsonl"}), map[string]string{"p.jsonl": lines.String()})
	if len(a.Metrics) != len(b.Metrics) || len(a.Metrics) < 20 {
		t.Fatalf("%d and %d metrics", len(a.Metrics), len(b.Metrics))
	}
	for i := range a.Metrics {
		if a.Metrics[i].Value != b.Metrics[i].Value {
			t.Errorf("%s %v: %v and %v", a.Metrics[i].Name, a.Metrics[i].Slice, a.Metrics[i].Value, b.Metrics[i].Value)
		}
	}
}

// Labels are told by their words, or by what is said of them.
func TestLabels(t *testing.T) {
	t.Parallel()
	table := func(one, zero string) map[string]string {
		return map[string]string{"p.csv": "id,label,score\n1," + one + ",0.9\n2," + zero + ",0.2\n3," + one + ",0.7\n4," + zero + ",0.8\n"}
	}
	in := func(more map[string]any) map[string]any {
		return with(usualInputs(), with(map[string]any{"metrics": []any{"auc"}, "find": false}, more))
	}
	for _, c := range []struct{ one, zero, positive string }{
		{"1", "0", ""}, {"true", "false", ""}, {"Yes", "No", ""}, {"left", "stayed", "left"}, {"2", "1", "2"}, {"1.0", "0.0", ""},
	} {
		more := map[string]any{}
		if c.positive != "" {
			more["positive"] = c.positive
		}
		if m := evaluated(t, in(more), table(c.one, c.zero)).find(t, "auc", nil); m.Value != 0.75 {
			t.Errorf("%s and %s: auc %v", c.one, c.zero, m.Value)
		}
	}
	_, err := Evaluate(t.Context(), in(nil), folder(t, table("left", "stayed")))
	var wrong *ColumnError
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), `positive: "stayed"`) {
		t.Errorf("two words: %v", err)
	}
}

// An own metric averages a column or an expression of columns.
func TestOwnMetrics(t *testing.T) {
	t.Parallel()
	in := with(usualInputs(), map[string]any{"find": false, "metrics": []any{
		map[string]any{"name": "cost", "mean": "cost"}, map[string]any{"name": "profit", "mean": "label * 10 - row['unit cost']", "better": "higher", "unit": "EUR"},
		map[string]any{"name": "sure", "mean": "score > 0.8"},
	}})
	r := evaluated(t, in, map[string]string{"p.csv": "id,label,score,cost,unit cost\n1,1,0.9,1,2\n2,0,0.1,2,4\n3,1,0.5,6,3\n"})
	for name, want := range map[string]report.Number{"cost": 3, "profit": report.Number(20.0/3 - 3), "sure": report.Number(1.0 / 3)} {
		if got := r.find(t, name, nil).Value; math.Abs(float64(got-want)) > 1e-12 {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if m := r.find(t, "profit", nil); m.Unit != "EUR" || m.Better != "higher" {
		t.Errorf("%+v", m)
	}
}

// What cannot be evaluated is told: what, where, how to mend it.
func TestBadInput(t *testing.T) {
	t.Parallel()
	good := "id,label,score,region\n1,1,0.9,a\n2,0,0.2,b\n3,1,0.4,a\n4,0,0.1,b\n"
	for _, c := range []struct {
		name  string
		in    map[string]any
		table string
		want  string
	}{
		{"no such column", map[string]any{"score": "scor"}, good, `score: there is no column "scor"; did you mean "score"?`},
		{"an unknown metric", map[string]any{"metrics": []any{"aux"}}, good, "metrics[0]: "},
		{"a metric of another task", map[string]any{"metrics": []any{"auc", "rmse"}}, good, "rmse is no metric of a binary task"},
		{"a slice of no column", map[string]any{"slices": []any{"regoin"}}, good, `did you mean "region"`},
		{"an id twice", nil, good + "2,1,0.5,a\n", "row 5 has the id of row 2"},
		{"no id", nil, good + ",1,0.5,a\n", `row 5: column "id": has no value`},
		{"a score that is none", nil, good + "5,1,,a\n", "column score has no value in 1 row, first in row 5"},
		{"a text among scores", nil, good + "5,1,high,a\n", `column score holds texts such as "0.9" where scores must be numbers`},
		{"a label that is none", nil, good + "5,,0.5,a\n", "column label has no value"},
		{"a third label", nil, good + "5,2,0.5,a\n", "holds more than two values"},
		{"a probability above 1", map[string]any{"metrics": []any{"logloss"}}, good + "5,1,1.5,a\n", "1.5"},
		{"a negative weight", map[string]any{"weight": "w"}, "id,label,score,w\n1,1,0.5,1\n2,0,0.5,-1\n", "column w holds -1, which is no weight in 1 row, first in row 2"},
		{"a threshold of words", map[string]any{"threshold": "half"}, good, `threshold: "half" is neither a number nor best`},
		{"no rows", nil, "id,label,score\n", "no rows"},
		{"a broken expression", map[string]any{"metrics": []any{map[string]any{"name": "x", "mean": "label *"}}}, good, `metrics[0]: "label *"`},
		{"an expression of texts", map[string]any{"metrics": []any{map[string]any{"name": "x", "mean": "region"}}}, good, "holds texts"},
		{"slices by the million", map[string]any{"slices": []any{"id * score"}, "find": false}, predictions(150_000, 1, 1), "more than"},
	} {
		in := with(with(usualInputs(), map[string]any{"find": false}), c.in)
		_, err := Evaluate(t.Context(), in, folder(t, map[string]string{"p.csv": c.table}))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant: %s", c.name, err, c.want)
		}
	}
}

// Where rows do not define a metric, it has no number and a reason.
func TestUndefined(t *testing.T) {
	t.Parallel()
	r := evaluated(t, with(usualInputs(), map[string]any{"find": false}), map[string]string{"p.csv": "id,label,score\n1,1,0.5\n2,1,0.5\n3,1,0.5\n"})
	auc := r.find(t, "auc", nil)
	if !math.IsNaN(float64(auc.Value)) || !strings.Contains(auc.Reason, "no row is negative") || auc.Own != nil {
		t.Errorf("auc of one class: %+v", auc)
	}
	for _, m := range r.recorded() {
		if m.Name == "auc" {
			t.Errorf("a metric without a value was recorded: %+v", m)
		}
	}
	constant := evaluated(t, with(usualInputs(), map[string]any{"find": false}), map[string]string{"p.csv": "id,label,score\n1,1,0.5\n2,0,0.5\n3,1,0.5\n4,0,0.5\n"})
	if m := constant.find(t, "auc", nil); m.Value != 0.5 {
		t.Errorf("auc of one score: %+v", m)
	}
}
