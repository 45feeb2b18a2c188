package evaluate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/mlops-runner/mlops/actions/metric"
)

// BenchmarkBinary compares all metrics of a binary task of two models on 1M rows.
func BenchmarkBinary(b *testing.B) {
	names := []string{"auc", "pr_auc", "logloss", "brier", "accuracy", "precision", "recall", "f1", "balanced_accuracy", "mcc", "ece", "lift at 10%", "ks"}
	for b.Loop() {
		b.StopTimer()
		first, second := millionRows(1), millionRows(2)
		var ms []metric.Metric
		for _, name := range names {
			m, err := metric.Find(name)
			if err != nil {
				b.Fatal(err)
			}
			ms = append(ms, m)
		}
		b.StartTimer()
		if _, err := CompareRows(ms, first, second); err != nil {
			b.Fatal(err)
		}
	}
}

func millionRows(seed uint64) *metric.Rows {
	const n = 1_000_000
	truth, own := rand.New(rand.NewPCG(1, 1)), rand.New(rand.NewPCG(seed, 2))
	r := &metric.Rows{Task: metric.Binary, Label: make([]float64, n), Score: make([]float64, n)}
	for i := range n {
		risk := truth.NormFloat64()
		if truth.Float64() < 1/(1+math.Exp(-risk)) {
			r.Label[i] = 1
		}
		r.Score[i] = 1 / (1 + math.Exp(-risk-own.NormFloat64()))
	}
	return r
}
