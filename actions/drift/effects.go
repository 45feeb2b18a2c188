package drift

import (
	"math"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/runner/report/distribution"
)

// A comparison is a pair whose values were laid over each other: once, as that
// is most of the work.
type comparison struct {
	pair
	numbers    bool
	a, b       []float64  // counts of both sides, by cells if numbers, else by category
	categories categories // unless numbers
}

// lay lays the values of a pair over each other, if both sides have any.
func lay(p pair) comparison {
	c := comparison{pair: p, numbers: numeric(p.base.Kind, p.now.Kind)}
	switch {
	case values(p.base) == 0 || values(p.now) == 0:
	case c.numbers:
		c.a, c.b = overlay(p.base.Numbers.Histogram.Cells(), p.now.Numbers.Histogram.Cells())
	default:
		c.categories = count(p.base, p.now)
		c.a, c.b = c.categories.a, c.categories.b
	}
	return c
}

// effects measures in what ways a column moved, without judging.
func (c *comparison) effects() []Effect {
	base, now := c.base, c.now
	if base.Rows == 0 || now.Rows == 0 {
		return nil
	}
	var all []Effect
	switch {
	case c.a == nil:
	case c.numbers:
		all = append(all, c.gap())
	default:
		all = append(all, c.variation())
	}
	all = append(all, shares(ofNulls, base, now, base.Nulls+base.NaNs, now.Nulls+now.NaNs))
	if base.Infinite > 0 || now.Infinite > 0 {
		all = append(all, shares(ofInfinite, base, now, base.Infinite, now.Infinite))
	}
	if e, ok := c.newCategories(); ok {
		all = append(all, e)
	}
	return all
}

// numeric reports whether columns of these kinds are compared as numbers.
func numeric(base, now table.Kind) bool {
	number := func(k table.Kind) bool { return k == table.Bool || k == table.Int || k == table.Float }
	if base == now {
		return base != table.Bool && base != table.Text
	}
	return number(base) && number(now)
}

// gap is the effect of numbers: the distance of Kolmogorov and Smirnov.
func (c *comparison) gap() Effect {
	base, now := c.base, c.now
	d, sign := largestGap(c.a, c.b)
	return Effect{
		What: ofValues, Size: d, raw: KSLimitP(d, base.Numbers.Count, now.Numbers.Count),
		words: movedNumbers(base, now, d, sign), rows: rowsWith(base, now, 0, ofGaps),
	}
}

// variation is the effect of categories: their total variation less what chance
// does to it.
func (c *comparison) variation() Effect {
	base, now, names := c.base, c.now, c.categories.names
	if len(names) == 2 && names[1] != "" { // as that of nulls, which needs fewer rows
		e := difference(c.a, c.b)
		e.What, e.words = ofValues, movedCategories(c.categories, e.Size)
		e.rows = rowsWith(base, now, 0, ofShares(c.a[0]/(c.a[0]+c.a[1])))
		return e
	}
	noise := ExpectedTV(c.a, c.b)
	size := max(0, TV(c.a, c.b)-noise)
	return Effect{
		What: ofValues, Size: size, Noise: noise, raw: variationP(c.a, c.b, size),
		words: movedCategories(c.categories, size), rows: rowsWith(base, now, noise, ofVariation),
	}
}

// variationP returns how probable a total variation of size more than expected is
// without a change: by the chi-square test of the common categories, or by the
// bounded differences of C. McDiarmid (1989), exp(-2·size²·nm/(n+m)), if that is
// less. The bound holds for any number of categories, however rare, and is reached
// so seldom that taking the smaller of both raises no more alarms than the test.
func variationP(a, b []float64, size float64) float64 {
	n, m, ok := totals(a, b)
	if !ok {
		return 1
	}
	_, p := ChiSquare(commonOnly(a, b))
	if math.IsNaN(p) {
		p = 1
	}
	return min(p, math.Exp(-2*size*size*both(n, m)))
}

// shares is the effect of rows of some sort, k of base's and l of now's.
func shares(what string, base, now *profile.Column, k, l int64) Effect {
	n, m := float64(base.Rows), float64(now.Rows)
	e := difference([]float64{float64(k), n - float64(k)}, []float64{float64(l), m - float64(l)})
	e.What, e.words = what, movedShare(what, float64(k)/n, float64(l)/m)
	e.rows = &sensitivity{base: n, now: m, spare: 1, effective: ofShares(float64(k) / n)}
	return e
}

// difference is the effect of two categories, with the chi-square test.
func difference(a, b []float64) Effect {
	_, p := ChiSquare(a, b)
	return Effect{Size: TV(a, b), raw: p}
}

// newCategories is the effect of rows whose category the base lacks, beyond those
// that it would lack without a change: as many as the base has categories of one
// row (I. Good, The population frequencies of species, 1953). p is of the normal
// approximation with the variance of W. Esty, A normal limit law for a
// nonparametric estimator of the coverage of a random sample, 1983.
func (c *comparison) newCategories() (Effect, bool) {
	base, now, rows := c.base, c.now, c.categories.unseenRows
	n, m := float64(values(base)), float64(values(now))
	if rows == 0 || !base.Exact || base.Kind != table.Text {
		return Effect{}, false
	}
	var once, twice float64
	for _, v := range base.Values {
		switch v.Count {
		case 1:
			once++
		case 2:
			twice++
		}
	}
	share := rows / m
	e := Effect{What: ofUnseen, Noise: once / n, Size: max(0, share-once/n), words: movedUnseen(c.categories.unseen, share)}
	deviation := math.Sqrt(share*(1-share)/m + (once+1+2*twice)/(n*n))
	e.raw = distribution.NormalCDF(-e.Size / deviation)
	return e, true
}

// rowsWith is the sensitivity of an effect of the rows that have a value.
func rowsWith(base, now *profile.Column, noise float64, effective func(size, alpha float64) float64) *sensitivity {
	n, m := float64(values(base)), float64(values(now))
	return &sensitivity{
		base: n, now: m, noise: noise, effective: effective,
		spare: max(float64(base.Rows)/n, float64(now.Rows)/m),
	}
}
