package metric

import (
	"math"
	"strings"
	"testing"
)

// An edgeCase is rows on which a metric has no value, or one that must be known.
type edgeCase struct {
	name   string
	rows   *Rows
	metric string
	value  float64 // if neither of the others
	why    Reason
	fault  Fault
	count  int
	first  int
}

func TestEdges(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	type f = []float64
	binary := func(label, score f) *Rows { return &Rows{Task: Binary, Label: label, Score: score} }
	weighted := func(r *Rows, w f) *Rows { r.Weight = w; return r }
	number := func(label, score f) *Rows { return &Rows{Task: Regression, Label: label, Score: score} }
	class := func(label f, columns ...f) *Rows {
		return &Rows{Task: Multiclass, Label: label, Scores: columns, Classes: []string{"a", "b", "c"}[:len(columns)]}
	}
	guess := func(label, p f) *Rows { return &Rows{Task: Binary, Label: label, Prediction: p} }
	forecast := func(label, score f, season int) *Rows {
		return &Rows{Task: Forecast, Label: label, Score: score, Season: season}
	}
	ones, mix := f{1, 1}, f{0, 1}
	half := f{0.5, 0.5}
	for _, c := range []edgeCase{
		{name: "no rows", rows: binary(f{}, f{}), metric: "accuracy", why: NoRows},
		{name: "no weight", rows: weighted(binary(mix, half), f{0, 0}), metric: "auc", why: NoWeight},
		{name: "one class", rows: binary(ones, half), metric: "auc", why: OneClass},
		{name: "one class", rows: binary(ones, half), metric: "gini", why: OneClass},
		{name: "one class", rows: binary(ones, half), metric: "ks", why: OneClass},
		{name: "one class", rows: binary(ones, half), metric: "mcc", why: OneClass},
		{name: "one class", rows: binary(ones, half), metric: "mcc at best", why: OneClass},
		{name: "one class", rows: binary(ones, half), metric: "balanced accuracy", why: OneClass},
		{name: "one class by weight", rows: weighted(binary(mix, half), f{0, 1}), metric: "auc", why: OneClass},
		{name: "one class", rows: binary(ones, half), metric: "logloss", value: math.Ln2},
		{name: "one class", rows: binary(ones, half), metric: "pr_auc", value: 1},
		{name: "no positive", rows: binary(f{0, 0}, half), metric: "pr_auc", why: NoPositive},
		{name: "no positive", rows: binary(f{0, 0}, half), metric: "lift", why: NoPositive},
		{name: "no positive", rows: binary(f{0, 0}, half), metric: "recall", why: NoPositive},
		{name: "no positive, none predicted", rows: binary(f{0, 0}, f{0, 0}), metric: "f1", why: NoPositive},
		{name: "no positive, one predicted", rows: binary(f{0, 0}, f{0, 1}), metric: "f1", value: 0},
		{name: "no negative", rows: binary(ones, half), metric: "specificity", why: NoNegative},
		{name: "none predicted", rows: binary(mix, f{0, 0}), metric: "precision", why: NonePredicted},
		{name: "none predicted", rows: binary(mix, f{0, 0}), metric: "mcc", value: 0},
		{name: "constant scores", rows: binary(mix, half), metric: "auc", value: 0.5},
		{name: "the threshold itself is class 1", rows: binary(ones, half), metric: "recall", value: 1},
		{name: "certain and wrong", rows: binary(f{0, 0}, f{1, 1}), metric: "logloss", value: 52 * math.Ln2},
		{name: "NaN", rows: binary(f{0, 1, 1}, f{0, nan, nan}), metric: "auc", fault: NotFinite, count: 2, first: 1},
		{name: "infinite", rows: binary(mix, f{0, inf}), metric: "f1", fault: NotFinite, count: 1, first: 1},
		{name: "logits", rows: binary(mix, f{-3, 3}), metric: "brier", fault: NoProbability, count: 2},
		{name: "logits", rows: binary(mix, f{-3, 3}), metric: "auc", value: 1},
		{name: "a label of 2", rows: binary(f{0, 2}, half), metric: "auc", fault: UnknownClass, count: 1, first: 1},
		{name: "a label of NaN", rows: binary(f{nan, 1}, half), metric: "auc", fault: UnknownClass, count: 1},
		{name: "a negative weight", rows: weighted(binary(mix, half), f{1, -1}), metric: "auc", fault: BadWeight, count: 1, first: 1},
		{name: "infinite weights together", rows: weighted(binary(mix, half), f{1e308, 1e308}), metric: "auc", why: Overflow},
		{name: "tiny weights", rows: weighted(binary(mix, half), f{1e-200, 1e-200}), metric: "auc", why: NoWeight},
		{name: "huge weights", rows: weighted(binary(mix, half), f{1e90, 1e90}), metric: "mcc", why: Overflow},
		{name: "another task", rows: binary(mix, half), metric: "rmse", fault: WrongTask},
		{name: "a task's threshold", rows: class(f{0, 1}, half, half), metric: "accuracy at 0.5", fault: WrongTask},
		{name: "a short column", rows: binary(mix, f{1}), metric: "auc", fault: BadLength},
		{name: "no scores", rows: guess(mix, mix), metric: "auc", fault: Missing},
		{name: "no scores", rows: guess(mix, mix), metric: "f1 at 0.5", fault: Missing},
		{name: "no scores", rows: guess(mix, mix), metric: "f1", value: 1},
		{name: "nothing predicted", rows: &Rows{Task: Binary, Label: mix}, metric: "f1", fault: Missing},
		{name: "an unknown prediction", rows: guess(mix, f{0, 3}), metric: "accuracy", fault: UnknownClass, count: 1, first: 1},
		{name: "a class without labels", rows: class(f{0, 1, 1}, f{.8, .1, .1}, f{.1, .8, .8}, f{.1, .1, .1}), metric: "auc_macro", why: NoClass},
		{name: "a class without labels", rows: class(f{0, 1, 1}, f{.8, .1, .1}, f{.1, .8, .8}, f{.1, .1, .1}), metric: "f1_macro", value: 1},
		{name: "an unknown class", rows: class(f{0, 2}, half, half), metric: "accuracy", fault: UnknownClass, count: 1, first: 1},
		{name: "no probabilities", rows: class(f{0, 1}, f{.5, .9}, f{.5, .9}), metric: "logloss", fault: NoProbability, count: 1, first: 1},
		{name: "rounded ones", rows: class(f{0, 1}, f{.5, .48}, f{.5, .48}), metric: "logloss", value: math.Ln2},
		{name: "equal scores", rows: class(f{0, 1}, half, half), metric: "accuracy", value: 0.5},
		{name: "the first of equal scores", rows: class(f{0, 0}, half, half), metric: "top1", value: 1},
		{name: "more than all classes", rows: class(f{0, 1}, half, half), metric: "top3", value: 1},
		{name: "a label of 0", rows: number(f{0, 1, 0}, f{1, 1, 1}), metric: "mape", why: ZeroLabel, count: 2},
		{name: "a label of 0 without weight", rows: weighted(number(f{0, 2}, f{1, 1}), f{0, 1}), metric: "mape", value: 0.5},
		{name: "labels of 0", rows: number(f{0, 0}, f{1, 1}), metric: "wape", why: ZeroLabel},
		{name: "nothing at all", rows: number(f{0, 0}, f{0, 1}), metric: "smape", value: 1},
		{name: "equal labels", rows: number(f{3, 3}, f{1, 1}), metric: "r2", why: ConstLabel},
		{name: "equal labels by weight", rows: weighted(number(f{3, 1e9, 3}, f{1, 1, 1}), f{1, 0, 1}), metric: "r2", why: ConstLabel},
		{name: "too large", rows: number(f{1e300, 0}, f{-1e300, 0}), metric: "mse", why: Overflow},
		{name: "too large", rows: number(f{1e300, 0}, f{-1e300, 0}), metric: "r2", why: Overflow},
		{name: "a label of NaN", rows: number(f{nan, 0}, f{1, 1}), metric: "mae", fault: NotFinite, count: 1},
		{name: "weighted median", rows: weighted(number(f{0, 0, 0}, f{1, 2, 4}), f{1, 1, 2}), metric: "medae", value: 3},
		{name: "a short series", rows: forecast(f{1, 2}, f{1, 2}, 2), metric: "mase", why: TooShort, count: 2},
		{name: "a short series without weight", rows: &Rows{Task: Forecast, Label: f{1, 2, 7}, Score: f{1, 3, 9}, Group: []uint64{1, 1, 2}, Weight: f{1, 1, 0}}, metric: "mase", value: 0.5},
		{name: "an even series", rows: forecast(f{1, 1, 1}, f{1, 2, 1}, 1), metric: "mase", why: ZeroNaive, count: 3},
		{name: "in order", rows: &Rows{Task: Forecast, Label: f{3, 1, 2}, Score: f{4, 1, 2}, Order: f{3, 1, 2}}, metric: "mase", value: 1.0 / 3},
		{name: "no groups", rows: &Rows{Task: Ranking, Label: mix, Score: mix}, metric: "ndcg", fault: Missing},
		{name: "a negative relevance", rows: &Rows{Task: Ranking, Label: f{-1, 1}, Score: mix, Group: []uint64{1, 1}}, metric: "ndcg", fault: BadLabel, count: 1},
		{name: "a group without relevant rows", rows: &Rows{Task: Ranking, Label: f{0, 0, 1}, Score: f{1, 2, 3}, Group: []uint64{1, 1, 2}}, metric: "ndcg", value: 0.5},
	} {
		c.check(t)
	}
}

func (c edgeCase) check(t *testing.T) {
	t.Helper()
	m, err := Find(c.metric)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Value(m, c.rows)
	why, fault, count, first := errorOf(err)
	switch {
	case why != c.why || fault != c.fault || count != c.count || first != c.first:
		t.Errorf("%s, %s: %v %v (%d rows from %d), want %q %q (%d from %d)", c.name, c.metric, v, err, count, first, c.why, c.fault, c.count, c.first)
	case err == nil && !near(v, c.value):
		t.Errorf("%s, %s: %v, want %v", c.name, c.metric, v, c.value)
	case err != nil && (!math.IsNaN(v) || strings.TrimSpace(err.Error()) == ""):
		t.Errorf("%s, %s: %v beside %q", c.name, c.metric, v, err)
	}
}

func TestOwn(t *testing.T) {
	t.Parallel()
	r := &Rows{Task: Regression, Label: []float64{1, 2}, Score: []float64{1, 2}, Weight: []float64{1, 3}, Own: map[string][]float64{"profit": {10, 20}, "short": {1}, "odd": {1, math.NaN()}}}
	if v, err := Value(Own("profit", Higher), r); err != nil || v != 17.5 {
		t.Errorf("profit is %v, %v; want 17.5", v, err)
	}
	for name, want := range map[string]Fault{"short": BadLength, "odd": NotFinite, "none": Missing} {
		_, err := Value(Own(name, Higher), r)
		if _, fault, _, _ := errorOf(err); fault != want {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// Pick keeps what the metrics need, and the naive errors of whole series.
func TestPick(t *testing.T) {
	t.Parallel()
	r := &Rows{Task: Forecast, Label: []float64{1, 3, 2, 6}, Score: []float64{2, 3, 2, 6}}
	m, _ := Find("mase")
	expectValue(t, "of one row", m, r.Pick([]int32{0}), 1/(7.0/3))
}
