package metric

import "math"

// Check returns nil if the rows are sound and have what the metric needs. Otherwise it
// fails with a [*RowsError], or an [*Undefined] for reasons that are known without
// computing it.
func (m Metric) Check(r *Rows) error {
	if !m.For(r.Task) {
		return &RowsError{Fault: WrongTask, Metric: m.Name, Field: "Task"}
	}
	if err := r.soundness(); err != nil {
		return err
	}
	if err := m.lacks(r); err != nil {
		return err
	}
	switch {
	case r.Len() == 0:
		return &Undefined{Metric: m.Name, Reason: NoRows}
	case r.Total() < 1/largest:
		return &Undefined{Metric: m.Name, Reason: NoWeight}
	case r.Total() > largest:
		return &Undefined{Metric: m.Name, Reason: Overflow}
	}
	if m.check != nil {
		return m.check(r)
	}
	return nil
}

// largest is the most that weights may add up to, and its inverse the least, so that
// products of four sums of them are numbers still.
const largest = 1e70

// lacks tells what the metric needs and the rows do not have, or have wrong.
func (m Metric) lacks(r *Rows) error {
	missing := func(field string) error { return &RowsError{Fault: Missing, Metric: m.Name, Field: field} }
	scored := r.Score != nil || r.Task == Multiclass && r.Scores != nil
	switch {
	case m.Needs&(NeedScore|NeedProbability) != 0 && !scored:
		if r.Task == Multiclass {
			return missing("Scores")
		}
		return missing("Score")
	case m.Needs&NeedClass != 0 && !scored && r.Prediction == nil:
		return missing("Prediction")
	case m.Needs&NeedGroup != 0 && r.Group == nil:
		return missing("Group")
	}
	if m.Needs&NeedProbability != 0 {
		return r.chances()
	}
	if m.Needs&NeedClass != 0 && r.Prediction != nil {
		return r.predictions()
	}
	if m.Needs&(NeedScore|NeedClass) != 0 {
		return r.scores()
	}
	return nil
}

// soundness returns what is wrong with labels, weights and the lengths of slices.
func (r *Rows) soundness() error {
	return r.shared.sound.get(func() error {
		for _, f := range []func() error{r.lengths, r.weights, r.labels} {
			if err := f(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *Rows) lengths() error {
	n := r.Len()
	bad := func(field string, length int) error {
		return &RowsError{Fault: BadLength, Field: field, Value: float64(length)}
	}
	for _, f := range []struct {
		name   string
		values []float64
	}{{"Score", r.Score}, {"Prediction", r.Prediction}, {"Weight", r.Weight}, {"Order", r.Order}, {"Naive", r.Naive}} {
		if f.values != nil && len(f.values) != n {
			return bad(f.name, len(f.values))
		}
	}
	if r.Group != nil && len(r.Group) != n {
		return bad("Group", len(r.Group))
	}
	if r.Scores != nil && len(r.Scores) != len(r.Classes) {
		return bad("Classes", len(r.Classes))
	}
	for _, s := range r.Scores {
		if len(s) != n {
			return bad("Scores", len(s))
		}
	}
	return nil
}

func (r *Rows) weights() error {
	return faults(r.Weight, BadWeight, "Weight", func(v float64) bool { return v >= 0 && v <= math.MaxFloat64 })
}

func (r *Rows) labels() error {
	o := r.origin()
	return o.shared.labels.get(o.checkLabels)
}

func (r *Rows) checkLabels() error {
	switch r.Task {
	case Binary, Multiclass:
		return faults(r.Label, UnknownClass, "Label", r.isClass)
	case Ranking:
		if err := faults(r.Label, NotFinite, "Label", finite); err != nil {
			return err
		}
		return faults(r.Label, BadLabel, "Label", func(v float64) bool { return v >= 0 })
	}
	for _, err := range []error{faults(r.Label, NotFinite, "Label", finite), faults(r.Order, NotFinite, "Order", finite),
		faults(r.Naive, NotFinite, "Naive", finite), faults(r.Naive, BadLabel, "Naive", func(v float64) bool { return v >= 0 })} {
		if err != nil {
			return err
		}
	}
	return nil
}

// isClass reports whether v is the index of a class.
func (r *Rows) isClass(v float64) bool {
	if r.Task == Binary {
		return v == 0 || v == 1
	}
	return v >= 0 && v < float64(len(r.Classes)) && v == math.Trunc(v)
}

// predictions returns what is wrong with predicted classes.
func (r *Rows) predictions() error {
	o := r.origin()
	return o.shared.classes.get(func() error { return faults(o.Prediction, UnknownClass, "Prediction", o.isClass) })
}

// scores returns what is wrong with scores, which must be finite.
func (r *Rows) scores() error {
	o := r.origin()
	return o.shared.scores.get(func() error {
		if o.Task == Multiclass {
			return worst(o.Scores, NotFinite, finite)
		}
		return faults(o.Score, NotFinite, "Score", finite)
	})
}

// chances returns what is wrong with scores as probabilities.
func (r *Rows) chances() error {
	o := r.origin()
	return o.shared.chances.get(func() error {
		if err := o.scores(); err != nil {
			return err
		}
		within := func(v float64) bool { return v >= 0 && v <= 1 }
		if o.Task != Multiclass {
			return faults(o.Score, NoProbability, "Score", within)
		}
		if err := worst(o.Scores, NoProbability, within); err != nil {
			return err
		}
		return faults(columnSums(o.Scores), NoProbability, "Scores", func(v float64) bool { return math.Abs(v-1) <= sumTolerance })
	})
}

// sumTolerance is how far the probabilities of a row may be from 1 together: rounded
// ones are, and are divided by their sum.
const sumTolerance = 0.1

func columnSums(columns [][]float64) []float64 {
	if len(columns) == 0 {
		return nil
	}
	sums := make([]float64, len(columns[0]))
	for _, c := range columns {
		for i, v := range c {
			sums[i] += v
		}
	}
	return sums
}

func finite(v float64) bool { return math.Abs(v) <= math.MaxFloat64 }

// worst returns the fault of the column whose first row at fault comes first, with
// the count of all.
func worst(columns [][]float64, f Fault, ok func(float64) bool) error {
	var found *RowsError
	for _, c := range columns {
		err, _ := faults(c, f, "Scores", ok).(*RowsError)
		switch {
		case err == nil:
		case found == nil:
			found = err
		default:
			err.Count += found.Count
			if found.First <= err.First {
				err.First, err.Value = found.First, found.Value
			}
			found = err
		}
	}
	if found == nil {
		return nil
	}
	return found
}

// faults returns a fault if some values are not ok.
func faults(values []float64, f Fault, field string, ok func(float64) bool) error {
	var err *RowsError
	for i, v := range values {
		if ok(v) {
			continue
		}
		if err == nil {
			err = &RowsError{Fault: f, Field: field, First: i, Value: v}
		}
		err.Count++
	}
	if err == nil {
		return nil
	}
	return err
}
