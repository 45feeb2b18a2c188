package slice

import (
	"cmp"
	"fmt"
	"math"
)

// A Rate is a share of rows.
type Rate struct {
	Value     float64 // NaN of no rows
	Low, High float64 // 95 % interval of Wilson (Journal of the American Statistical Association 22, 1927)
	Of        int     // rows that it is a share of
	Small     bool    // too few of them to be judged
}

// A rate is also known by its group and by how many rows it is worth.
type rate struct {
	Rate
	group string
	n     float64
}

// newRate returns the rate of a cell of zeros and ones.
func newRate(group string, m moments, need int) rate {
	if m.rows == 0 {
		nan := math.NaN()
		return rate{Rate: Rate{nan, nan, nan, 0, true}, group: group}
	}
	p := min(m.s/m.n, 1)
	r := rate{Rate: Rate{Value: p, Of: int(m.rows)}, group: group, n: m.effective()}
	if v := (m.ss - 2*p*m.sn + p*p*m.nn) / (m.n * m.n); p > 0 && p < 1 && v > 0 {
		r.n = p * (1 - p) / v
	}
	r.Low, r.High = r.wilson(z(1))
	r.Small = min(r.n, m.rows) < float64(need)-1e-6
	return r
}

func (r rate) wilson(z float64) (low, high float64) {
	n, p := r.n, r.Value
	mid, half := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	low, high = (mid-half)/(1+z*z/n), (mid+half)/(1+z*z/n)
	return max(0, min(low, p)), min(1, max(high, p))
}

// A Disparity is a difference or a ratio of two rates.
type Disparity struct {
	Value     float64 // NaN if there is none
	Low, High float64 // 95 % interval
	Lowest    string  // the groups that it is between
	Highest   string
	Verdict   Verdict
	Note      string // why nothing can be told, or which groups are too small to be compared
}

// differences returns the largest one of two groups by any of the rates.
func differences(o FairnessOptions, kinds ...[]rate) Disparity {
	d := furthest(kinds, func(low, high rate, z float64) Disparity {
		return Disparity{Value: high.Value - low.Value}.between(newcombe(high, low, z))
	}, func(a, b Disparity) bool { return a.Value > b.Value }, math.Max)
	d.Low = max(d.Low, 0) // or NaN
	d.decide(d.High <= o.Difference, d.Low > o.Difference)
	return d
}

// ratios returns the smallest one of two groups by any of the rates.
func ratios(o FairnessOptions, kinds ...[]rate) Disparity {
	d := furthest(kinds, func(low, high rate, z float64) Disparity {
		return Disparity{Value: quotient(low, high)}.between(katz(low, high, z))
	}, func(a, b Disparity) bool { return a.Value < b.Value }, math.Min)
	d.High = min(d.High, 1)
	d.decide(d.Low >= o.Ratio, d.High < o.Ratio)
	return d
}

// furthest compares all pairs of groups that are judged, and returns the one that goes
// furthest with the interval of the furthest bounds.
func furthest(kinds [][]rate, compare func(low, high rate, z float64) Disparity, further func(a, b Disparity) bool, bound func(a, b float64) float64) Disparity {
	judged, note := judgeable(kinds)
	pairs := pairsOf(judged)
	if len(judged) < len(kinds) {
		nan := math.NaN()
		return Disparity{nan, nan, nan, "", "", CantTell, note}
	}
	var d Disparity
	for i, pair := range pairs {
		one := compare(pair[0], pair[1], z(len(pairs)/2))
		one.Lowest, one.Highest, one.Note = pair[0].group, pair[1].group, note
		low, high := one.Low, one.High
		if i > 0 {
			low, high = bound(d.Low, low), bound(d.High, high)
		}
		if i == 0 || further(one, d) {
			d = one
		}
		d.Low, d.High = low, high
	}
	return d
}

// pairsOf returns all pairs of rates of one kind, each both ways round.
func pairsOf(kinds [][]rate) (pairs [][2]rate) {
	for _, k := range kinds {
		for i, b := range k {
			for _, a := range k[:i] {
				pairs = append(pairs, [2]rate{a, b}, [2]rate{b, a})
			}
		}
	}
	return pairs
}

// judgeable leaves out the rates that are small, and notes them. A kind of which there
// are not two is missing.
func judgeable(kinds [][]rate) (judged [][]rate, note string) {
	for _, rates := range kinds {
		var k []rate
		small := 0
		for _, r := range rates {
			switch {
			case !r.Small:
				k = append(k, r)
			case r.Of > 0:
				small++
			}
		}
		if small > 0 {
			note = fmt.Sprintf("%d of %d groups have too few rows", small, small+len(k))
		}
		if len(k) >= 2 {
			judged = append(judged, k)
		} else {
			note = cmp.Or(note, fmt.Sprintf("%d groups have rows to compare", len(k)))
		}
	}
	return judged, note
}

func (d Disparity) between(low, high float64) Disparity {
	d.Low, d.High = low, high
	return d
}

func (d *Disparity) decide(fair, unfair bool) {
	d.Verdict = CantTell
	switch {
	case fair:
		d.Verdict = Fair
	case unfair:
		d.Verdict = Unfair
	}
}

// newcombe returns the interval of a difference of two rates.
func newcombe(a, b rate, z float64) (low, high float64) {
	al, ah := a.wilson(z)
	bl, bh := b.wilson(z)
	d := a.Value - b.Value
	return d - math.Hypot(a.Value-al, bh-b.Value), d + math.Hypot(ah-a.Value, b.Value-bl)
}

// katz returns the interval of a ratio of two rates.
func katz(a, b rate, z float64) (low, high float64) {
	x, y := a.Value*a.n+0.5, b.Value*b.n+0.5
	n, m := a.n+0.5, b.n+0.5
	log := math.Log(x / n * m / y)
	half := z * math.Sqrt(max(0, 1/x-1/n+1/y-1/m))
	value := quotient(a, b) // in which nothing is added
	return min(math.Exp(log-half), value), max(math.Exp(log+half), value)
}

// quotient is 1 where both are zero, as nobody is selected of either.
func quotient(a, b rate) float64 {
	if a.Value == b.Value {
		return 1
	}
	return a.Value / b.Value
}

// impact compares the selection rate of one group with the highest of the others.
func impact(rates []rate, at int, o FairnessOptions) Disparity {
	nan := math.NaN()
	best, judged := -1, 0
	for i, r := range rates {
		if r.Small || i == at {
			continue
		}
		if judged++; best < 0 || r.Value > rates[best].Value {
			best = i
		}
	}
	d := Disparity{nan, nan, nan, rates[at].group, "", CantTell, ""}
	switch {
	case rates[at].Small:
		d.Note = fmt.Sprintf("%d rows, needs %d", rates[at].Of, o.Rows)
		return d
	case best < 0:
		d.Note = "no other group has rows to compare"
		return d
	}
	d.Value, d.Highest = quotient(rates[at], rates[best]), rates[best].group
	d.Low, d.High = katz(rates[at], rates[best], z(judged))
	d.decide(d.Low >= o.Ratio, d.High < o.Ratio)
	return d
}
