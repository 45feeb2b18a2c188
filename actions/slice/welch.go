package slice

import (
	"fmt"
	"math"

	"github.com/mlops-runner/mlops/runner/report/distribution"
)

// Rows is what is measured of each row.
type Rows struct {
	// Values are higher where it is worse: losses, or differences of two models' losses,
	// the candidate's minus the baseline's. A row of NaN or an infinity is left out.
	Values []float64
	// Weights tell how much each row counts, in any unit; nil is for all the same. They
	// are weights of importance: a weight of 2 is not two rows. A row whose weight is not
	// above zero is left out.
	Weights []float64
	// Clusters say which rows belong together, such as those of one user, so that they
	// are no independent evidence: any numbers from 0, as the codes of a column, where -1
	// is a row by itself. nil is for all by themselves.
	Clusters []int32
}

// counts says whether a row is looked at.
func (r Rows) counts(row int) bool {
	v := r.Values[row]
	return v-v == 0 && (r.Weights == nil || r.Weights[row] > 0 && r.Weights[row] <= math.MaxFloat64)
}

// check fails if lengths differ.
func (r Rows) check() error {
	n := len(r.Values)
	if r.Weights != nil && len(r.Weights) != n {
		return fmt.Errorf("%d weights for %d rows", len(r.Weights), n)
	}
	if r.Clusters != nil && len(r.Clusters) != n {
		return fmt.Errorf("%d clusters for %d rows", len(r.Clusters), n)
	}
	return nil
}

// A Test compares the mean of some rows with that of the rest.
type Test struct {
	Rows, RestRows int
	Mean, Rest     float64 // weighted; NaN of no rows
	Effect         float64 // Mean - Rest
	SE             float64 // of Effect
	DF             float64 // degrees of freedom
	T, P           float64 // Effect/SE, and how often chance makes one as large or larger, either way
	Low, High      float64 // 95 % interval of Effect
}

// Compare compares the rows that are in with the rest by Welch's test (B. L. Welch,
// The generalization of "Student's" problem, Biometrika 34, 1947) with Satterthwaite's
// degrees of freedom. With weights, the variance of a mean is that of linearization,
// and Kish's effective number (Survey Sampling, 1965), the square of the sum of the
// weights over the sum of their squares, stands for the number of rows. With clusters,
// the same is done with the sums of clusters, and what clusters have in common that
// have rows on both sides is taken off. Both become Welch's test where each row has
// the same weight and is a cluster. P is 1, and the interval NaN, where nothing can be told.
//
// It fails if lengths differ.
func Compare(rows Rows, in func(row int) bool) (Test, error) {
	if err := rows.check(); err != nil {
		return Test{}, err
	}
	p := newPortion(rows)
	all, part := p.split(p.every, func(place int) bool { return in(p.row(place)) })
	return all.against(part, p.center, p.scale), nil
}

// against tests the cell c with the rest of all. Values are less their mean, center;
// scale is how large they are.
func (m moments) against(c moments, center, scale float64) Test {
	r := m.rest(c)
	mean, rest := c.s/c.n, r.s/r.n
	t := Test{Rows: int(c.rows), RestRows: int(r.rows), Mean: center + mean, Rest: center + rest, Effect: mean - rest, P: 1}
	kc, kr := c.effective(), r.effective()
	vc, vr := c.variance(mean), r.variance(rest)
	common := (c.sS - c.ss) - rest*(c.sN-c.sn) - mean*(c.nS-c.sn) + mean*rest*(c.nN-c.nn)
	v := vc + vr - 2*common/(c.n*r.n)*shortfall(m.clusters)
	t.DF = min((vc+vr)*(vc+vr)/(vc*vc/(kc-1)+vr*vr/(kr-1)), max(m.clusters, 2)-1)
	if math.Abs(t.Effect) <= 1e-12*scale {
		t.Effect = 0 // rounding
	}
	t.judge(v)
	return t
}

// shortfall is what a sum of squares over k clusters lacks.
func shortfall(k float64) float64 {
	if k <= 1 {
		return 1
	}
	return k / (k - 1)
}

// judge fills in what follows from the effect and its variance.
func (t *Test) judge(variance float64) {
	t.SE = math.Sqrt(max(variance, 0))
	switch {
	case math.IsNaN(variance):
		t.SE, t.DF, t.T, t.Low, t.High = math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN()
		return
	case t.SE == 0:
		t.DF, t.Low, t.High = math.NaN(), t.Effect, t.Effect
		if t.Effect != 0 { // all are the same on each side
			t.T, t.P = math.Inf(1), 0
			t.T = math.Copysign(t.T, t.Effect)
		}
		return
	}
	t.T = t.Effect / t.SE
	t.P = 2 * distribution.StudentCDF(-math.Abs(t.T), t.DF)
	half := t.SE * distribution.StudentQuantile(0.975, t.DF)
	t.Low, t.High = t.Effect-half, t.Effect+half
}
