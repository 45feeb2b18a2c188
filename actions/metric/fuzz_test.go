package metric

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"
)

// rowsOf makes rows of every task of any bytes: 25 each, a weight, a label, a score and a group.
func rowsOf(data []byte, weighted bool) []*Rows {
	base := Rows{Classes: []string{"a", "b", "c"}}
	number := func(at int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(data[at:])) }
	for ; len(data) >= 25; data = data[25:] {
		base.Weight = append(base.Weight, number(0))
		base.Label = append(base.Label, number(8))
		base.Score = append(base.Score, number(16))
		base.Group = append(base.Group, uint64(data[24]%4))
	}
	if !weighted {
		base.Weight = nil
	}
	var out []*Rows
	for _, t := range Tasks() {
		r := base.Reweigh(base.Weight)
		r.Task, r.shared.from = t, nil
		if t == Multiclass {
			r.Scores, r.Score = [][]float64{base.Score, base.Score, base.Label}, nil
		}
		if t == Forecast {
			r.Season = len(base.Label) % 3
		}
		out = append(out, r)
	}
	return out
}

func row(weight, label, score float64, group byte) []byte {
	var out []byte
	for _, v := range []float64{weight, label, score} {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
	}
	return append(out, group)
}

// Whatever rows hold, a value is finite and within its range, or the error tells why not.
func FuzzValue(f *testing.F) {
	join := func(rows ...[]byte) (all []byte) {
		for _, r := range rows {
			all = append(all, r...)
		}
		return all
	}
	f.Add([]byte{}, true)
	f.Add(join(row(1, 0, 0.2, 0), row(2, 1, 0.7, 1), row(0, 1, 0.7, 0), row(1, 0, 0.1, 1)), true)
	f.Add(join(row(1e-200, 0, 0.2, 0), row(1e-200, 1, 0.7, 1)), true)
	f.Add(join(row(1e60, 0, 1e-300, 0), row(1e60, 1, 1, 1), row(1e-60, 1, 1, 1)), true)
	f.Add(join(row(1, 1e308, -1e308, 0), row(1, -1e308, 1e308, 0)), false)
	f.Add(join(row(1, 0, math.NaN(), 0), row(1, 1, math.Inf(1), 0)), false)
	f.Add(join(row(1, 1, 5e-324, 0), row(1, 0, math.Copysign(0, -1), 0), row(1, 1, 0, 0)), false)
	f.Fuzz(func(t *testing.T, data []byte, weighted bool) {
		for _, r := range rowsOf(data, weighted) {
			for _, m := range metricsOf(r.Task) {
				v, err := Value(m, r)
				expectTyped(t, m.Name, err)
				if err == nil && !(v >= m.Low && v <= m.High && finite(v)) {
					t.Errorf("%s of %s rows is %v", m.Name, r.Task, v)
				}
			}
			_, err := ROC(r)
			expectTyped(t, "ROC", err)
			_, err = PR(r)
			expectTyped(t, "PR", err)
			_, err = Calibration(r, 3)
			expectTyped(t, "calibration", err)
			_, err = Residuals(r, 3)
			expectTyped(t, "residuals", err)
			_, err = Matrix(r)
			expectTyped(t, "matrix", err)
		}
	})
}

func expectTyped(t *testing.T, what string, err error) {
	t.Helper()
	var u *Undefined
	var r *RowsError
	if err != nil && !errors.As(err, &u) && !errors.As(err, &r) {
		t.Errorf("%s fails with %v", what, err)
	}
}
