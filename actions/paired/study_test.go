package paired

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
)

// A population is what pairs of models are drawn from. Both are as good as the
// other, but each has noise of its own, and so no difference is true.
type population struct {
	name     string
	rows     int
	positive float64 // share of positive rows
	per      int     // rows of a cluster, 0 for independent ones
	pairs    int     // in the full study
}

func populations() []population {
	return []population{
		{"200 rows", 200, 0.4, 0, 2000},
		{"200 rows, 10 % positive", 200, 0.1, 0, 2000},
		{"2,000 rows", 2000, 0.4, 0, 2000},
		{"2,000 rows, 2 % positive", 2000, 0.02, 0, 2000},
		{"20,000 rows, 1 % positive", 20_000, 0.01, 0, 150},
		{"40 clusters of 10", 400, 0.4, 10, 2000},
		{"200 clusters of 10, 10 % positive", 2000, 0.1, 10, 2000},
	}
}

// A draw is rows with the probabilities of two models.
type draw struct {
	label   []bool
	a, b    []float64
	cluster []uint64
}

// draw makes scores z = 2·label + user + row + model, of which the models see
// what the logistic of 2z-3 makes: a good classifier with few errors.
func (p population) draw(rng *rand.Rand, rows int) (d draw) {
	user := [3]float64{} // of both models and of each
	for i := range rows {
		if p.per > 0 {
			if i%p.per == 0 {
				user = [3]float64{0.5 * rng.NormFloat64(), 0.3 * rng.NormFloat64(), 0.3 * rng.NormFloat64()}
			}
			d.cluster = append(d.cluster, uint64(i/p.per))
		}
		label := rng.Float64() < p.positive
		z := 2*float64(index(label)) + user[0] + 0.8*rng.NormFloat64()
		score := func(own float64) float64 { return 1 / (1 + math.Exp(3-2*(z+own+0.4*rng.NormFloat64()))) }
		d.label, d.a, d.b = append(d.label, label), append(d.a, score(user[1])), append(d.b, score(user[2]))
	}
	return d
}

// A count is what became of the intervals of one metric.
type count struct{ pairs, covered, better, worse, own int }

var studied = []string{"auc", "pr_auc", "logloss", "brier", "accuracy", "f1", "precision", "recall", "mcc", "ks", "lift", "ece"}

// TestStudy draws pairs of models that are equally good: 95 % of the intervals of
// the difference must have 0 in them, and few may say better. It also counts how
// often intervals of a model's own value have the truth in them, which is that of
// many rows. MLOPS_STUDY=full draws at least 2,000 pairs of most populations.
func TestStudy(t *testing.T) {
	t.Parallel()
	full := os.Getenv("MLOPS_STUDY") == "full"
	var mu sync.Mutex
	all := map[string]*count{}
	t.Run("populations", func(t *testing.T) {
		for i, p := range populations() {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				counts := p.study(t, uint64(i), full)
				mu.Lock()
				defer mu.Unlock()
				for name, c := range counts {
					if all[name] == nil {
						all[name] = &count{}
					}
					all[name].add(c)
				}
			})
		}
	})
	for _, name := range studied {
		c := all[name]
		t.Logf("%-9s %s", name, c)
		if full && c.pairs < 10_000 || c.pairs < 300 {
			t.Errorf("%s: %d pairs are no study", name, c.pairs)
		}
		least, most := 0.93, 0.045 // of some hundred pairs
		if full {
			least, most = 0.945, 0.027
		}
		if float64(c.covered) < least*float64(c.pairs) || float64(c.better) > most*float64(c.pairs) {
			t.Errorf("%s: %s", name, c)
		}
	}
}

func (c *count) add(o count) {
	c.pairs += o.pairs
	c.covered += o.covered
	c.better += o.better
	c.worse += o.worse
	c.own += o.own
}

func (c count) String() string {
	of := func(n int) float64 { return 100 * float64(n) / float64(c.pairs) }
	return fmt.Sprintf("%5d pairs: %5.2f %% covered, %.2f %% better, %.2f %% worse; own value %5.2f %%", c.pairs, of(c.covered), of(c.better), of(c.worse), of(c.own))
}

func (p population) study(t *testing.T, seed uint64, full bool) map[string]count {
	pairs := p.pairs
	if !full {
		pairs = 4 + 20_000/p.rows
	}
	truth := p.truth(t, seed, full)
	counts := map[string]count{}
	for i := range pairs {
		d := p.draw(rand.New(rand.NewPCG(seed, uint64(i))), p.rows)
		r := rows(t, p.rows, Design{Cluster: d.cluster, Seed: uint64(i)})
		for name, e := range everything(t, r, d.label, d.a, d.b) {
			c := counts[name]
			c.see(e, truth[name])
			counts[name] = c
		}
	}
	for _, name := range studied {
		c := counts[name]
		t.Logf("%-34s %-9s %s", p.name, name, c)
		if full && c.pairs > 1000 && float64(c.covered) < 0.935*float64(c.pairs) {
			t.Errorf("%s: the intervals of %s cover too seldom: %s", p.name, name, c)
		}
		if biased := name == "ks" || name == "ece"; full && c.pairs > 1000 && !biased && float64(c.own) < 0.93*float64(c.pairs) {
			t.Errorf("%s: the intervals of one model's %s cover too seldom: %s", p.name, name, c)
		}
	}
	return counts
}

// truth is the value of each metric of many rows.
func (p population) truth(t *testing.T, seed uint64, full bool) map[string]float64 {
	n := 200_000
	if full {
		n = 1_000_000
	}
	d := p.draw(rand.New(rand.NewPCG(seed, math.MaxUint64)), n)
	out := map[string]float64{}
	for name, e := range everything(t, rows(t, n, Design{}), d.label, d.a, nil) {
		out[name] = e.A.Value
	}
	return out
}

func (c *count) see(e Estimate, truth float64) {
	if e.Reason != "" {
		return // nothing is said, which nothing can be wrong in
	}
	c.pairs++
	if e.Diff.Low <= 0 && e.Diff.High >= 0 {
		c.covered++
	}
	if e.Verdict(0) == Better {
		c.better++
	}
	if e.Verdict(0) == Worse {
		c.worse++
	}
	if e.A.Low <= truth && truth <= e.A.High {
		c.own++
	}
}
