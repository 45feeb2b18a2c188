package metric

import "math"

// naive holds the mean absolute error of the naive forecast for each row, NaN where a
// series is too short to have one.
type naive struct{ errors []float64 }

// naives returns what the rows have, or the errors of their own series: the mean of
// |y(t) − y(t − season)|.
func (r *Rows) naives() naive {
	o := r.origin()
	return o.shared.naive.get(func() naive {
		if o.Naive != nil {
			return naive{o.Naive}
		}
		out := make([]float64, o.Len())
		series := o.series()
		for g := range series.ends {
			rows := series.of(g)
			err := o.naiveError(rows)
			for _, row := range rows {
				out[row] = err
			}
		}
		return naive{out}
	})
}

// series returns the rows of each series in the order of time.
func (r *Rows) series() members {
	rows := make([]int32, r.Len())
	for i := range rows {
		rows[i] = int32(i)
	}
	if r.Order != nil {
		byOrder(rows, r.Order)
	}
	return r.gather(rows)
}

func (r *Rows) naiveError(rows []int32) float64 {
	season := max(r.Season, 1)
	if len(rows) <= season {
		return math.NaN()
	}
	var total float64
	for i, row := range rows[season:] {
		total += math.Abs(r.Label[row] - r.Label[rows[i]])
	}
	return total / float64(len(rows)-season)
}

// scaled is the absolute error as a multiple of that of the naive forecast.
func scaled(r *Rows) []float64 {
	scale := r.naives().errors
	return r.each(func(i int) float64 { return ratio(math.Abs(r.miss(i)), scale[i]) })
}

// scalable refuses rows with weight whose series has no naive error, or one of 0.
func scalable(name string) func(*Rows) error {
	return func(r *Rows) error {
		err := &Undefined{Metric: name}
		for i, s := range r.naives().errors {
			if s > 0 || r.weight(i) == 0 {
				continue
			}
			if err.Count == 0 {
				err.First, err.Reason = i, ZeroNaive
				if math.IsNaN(s) {
					err.Reason = TooShort
				}
			}
			err.Count++
		}
		if err.Count == 0 {
			return nil
		}
		return err
	}
}
