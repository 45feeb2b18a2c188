package metric

import "math"

// A CalibrationBin says how often what was predicted with about equal probability came true.
type CalibrationBin struct {
	Low, High float64 // the probabilities of the bin, which holds Low, and High if that is 1
	Score     float64 // mean score
	Rate      float64 // share of label 1
	Weight    float64
	Rows      int
}

// Calibration returns n bins of equal width by rising probability, those without weight left
// out. It fails as [Value] does.
func Calibration(r *Rows, n int) ([]CalibrationBin, error) {
	m := Metric{Name: "calibration", Tasks: []Task{Binary}, Needs: NeedProbability}
	if err := m.Check(r); err != nil {
		return nil, err
	}
	n = max(n, 1)
	bin := binByWidth(r, n)
	bins, rows := r.Bins(bin, nil), make([]int, n)
	for _, b := range bin {
		rows[b]++
	}
	var out []CalibrationBin
	for i := len(bins.Positive) - 1; i >= 0; i-- {
		w := bins.Positive[i] + bins.Negative[i]
		if w == 0 {
			continue
		}
		k := n - 1 - i
		out = append(out, CalibrationBin{Low: float64(k) / float64(n), High: float64(k+1) / float64(n),
			Score: bins.Score[i] / w, Rate: bins.Positive[i] / w, Weight: w, Rows: rows[i]})
	}
	return out, nil
}

// A ResidualBin says how labels differ from predictions about equal in size.
type ResidualBin struct {
	Low, High               float64 // the least and greatest prediction of the bin
	Weight                  float64
	Rows                    int
	Mean                    float64 // of prediction − label
	Q05, Q25, Q50, Q75, Q95 float64 // quantiles of it
}

// Residuals returns at most n bins of about equal weight, by rising prediction; rows of
// equal prediction are in one. It fails as [Value] does.
func Residuals(r *Rows, n int) ([]ResidualBin, error) {
	m := Metric{Name: "residuals", Tasks: []Task{Regression, Forecast}, Needs: NeedScore}
	if err := m.Check(r); err != nil {
		return nil, err
	}
	n = max(n, 1)
	parts := make([][]int32, n)
	for i, b := range binByWeight(r, n) {
		if r.weight(i) > 0 {
			parts[n-1-int(b)] = append(parts[n-1-int(b)], int32(i))
		}
	}
	var out []ResidualBin
	for _, rows := range parts {
		if len(rows) > 0 {
			out = append(out, r.residualBin(rows))
		}
	}
	return out, nil
}

func (r *Rows) residualBin(rows []int32) ResidualBin {
	b := ResidualBin{Low: math.Inf(1), High: math.Inf(-1), Rows: len(rows)}
	miss := make([]float64, len(rows))
	for i, row := range rows {
		s, w := r.Score[row], r.weight(int(row))
		miss[i] = r.miss(int(row))
		b.Low, b.High = min(b.Low, s), max(b.High, s)
		b.Weight += w
		b.Mean += w * miss[i]
	}
	b.Mean /= b.Weight
	q := quantiles(miss, func(i int) float64 { return r.weight(int(rows[i])) }, 0.05, 0.25, 0.5, 0.75, 0.95)
	b.Q05, b.Q25, b.Q50, b.Q75, b.Q95 = q[0], q[1], q[2], q[3], q[4]
	return b
}
