package metric

import (
	"math"
	"testing"
)

// allPoints returns the points of a curve that is not thinned, by counting rows at each threshold.
func allPoints(r *Rows, point func(tp, fp, positive, negative float64) (x, y float64)) (xs, ys []float64) {
	positive := dot(nil, r.Label)
	for _, end := range r.Ties() {
		var tp, fp float64
		for _, row := range r.Falling()[:end] {
			tp += r.Label[row]
			fp += 1 - r.Label[row]
		}
		x, y := point(tp, fp, positive, float64(r.Len())-positive)
		xs, ys = append(xs, x), append(ys, y)
	}
	return xs, ys
}

// distance is that of a point from the lines of a curve.
func (c Curve) distance(x, y float64) float64 {
	least := math.Inf(1)
	for i := 1; i < len(c.X); i++ {
		dx, dy := c.X[i]-c.X[i-1], c.Y[i]-c.Y[i-1]
		t := 0.0
		if l := dx*dx + dy*dy; l > 0 {
			t = min(max(((x-c.X[i-1])*dx+(y-c.Y[i-1])*dy)/l, 0), 1)
		}
		least = min(least, math.Hypot(x-c.X[i-1]-t*dx, y-c.Y[i-1]-t*dy))
	}
	return least
}

func TestCurves(t *testing.T) {
	t.Parallel()
	r := million(5000)
	for name, c := range map[string]struct {
		draw  func(*Rows) (Curve, error)
		point func(tp, fp, positive, negative float64) (x, y float64)
	}{
		"ROC": {ROC, func(tp, fp, positive, negative float64) (x, y float64) { return fp / negative, tp / positive }},
		"PR":  {PR, func(tp, fp, positive, _ float64) (x, y float64) { return tp / positive, tp / (tp + fp) }},
	} {
		got, err := c.draw(r)
		if err != nil {
			t.Fatal(err)
		}
		xs, ys := allPoints(r, c.point)
		if len(got.X) != 200 || got.Whole != len(xs)+1 || !math.IsInf(got.Score[0], 1) || got.Error > 0.005 {
			t.Errorf("%s has %d of %d points, the first at %v, error %v", name, len(got.X), got.Whole, got.Score[0], got.Error)
		}
		var off float64
		for i, x := range xs {
			off = max(off, got.distance(x, ys[i]))
		}
		if off > got.Error+1e-12 || off == 0 {
			t.Errorf("%s is up to %v away, more than %v", name, off, got.Error)
		}
	}
}

// A curve of few points is kept whole but for points on a line.
func TestSmallCurve(t *testing.T) {
	t.Parallel()
	c, err := ROC(&Rows{Task: Binary, Label: []float64{1, 1, 0, 1, 0}, Score: []float64{5, 4, 3, 2, 1}})
	if err != nil || c.Error > 1e-12 || len(c.X) != 5 { // (0, 0), (0, 2/3), (1/2, 2/3), (1/2, 1), (1, 1)
		t.Errorf("the curve is %+v, %v", c, err)
	}
	for _, draw := range []func(*Rows) (Curve, error){ROC, PR} {
		if _, err := draw(&Rows{Task: Binary, Label: []float64{0, 0}, Score: []float64{1, 2}}); err == nil {
			t.Error("a curve of one class is drawn")
		}
	}
}

// The calibration error is that of the bins.
func TestCalibration(t *testing.T) {
	t.Parallel()
	r := samples(500)[0]
	bins, err := Calibration(r, 15)
	if err != nil {
		t.Fatal(err)
	}
	var off float64
	rows := 0
	for i, b := range bins {
		off += b.Weight * math.Abs(b.Rate-b.Score) / r.Total()
		rows += b.Rows
		if b.Score < b.Low || b.Score > b.High || i > 0 && b.Low < bins[i-1].High-1e-12 {
			t.Errorf("bin %d: %+v", i, b)
		}
	}
	m, _ := Find("ece")
	expectValue(t, "of the bins", m, r, off)
	if rows != r.Len() {
		t.Errorf("%d rows of %d", rows, r.Len())
	}
}

func TestResiduals(t *testing.T) {
	t.Parallel()
	r := &Rows{Task: Regression}
	for i := range 1000 { // a prediction of i is i % 5 - 1 too high
		r.Score = append(r.Score, float64(i))
		r.Label = append(r.Label, float64(i-i%5+1))
	}
	bins, err := Residuals(r, 4)
	if err != nil || len(bins) != 4 {
		t.Fatalf("%d bins, %v", len(bins), err)
	}
	for i, b := range bins {
		want := ResidualBin{Low: float64(250 * i), High: float64(250*i + 249), Weight: 250, Rows: 250, Mean: 1, Q05: -1, Q25: 0, Q50: 1, Q75: 2, Q95: 3}
		if b != want {
			t.Errorf("bin %d is %+v, want %+v", i, b, want)
		}
	}
}
