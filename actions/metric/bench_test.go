package metric

import "testing"

// million returns rows of which one in seven shares its score with others, as those of
// trees do.
func million(n int) *Rows {
	r := random(7)
	label, score := r.next(n), r.next(n)
	for i, u := range label {
		label[i] = float64(count(u < 0.3))
		score[i] = (score[i] + float64(0.4*label[i])) / 1.4
		if i%7 == 0 {
			score[i] = float64(int(score[i]*1000)) / 1000
		}
	}
	return &Rows{Task: Binary, Label: label, Score: score}
}

// fresh returns the rows without what was computed for them.
func fresh(r *Rows) *Rows {
	again := r.Reweigh(r.Weight)
	again.shared.from = nil
	return again
}

func benchmark(b *testing.B, r *Rows, names ...string) {
	var metrics []Metric
	for _, n := range names {
		m, err := Find(n)
		if err != nil {
			b.Fatal(err)
		}
		metrics = append(metrics, m)
	}
	b.ReportAllocs()
	for b.Loop() {
		again := fresh(r)
		for _, m := range metrics {
			if _, err := Value(m, again); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(r.Len())*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkAUC(b *testing.B) { benchmark(b, million(1_000_000), "auc") }

// BenchmarkBinary computes all metrics of binary tasks.
func BenchmarkBinary(b *testing.B) {
	var names []string
	for _, m := range All() {
		if m.For(Binary) {
			names = append(names, m.Name)
		}
	}
	benchmark(b, million(1_000_000), append(names, "f1 at 0.3", "f1 at best")...)
}

// BenchmarkEach computes each metric of binary tasks on rows that share what they can.
func BenchmarkEach(b *testing.B) {
	r := million(1_000_000)
	for _, m := range All() {
		if m.For(Binary) {
			b.Run(m.Name, func(b *testing.B) {
				for b.Loop() {
					if _, err := Value(m, r); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkRanking(b *testing.B) {
	r := million(1_000_000)
	r.Task = Ranking
	for i := range r.Label {
		r.Group = append(r.Group, uint64(i/20))
	}
	benchmark(b, r, "ndcg@10", "mrr", "map")
}

func BenchmarkROC(b *testing.B) {
	r := million(1_000_000)
	for b.Loop() {
		if _, err := ROC(fresh(r)); err != nil {
			b.Fatal(err)
		}
	}
}
