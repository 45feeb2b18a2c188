package paired

import (
	"math"
	"sync"
)

// Cells are the eight cells label × A × B of two binary classifiers, with how
// they vary between clusters: all that a metric of decisions needs, whatever the
// number of rows. They are safe for concurrent use.
type Cells struct {
	r      *Rows
	single bool       // there is no B, and A takes its place
	weight [8]float64 // of cell label<<2 | A<<1 | B
	// products are, for each two cells, the sum over clusters of the product of their
	// weights in the cluster: what any linear function of the cells needs for its variance.
	products [8][8]float64
	draws    func() [][8]float64 // of the posterior of rows that are independent and count the same
}

// Binary counts the cells. A nil b is for one model.
func (r *Rows) Binary(label, a, b []bool) (*Cells, error) {
	c := &Cells{r: r, single: b == nil}
	if c.single {
		b = a
	}
	for what, x := range map[string][]bool{"labels": label, "decisions": a} {
		if len(x) != r.n {
			return nil, &LengthError{what, len(x), r.n}
		}
	}
	if len(b) != r.n {
		return nil, &LengthError{"decisions of the " + baseline, len(b), r.n}
	}
	c.count(func(row int) int { return index(label[row])<<2 | index(a[row])<<1 | index(b[row]) })
	c.draws = sync.OnceValue(func() [][8]float64 { return c.posterior(float64(r.counted)) })
	return c, nil
}

func (c *Cells) count(cell func(row int) int) {
	r := c.r
	if r.cluster == nil {
		for i := range r.n {
			w := r.weightOf(i)
			at := cell(i)
			c.weight[at] += w
			c.products[at][at] += w * w
		}
		return
	}
	clusters := make([][8]float64, r.groups)
	for i, at := range r.cluster {
		clusters[at][cell(i)] += r.weightOf(i)
	}
	for _, in := range clusters {
		for i, w := range in {
			if w == 0 {
				continue
			}
			c.weight[i] += w
			for j, v := range in {
				c.products[i][j] += w * v
			}
		}
	}
}

// A Decision is a metric of true and false positives and negatives, in rows or
// weight: smooth where all are positive, and NaN where it is not defined.
type Decision func(tp, fp, tn, fn float64) float64

func (m Decision) of(t [4]float64) float64 { return m(t[0], t[1], t[2], t[3]) }

// tables are the four counts of A and of B.
func tables(weight [8]float64) (a, b [4]float64) {
	for cell, w := range weight {
		a[ofA(cell)] += w
		b[ofB(cell)] += w
	}
	return a, b
}

// ofA and ofB are the places of a cell among tp, fp, tn and fn.
func ofA(cell int) int { return [4]int{2, 1, 3, 0}[cell>>2<<1|cell>>1&1] }
func ofB(cell int) int { return [4]int{2, 1, 3, 0}[cell>>2<<1|cell&1] }

// gradient is how a metric moves by each of the counts that are not 0.
func (m Decision) gradient(t [4]float64) (g [4]float64) {
	for k, n := range t {
		if n > 0 {
			g[k] = slope(func(x []float64) float64 { return m.of([4]float64(x)) }, t[:], k, n)
		}
	}
	return g
}

// Of estimates a metric of decisions: by the delta method, or, where few rows bear
// the noise, as few errors do, from a posterior of the cells (see [Cells.posterior]).
func (c *Cells) Of(metric Decision) Estimate {
	ta, tb := tables(c.weight)
	e := c.r.estimate("delta method", Value{metric.of(ta), nan, nan, nan}, Value{metric.of(tb), nan, nan, nan})
	if c.single {
		e.B, e.Diff.Value = Value{nan, nan, nan, nan}, nan
	}
	if reason := c.r.unknown(); reason != "" {
		return e.because(reason)
	}
	if e.A.Value != e.A.Value || !c.single && e.B.Value != e.B.Value {
		return e.because("the metric is not defined on these rows")
	}
	ga, gb := metric.gradient(ta), metric.gradient(tb)
	var a, b, both leaning
	for cell := range c.weight {
		a.slope[cell], b.slope[cell] = ga[ofA(cell)], gb[ofB(cell)]
		both.slope[cell] = a.slope[cell] - b.slope[cell]
	}
	a.value = func(w [8]float64) float64 { t, _ := tables(w); return metric.of(t) }
	b.value = func(w [8]float64) float64 { _, t := tables(w); return metric.of(t) }
	both.value = func(w [8]float64) float64 { return a.value(w) - b.value(w) }
	e.A, _, e.Method = c.interval(a, e.A.Value)
	if !c.single {
		e.B, _, _ = c.interval(b, e.B.Value)
		c.differ(&e, both)
	}
	return e
}

// differ gives the difference its interval, which has no width if A and B are the same
// in every row that the metric looks at.
func (c *Cells) differ(e *Estimate, both leaning) {
	same := e.Diff.Value == 0
	for cell, w := range c.weight {
		same = same && (w == 0 || both.slope[cell] == 0)
	}
	if same {
		e.differ(c.r, noise{}, c.r.degrees(noise{}))
		return
	}
	e.Diff, e.DF, e.Method = c.interval(both, e.Diff.Value)
	e.P = min(1, 2*e.chance(0, e.Diff.Value < 0))
}

// A leaning is a function of the cells, with its derivatives by their weights.
type leaning struct {
	value func(weight [8]float64) float64
	slope [8]float64
}

// fewRows is how many rows must bear a noise for it to be taken as normal.
const fewRows = 50

// interval returns a value with its interval, its degrees of freedom and the method.
func (c *Cells) interval(l leaning, value float64) (Value, float64, string) {
	n, rows := c.noise(l.slope)
	df := c.r.degrees(noise{of: n.of})
	if n.bearing >= fewRows {
		return c.r.value(value, n, df, plain, rows), df, "delta method"
	}
	draws := c.draws
	if rows != c.r.effective || c.r.effective != float64(c.r.counted) {
		// The standard error itself is known less well from few clusters.
		q := c.r.quantile(math.Inf(1)) / c.r.quantile(df)
		draws = func() [][8]float64 { return c.posterior(rows * q * q) }
	}
	v := c.drawn(l, value, draws())
	if n.se > 0 {
		v.SE = n.se
	}
	return v, math.Inf(1), "posterior of the cells"
}

// noise is that of a linear function of the cells, borne by at most so many rows
// that are independent and count the same.
func (c *Cells) noise(slope [8]float64) (n noise, rows float64) {
	r := c.r
	mean := 0.0
	for i, w := range c.weight {
		mean += w * slope[i] / r.total
	}
	var single tally // as if all rows were independent
	var squares, size float64
	for i, w := range c.weight {
		x := slope[i] - mean
		single.squares += w * x * x
		single.fourths += w * x * x * x * x
		size += w * slope[i] * slope[i]
		for j := range c.weight {
			squares += c.products[i][j] * x * (slope[j] - mean)
		}
	}
	if single.squares <= 1e-24*size { // rounding, of the derivatives too
		return noise{of: float64(r.clusters)}, r.effective
	}
	counted := float64(r.counted)
	n = tally{squares: max(squares, 0)}.noise(r.clusters)
	rows = r.effective
	if n.se > 0 {
		rows = min(single.squares*r.total/counted/(n.se*n.se), 1) * counted
	}
	if r.weight == nil && r.cluster == nil {
		rows = counted
	}
	n.bearing = single.squares * single.squares / single.fourths * rows / r.total
	return n, rows
}
