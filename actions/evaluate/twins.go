package evaluate

import (
	"fmt"
	"slices"

	"github.com/mlops-runner/mlops/actions/metric"
)

// twins are the rows of two models that have the same ids, in the same order.
type twins struct {
	a, b      *Frame
	rowsA     []int32 // of a, which have an id that b has
	candidate *metric.Rows
	baseline  *metric.Rows
	groups    []uint64
}

// alike gives both the same classes, labels and weights: those of the candidate.
func (t *twins) alike(out *Comparison) error {
	if t.candidate.Task == metric.Multiclass {
		if !t.sameClasses() {
			out.Why = fmt.Sprintf("the baseline's scores are of other classes: %v, not %v", t.b.rows.Classes, t.a.rows.Classes)
			return nil
		}
	}
	for i, x := range t.candidate.Label {
		if t.baseline.Label[i] != x {
			out.Relabeled++
		}
	}
	b := t.baseline
	t.baseline = &metric.Rows{ // no copy: what is kept of an order by score goes with the label
		Task: b.Task, Label: t.candidate.Label, Score: b.Score, Prediction: b.Prediction, Scores: b.Scores, Classes: t.candidate.Classes,
		Threshold: b.Threshold, Weight: t.candidate.Weight, Group: t.candidate.Group, Order: t.candidate.Order, Season: t.candidate.Season,
		Naive: t.candidate.Naive, Own: b.Own,
	}
	return nil
}

// sameClasses numbers the classes of both alike, unless scores forbid it.
func (t *twins) sameClasses() bool {
	a, b := t.candidate.Classes, t.baseline.Classes
	if slices.Equal(a, b) {
		return true
	}
	if t.candidate.Scores != nil || t.baseline.Scores != nil {
		return false
	}
	all := slices.Clone(a)
	place := make([]float64, len(b))
	for i, name := range b {
		at := slices.Index(all, name)
		if at < 0 {
			at = len(all)
			all = append(all, name)
		}
		place[i] = float64(at)
	}
	renumber := func(list []float64) []float64 {
		out := make([]float64, len(list))
		for i, x := range list {
			out[i] = place[int(x)]
		}
		return out
	}
	t.baseline = &metric.Rows{Task: metric.Multiclass, Label: renumber(t.baseline.Label), Prediction: renumber(t.baseline.Prediction), Own: t.baseline.Own}
	c := t.candidate
	t.candidate = &metric.Rows{Task: c.Task, Label: c.Label, Prediction: c.Prediction, Weight: c.Weight, Group: c.Group, Own: c.Own}
	t.candidate.Classes, t.baseline.Classes = all, all
	return true
}

// places are where rows of the candidate's table stand among those that are
// compared, -1 for nowhere; nil if all stand where they are.
func (t *twins) places() []int32 {
	if t.candidate.Len() == t.a.rows.Len() && inOrder(t.rowsA) {
		return nil
	}
	out := make([]int32, t.a.rows.Len())
	for i := range out {
		out[i] = -1
	}
	for i, row := range t.rowsA {
		out[row] = int32(i)
	}
	return out
}

// among is the part of the rows that are compared; without rows if too few are.
func (p part) among(place []int32, least int) part {
	var rows []int32
	for _, row := range p.rows {
		if place[row] >= 0 {
			rows = append(rows, place[row])
		}
	}
	if len(rows) < least {
		return part{slice: p.slice}
	}
	return part{p.slice, rows, len(rows)}
}
