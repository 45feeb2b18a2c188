package paired

import (
	"fmt"
	"math"
)

// Lift estimates how many times as many positives are among the share of the
// rows (or their weight) with the highest scores as among all. Rows tied at the edge
// count in part. Its influence function needs the share of positives around the
// edge, which is taken from the nearest n^0.8 rows. It is NaN without a positive row,
// and fails for a share outside (0, 1].
func (r *Rows) Lift(label []bool, share float64, a, b Scores) (Estimate, error) {
	if !(share > 0 && share <= 1) {
		return Estimate{}, fmt.Errorf("the lift of a share of %v; it must be more than 0 and at most 1", share)
	}
	of := func(label []bool, of [2]float64, s Scores) Influence { return r.lift(label, of, s, share) }
	return r.ranked("influence of ranks", label, a, b, of, positive)
}

func (r *Rows) lift(label []bool, of [2]float64, s Scores, share float64) Influence {
	e := r.edgeOf(label, s, share)
	out := Influence{e.positives / share / of[1], make([]float64, r.n)}
	rate := r.edgeRate(label, s.Order, e.from, e.to)
	for i, row := range s.Order {
		in := 0.0
		switch {
		case i < e.from:
			in = 1
		case i < e.to:
			in = e.part
		}
		x := rate * (share - in)
		if label[row] {
			x += in - out.Value*share
		}
		out.Rows[row] = x * r.total / (share * of[1])
	}
	return out
}

// An edge is where the rows with the highest scores end: those from a place in the
// order to another are in part among them.
type edge struct {
	from, to        int
	part, positives float64
}

func (r *Rows) edgeOf(label []bool, s Scores, share float64) (e edge) {
	left := share * r.total
	for _, end := range s.Ties {
		if left <= 1e-12*r.total {
			break
		}
		e.from, e.to = e.to, int(end)
		here := r.weights(label, s.Order[e.from:e.to])
		if sum := here[0] + here[1]; sum > 0 {
			e.part = min(1, left/sum)
		}
		e.positives += e.part * here[1]
		left -= e.part * (here[0] + here[1])
	}
	return e
}

// edgeRate is the share of positives around the edge.
func (r *Rows) edgeRate(label []bool, order []int32, from, to int) float64 {
	near := int(math.Pow(float64(len(order)), 0.8) / 2)
	w := r.weights(label, order[max(0, from-near):min(len(order), to+near)])
	if w[0]+w[1] == 0 {
		return 0
	}
	return w[1] / (w[0] + w[1])
}
