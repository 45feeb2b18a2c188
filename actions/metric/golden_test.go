package metric

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// random is the generator of testdata/golden.py.
type random uint32

func (r *random) next(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		*r ^= *r << 13
		*r ^= *r >> 17
		*r ^= *r << 5
		out[i] = float64(*r) / (1 << 32)
	}
	return out
}

func (r *random) weights(n int, kind string) []float64 {
	w := r.next(n)
	if kind == "none" {
		return nil
	}
	for i, v := range w {
		switch {
		case kind == "some":
			w[i] = 0.1 + v
		case v < 0.3:
			w[i] = 0
		}
	}
	return w
}

// A goldenCase is data and what scikit-learn says of it.
type goldenCase struct {
	Name, Weights                        string
	Seed                                 random
	Rows, Classes, Missing, Groups, Size int
	Rate, Signal, Levels, Offset, Grades float64
	Want                                 map[string]json.RawMessage
}

func (c goldenCase) binary() *Rows {
	r := c.Seed
	label, score := r.next(c.Rows), r.next(c.Rows)
	for i, u := range label {
		label[i] = float64(count(u < c.Rate))
		score[i] = (float64(c.Signal*label[i]) + score[i]) / (1 + c.Signal)
		if c.Levels > 0 {
			score[i] = math.Floor(score[i]*c.Levels) / c.Levels
		}
	}
	return &Rows{Task: Binary, Label: label, Score: score, Weight: r.weights(c.Rows, c.Weights)}
}

func (c goldenCase) classes() *Rows {
	r := c.Seed
	label := r.next(c.Rows)
	for i, u := range label {
		label[i] = math.Floor(u * float64(c.Classes-c.Missing))
	}
	rows := &Rows{Task: Multiclass, Label: label}
	for k := range c.Classes {
		scores := r.next(c.Rows)
		for i, u := range scores {
			scores[i] = 1 + math.Floor((u+float64(c.Signal*float64(count(label[i] == float64(k)))))*c.Levels)
		}
		rows.Scores, rows.Classes = append(rows.Scores, scores), append(rows.Classes, strconv.Itoa(k))
	}
	sums := columnSums(rows.Scores)
	for _, scores := range rows.Scores {
		for i := range scores {
			scores[i] /= sums[i]
		}
	}
	rows.Weight = r.weights(c.Rows, c.Weights)
	return rows
}

func (c goldenCase) numbers() *Rows {
	r := c.Seed
	label, score := r.next(c.Rows), r.next(c.Rows)
	group := make([]uint64, c.Rows)
	for i, u := range label {
		label[i] = c.Offset + 1 + float64(10*u)
		score[i] = label[i] + float64(4*(score[i]-0.4))
		group[i] = uint64(i / 40)
	}
	return &Rows{Task: Forecast, Label: label, Score: score, Group: group, Weight: r.weights(c.Rows, c.Weights)}
}

func (c goldenCase) ranking() *Rows {
	r := c.Seed
	n := c.Groups * c.Size
	label, score := r.next(n), r.next(n)
	rows := &Rows{Task: Ranking, Label: label, Score: score}
	for i, u := range label {
		label[i] = math.Floor(float64(u*u) * (c.Grades + 1))
		score[i] += float64(0.5 * label[i])
		if c.Levels > 0 {
			score[i] = math.Floor(score[i]*c.Levels) / c.Levels
		}
		rows.Group = append(rows.Group, uint64(i/c.Size))
	}
	if w := r.weights(c.Groups, c.Weights); w != nil {
		rows.Weight = make([]float64, n)
		for i := range rows.Weight {
			rows.Weight[i] = w[i/c.Size]
		}
	}
	return rows
}

// TestAgainstScikitLearn compares with what testdata/golden.py prints.
func TestAgainstScikitLearn(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden map[string][]goldenCase
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for task, rows := range map[string]func(goldenCase) *Rows{"binary": goldenCase.binary, "classes": goldenCase.classes, "numbers": goldenCase.numbers, "ranking": goldenCase.ranking} {
		for _, c := range golden[task] {
			t.Run(task+" "+c.Name, func(t *testing.T) {
				r := rows(c)
				for name, want := range c.Want {
					if name == "matrix" {
						compareMatrix(t, r, want)
						continue
					}
					compareValue(t, r, name, want)
					m, _ := Find(strings.Split(name, " ")[0])
					seen[m.Family] = true
				}
			})
		}
	}
	for _, f := range families() {
		if !seen[f.Name] {
			t.Errorf("%s is compared with nothing", f.Name)
		}
	}
}

func compareValue(t *testing.T, r *Rows, name string, text json.RawMessage) {
	t.Helper()
	var want float64
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if family, season, ok := strings.Cut(name, " season "); ok {
		name = family
		r = r.Reweigh(r.Weight)
		r.shared.from = nil
		r.Season, _ = strconv.Atoi(season)
	}
	m, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Value(m, r)
	if err != nil || !near(got, want) {
		t.Errorf("%s is %.17g, %v; want %.17g", name, got, err, want)
	}
}

// near is to 1e-9 of the size, and of the crumbs that stay where terms cancel.
func near(got, want float64) bool { return math.Abs(got-want) <= 1e-9*math.Abs(want)+1e-13 }

func compareMatrix(t *testing.T, r *Rows, text json.RawMessage) {
	t.Helper()
	var want [][]float64
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	got, err := Matrix(r)
	if err != nil || len(got) != len(want) {
		t.Fatalf("the matrix has %d classes, %v; want %d", len(got), err, len(want))
	}
	for i, row := range want {
		for j, w := range row {
			if !near(got[i][j], w) {
				t.Errorf("matrix[%d][%d] is %v, want %v", i, j, got[i][j], w)
			}
		}
	}
}
