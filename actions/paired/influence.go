package paired

// An Influence is a metric by its value and how each row moves it: the
// derivative of the value by the row's share of the weight. Its mean is
// taken off, so that any constant may be added.
type Influence struct {
	Value float64
	Rows  []float64
}

// Influence estimates a metric from its influence functions. Nil Rows of b are for
// one model. It fails with a [*RowError] for an influence that is not finite.
func (r *Rows) Influence(a, b Influence) (Estimate, error) {
	if err := r.pair("influence", a.Rows, b.Rows, isFinite); err != nil {
		return Estimate{}, err
	}
	return r.influenced("influence function", a, b, plain), nil
}

// influenced estimates a metric whose own values lie on a scale.
func (r *Rows) influenced(method string, a, b Influence, s scale) Estimate {
	if b.Rows == nil {
		b.Value = nan
	}
	if undefined := a.Value != a.Value || b.Rows != nil && b.Value != b.Value; undefined || r.counted == 0 {
		return r.estimate(method, Value{a.Value, nan, nan, nan}, Value{b.Value, nan, nan, nan}).because(r.unknown()).because("the metric is not defined on these rows")
	}
	na, nb, nd := r.scatter(a.Rows, b.Rows)
	own := func(v float64, n noise) Value { return r.value(v, n, r.degrees(n), s, r.effective) }
	e := r.estimate(method, own(a.Value, na), own(b.Value, nb)).because(r.unknown())
	if b.Rows != nil {
		e.differ(r, nd, r.degrees(nd))
		if few(nd) {
			e.Method += ", few rows differ"
		}
	}
	return e
}
