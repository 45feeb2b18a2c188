package metric

import "sync"

// lazy is a value that is computed when it is first asked for.
type lazy[T any] struct {
	once sync.Once
	v    T
}

func (l *lazy[T]) get(compute func() T) T {
	l.once.Do(func() { l.v = compute() })
	return l.v
}

// shared is what is computed once for rows, when it is first asked for. What does not
// depend on weights is asked of the rows that others were reweighed from.
type shared struct {
	from *Rows // nil unless reweighed

	sound   lazy[error]
	labels  lazy[error]
	scores  lazy[error]
	chances lazy[error]
	classes lazy[error]

	order   lazy[order]
	runOf   lazy[[]int32]
	ranked  lazy[members]
	naive   lazy[naive]
	perRest lazy[[]*Rows]
	guess   lazy[[]int32]

	total     lazy[float64]
	runs      lazy[Bins]
	confusion lazy[Confusion]
}

// origin returns the rows that keep what does not depend on weights.
func (r *Rows) origin() *Rows {
	if r.shared.from != nil {
		return r.shared.from
	}
	return r
}

// An order has the rows by falling score, and where runs of equal ones end.
type order struct{ rows, ends []int32 }

func (r *Rows) order() order {
	o := r.origin()
	return o.shared.order.get(func() order {
		rows := argsort(o.Score, true)
		return order{rows, ends(o.Score, rows)}
	})
}

// ends returns where runs of equal values end.
func ends(values []float64, rows []int32) []int32 {
	var out []int32
	for i := 1; i <= len(rows); i++ {
		if i == len(rows) || values[rows[i]] != values[rows[i-1]] {
			out = append(out, int32(i))
		}
	}
	return out
}

// Falling returns the rows in the order of falling scores, equal ones in their order. The
// result must not be changed.
func (r *Rows) Falling() []int32 { return r.order().rows }

// Ties returns where runs of equal scores end in [Rows.Falling]: run i is
// Falling()[Ties()[i-1]:Ties()[i]], the first one begins at 0. The result must not be
// changed.
func (r *Rows) Ties() []int32 { return r.order().ends }

// Reweigh returns the same rows with other weights. What depends on no weights, such
// as the order by score, is shared and not computed again.
func (r *Rows) Reweigh(weight []float64) *Rows {
	return &Rows{
		Task: r.Task, Label: r.Label, Score: r.Score, Prediction: r.Prediction, Scores: r.Scores, Classes: r.Classes,
		Threshold: r.Threshold, Weight: weight, Group: r.Group, Order: r.Order, Season: r.Season, Naive: r.Naive, Own: r.Own,
		shared: shared{from: r.origin()},
	}
}

// Pick returns the rows with the given indices, such as those of a slice. Their naive
// forecasts' errors are those of the whole series.
func (r *Rows) Pick(rows []int32) *Rows {
	p := &Rows{Task: r.Task, Classes: r.Classes, Threshold: r.Threshold, Season: r.Season,
		Label: pick(r.Label, rows), Score: pick(r.Score, rows), Prediction: pick(r.Prediction, rows),
		Weight: pick(r.Weight, rows), Group: pick(r.Group, rows), Order: pick(r.Order, rows), Naive: pick(r.Naive, rows)}
	if r.Task == Forecast && r.Naive == nil && r.soundness() == nil {
		p.Naive = pick(r.naives().errors, rows)
	}
	for _, s := range r.Scores {
		p.Scores = append(p.Scores, pick(s, rows))
	}
	for name, values := range r.Own {
		if p.Own == nil {
			p.Own = map[string][]float64{}
		}
		p.Own[name] = pick(values, rows)
	}
	return p
}

func pick[T any](values []T, rows []int32) []T {
	if values == nil {
		return nil
	}
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = values[row]
	}
	return out
}
