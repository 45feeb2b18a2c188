package paired

import "fmt"

// Confusion is what [Cells] are of two classes, of any number of them.
type Confusion struct {
	r           *Rows
	k           int
	label, a, b []int32
}

// Classes takes labels and decisions, each a class from 0 to k-1. A nil b is for
// one model. The slices are kept.
func (r *Rows) Classes(k int, label, a, b []int32) (*Confusion, error) {
	c := &Confusion{r, k, label, a, b}
	for _, part := range []struct {
		what    string
		classes []int32
	}{{"label", label}, {"decision of the " + candidate, a}, {"decision of the " + baseline, b}} {
		if part.classes == nil && b == nil && part.what == "decision of the "+baseline {
			continue
		}
		if len(part.classes) != r.n {
			return nil, &LengthError{"classes (" + part.what + ")", len(part.classes), r.n}
		}
		for i, class := range part.classes {
			if class < 0 || int(class) >= k {
				return nil, &RowError{part.what, i, float64(class), fmt.Sprintf("a class from 0 to %d", k-1)}
			}
		}
	}
	return c, nil
}

// Of estimates a metric of the confusion matrix counts[label*k+decision] by the
// delta method. The metric is evaluated four times for each entry that is not 0.
func (c *Confusion) Of(metric func(counts []float64) float64) Estimate {
	ia, ib := Influence{Value: nan}, Influence{Value: nan}
	both(func() { ia = c.influence(metric, c.a) }, func() {
		if c.b != nil {
			ib = c.influence(metric, c.b)
		}
	})
	return c.r.influenced("delta method", ia, ib, plain)
}

func (c *Confusion) influence(metric func([]float64) float64, decision []int32) Influence {
	counts := make([]float64, c.k*c.k)
	for i, l := range c.label {
		counts[int(l)*c.k+int(decision[i])] += c.r.weightOf(i)
	}
	out := Influence{metric(counts), make([]float64, c.r.n)}
	moves := make([]float64, len(counts))
	for at, n := range counts {
		if n > 0 {
			moves[at] = c.r.total * slope(metric, counts, at, n)
		}
	}
	for i, l := range c.label {
		out.Rows[i] = moves[int(l)*c.k+int(decision[i])]
	}
	return out
}

// Accuracy estimates the share of right decisions, as [Cells.Accuracy] does.
func (c *Confusion) Accuracy() Estimate {
	label := make([]bool, len(c.label))
	right := func(decision []int32) []bool {
		if decision == nil {
			return nil
		}
		out := make([]bool, len(decision))
		for i, d := range decision {
			out[i] = d == c.label[i]
		}
		return out
	}
	for i := range label {
		label[i] = true
	}
	cells, err := c.r.Binary(label, right(c.a), right(c.b))
	if err != nil {
		panic(err) // Classes has seen to the lengths
	}
	return cells.Accuracy()
}
