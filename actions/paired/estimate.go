package paired

// A Value is a number with its noise and where the true one lies.
type Value struct {
	Value     float64
	SE        float64 // standard error; NaN if unknown
	Low, High float64 // the interval of the estimate's level; NaN if unknown
}

// An Estimate is a metric of two models on the same rows. Of one model alone
// B, Diff and P are NaN.
type Estimate struct {
	A, B Value // the candidate's and the baseline's own
	Diff Value // A − B
	// P is how probable a difference of this size or more is if there is
	// none, two-sided: of Student's t unless Method says otherwise. NaN if unknown.
	P        float64
	DF       float64 // degrees of freedom of the difference's t
	Level    float64 // of the intervals
	N        int     // rows with a weight
	Clusters int     // independent clusters among them; N if each row is one
	Method   string  // how the interval of Diff, or of A alone, was made: DeLong, paired t, …
	Reason   string  // why something is NaN; "" if nothing is that should not be
}

// Back is the estimate as those see it for whom lower is better: all values,
// and so the difference, have the opposite sign.
func (e Estimate) Back() Estimate {
	for _, v := range []*Value{&e.A, &e.B, &e.Diff} {
		v.Value, v.Low, v.High = -v.Value, -v.High, -v.Low
	}
	return e
}
