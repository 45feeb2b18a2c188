package paired

import (
	"math"
	"testing"
)

// decisions are metrics of decisions by name.
var decisions = map[string]Decision{
	"accuracy":          func(tp, fp, tn, fn float64) float64 { return (tp + tn) / (tp + fp + tn + fn) },
	"precision":         func(tp, fp, _, _ float64) float64 { return tp / (tp + fp) },
	"recall":            func(tp, _, _, fn float64) float64 { return tp / (tp + fn) },
	"f1":                func(tp, fp, _, fn float64) float64 { return 2 * tp / (2*tp + fp + fn) },
	"balanced accuracy": func(tp, fp, tn, fn float64) float64 { return (tp/(tp+fn) + tn/(tn+fp)) / 2 },
	"mcc": func(tp, fp, tn, fn float64) float64 {
		return (tp*tn - fp*fn) / math.Sqrt((tp+fp)*(tp+fn)*(tn+fp)*(tn+fn))
	},
}

func logLoss(label []bool, p []float64) []float64 {
	out := make([]float64, len(p))
	for i, x := range p {
		if !label[i] {
			x = 1 - x
		}
		out[i] = -math.Log(max(x, 1e-15))
	}
	return out
}

func brier(label []bool, p []float64) []float64 {
	out := make([]float64, len(p))
	for i, x := range p {
		d := x - float64(index(label[i]))
		out[i] = d * d
	}
	return out
}

func above(p []float64, threshold float64) []bool {
	out := make([]bool, len(p))
	for i, x := range p {
		out[i] = x >= threshold
	}
	return out
}

// everything is all metrics of probabilities of a binary label. A nil y is for one model.
func everything(t testing.TB, r *Rows, label []bool, x, y []float64) map[string]Estimate {
	t.Helper()
	out := map[string]Estimate{}
	add := func(name string, e Estimate, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = e
	}
	var a, b Scores
	both(func() { a = Rank(x) }, func() {
		if y != nil {
			b = Rank(y)
		}
	})
	auc, err := r.AUC(label, a, b)
	add("auc", auc, err)
	ap, err := r.AveragePrecision(label, a, b)
	add("pr_auc", ap, err)
	ks, err := r.KS(label, a, b)
	add("ks", ks, err)
	lift, err := r.Lift(label, 0.1, a, b)
	add("lift", lift, err)
	ece, err := r.Calibration(label, 10, x, y)
	add("ece", ece, err)
	perRow := func(name string, of func([]bool, []float64) []float64) {
		var lb []float64
		if y != nil {
			lb = of(label, y)
		}
		e, err := r.Mean(of(label, x), lb)
		add(name, e, err)
	}
	perRow("logloss", logLoss)
	perRow("brier", brier)
	var decided []bool
	if y != nil {
		decided = above(y, 0.5)
	}
	cells, err := r.Binary(label, above(x, 0.5), decided)
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range decisions {
		out[name] = cells.Of(m)
	}
	return out
}
