package metric

import "math"

// A Curve is drawn from few points: those without which it would look different.
type Curve struct {
	X, Y  []float64
	Score []float64 // the threshold at each point; infinite where nothing is predicted
	Error float64   // how far the whole curve is from the lines between these points at most, in units of the plot
	Whole int       // how many points the whole curve has
}

// curvePoints is how many points a curve has at most.
const curvePoints = 200

// ROC returns the false positive rate (X) and true positive rate (Y) at each threshold, at
// most 200 points. It fails as [Value] does.
func ROC(r *Rows) (Curve, error) {
	return newCurve(r, "the ROC curve", OneClass, [2]float64{0, 0}, func(tp, fp, positive, negative float64) (x, y float64) {
		return fp / negative, tp / positive
	})
}

// PR returns recall (X) and precision (Y) at each threshold, at most 200 points. It begins
// at a recall of 0 and a precision of 1, by convention. It fails as [Value] does.
func PR(r *Rows) (Curve, error) {
	return newCurve(r, "the precision-recall curve", NoPositive, [2]float64{0, 1}, func(tp, fp, positive, _ float64) (x, y float64) {
		if tp+fp == 0 {
			return 0, 1
		}
		return tp / positive, tp / (tp + fp)
	})
}

// newCurve computes a point for each threshold, from the weights of the rows of each
// class that have such a score, and thins them.
func newCurve(r *Rows, name string, why Reason, start [2]float64, at func(tp, fp, positive, negative float64) (x, y float64)) (Curve, error) {
	m := Metric{Name: name, Tasks: []Task{Binary}, Needs: NeedScore}
	if err := m.Check(r); err != nil {
		return Curve{}, err
	}
	bins := r.runBins()
	positive, negative := bins.labels()
	if positive == 0 || negative == 0 && why == OneClass {
		return Curve{}, &Undefined{Metric: name, Reason: why}
	}
	n := len(bins.Positive)
	c := Curve{X: make([]float64, 1, n+1), Y: make([]float64, 1, n+1), Score: make([]float64, 1, n+1)}
	c.X[0], c.Y[0], c.Score[0] = start[0], start[1], inf
	var tp, fp float64
	for i, end := range r.Ties() {
		tp += bins.Positive[i]
		fp += bins.Negative[i]
		x, y := at(tp, fp, positive, negative)
		c.X, c.Y, c.Score = append(c.X, x), append(c.Y, y), append(c.Score, r.Score[r.Falling()[end-1]])
	}
	return c.thin(curvePoints), nil
}

// A stretch is a part of a curve that one line stands for.
type stretch struct {
	from, to int
	far      int     // the point that is farthest from the line
	distance float64 // and how far
}

// thin keeps at most n points. It begins with both ends and adds the point that is
// farthest from the lines so far, again and again (Ramer 1972, by largest error first).
func (c Curve) thin(n int) Curve {
	last := len(c.X) - 1
	parts := []stretch{c.stretch(0, last)}
	worst := 0
	for len(parts)+1 < n && parts[worst].distance > 1e-12 {
		p := parts[worst]
		parts[worst] = c.stretch(p.from, p.far)
		parts = append(parts, c.stretch(p.far, p.to))
		worst = 0
		for i, q := range parts {
			if q.distance > parts[worst].distance {
				worst = i
			}
		}
	}
	keep := make([]bool, last+1)
	keep[0] = true
	for _, p := range parts {
		keep[p.to] = true
	}
	out := Curve{Error: parts[worst].distance, Whole: last + 1}
	for i, k := range keep {
		if k {
			out.X, out.Y, out.Score = append(out.X, c.X[i]), append(out.Y, c.Y[i]), append(out.Score, c.Score[i])
		}
	}
	return out
}

func (c Curve) stretch(from, to int) stretch {
	s := stretch{from: from, to: to, far: from}
	dx, dy := c.X[to]-c.X[from], c.Y[to]-c.Y[from]
	length := dx*dx + dy*dy
	var most float64 // squared
	for i := from + 1; i < to; i++ {
		x, y := c.X[i]-c.X[from], c.Y[i]-c.Y[from]
		if length > 0 {
			t := min(max((x*dx+y*dy)/length, 0), 1)
			x, y = x-t*dx, y-t*dy
		}
		if d := x*x + y*y; d > most {
			s.far, most = i, d
		}
	}
	s.distance = math.Sqrt(most)
	return s
}
