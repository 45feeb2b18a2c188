package datacheck

import (
	"fmt"
	"math"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

// Thresholds of hints. They name what is worth a look and fail nothing.
const (
	fewRows       = 50    // below which nothing is hinted at
	constantShare = 0.995 // of one value
	numericShare  = 0.5   // of the texts of a column that are numbers
	outlierZ      = 20.0  // robust deviations from the median
	leakPower     = 0.99
	manyColumns   = 5 // of a table whose rows are not equal by chance
)

// hint looks for what is odd in the profile of a table.
func (c *Checked) hint(p *profile.Profile) {
	if p.Rows < fewRows {
		return
	}
	for i := range p.Columns {
		col := &p.Columns[i]
		for _, h := range []Hint{constant(col), garbled(col), mixed(col), outlier(col)} {
			if h.Text != "" {
				h.Column = col.Name
				c.Hints = append(c.Hints, h)
			}
		}
	}
}

func constant(c *profile.Column) Hint {
	values := c.Rows - c.Nulls - c.NaNs
	switch {
	case values <= 0:
		return Hint{Kind: "constant", Text: "there is no value in any row"}
	case len(c.Values) > 0 && float64(c.Values[0].Count-c.Values[0].Over) >= constantShare*float64(values):
		return Hint{Kind: "constant", Text: fmt.Sprintf("%s of the values are %s", percent(float64(c.Values[0].Count)/float64(values)), printable(clip(c.Values[0].Text)))}
	}
	return Hint{}
}

func garbled(c *profile.Column) Hint {
	if c.Garbled == 0 {
		return Hint{}
	}
	return Hint{Kind: "encoding", Text: count(c.Garbled, "text") + " seem to have been read in a wrong encoding"}
}

func mixed(c *profile.Column) Hint {
	values := c.Rows - c.Nulls
	if c.Kind != table.Text || c.Numeric == values || float64(c.Numeric) < numericShare*float64(values) {
		return Hint{}
	}
	return Hint{Kind: "mixed", Text: fmt.Sprintf("%s of the values are numbers and %s are not", percent(float64(c.Numeric)/float64(values)), grouped(values-c.Numeric))}
}

// outlier measures how far the extremes lie from the median, in units of 0.7413
// times the distance of the quartiles, which is the standard deviation of normal
// numbers (Rousseeuw and Croux, 1993).
func outlier(c *profile.Column) Hint {
	n := c.Numbers
	if n == nil || c.Kind != table.Int && c.Kind != table.Float || n.Count < fewRows || c.Increases {
		return Hint{}
	}
	unit := 0.7413 * (n.Quantile(0.75) - n.Quantile(0.25))
	if !(unit > 0) {
		return Hint{}
	}
	median := n.Quantile(0.5)
	x := n.Max
	if median-n.Min > n.Max-median {
		x = n.Min
	}
	if z := math.Abs(x-median) / unit; z > outlierZ {
		return Hint{Kind: "outlier", Text: fmt.Sprintf("%s is %.0f robust deviations from the median %s", short(x), z, short(median))}
	}
	return Hint{}
}

// duplicates counts rows that repeat an earlier one as a whole.
type duplicates struct {
	tally   *tally
	hash    *hasher
	columns []int
}

// duplicatesProbe looks for repeated rows, unless a key forbids them anyway.
func duplicatesProbe(s *setup) probe {
	p := &duplicates{tally: s.tally(), hash: newHasher()}
	for i := range s.columns {
		p.columns = append(p.columns, i)
	}
	return p
}

func (p *duplicates) see(b *table.Batch, first uint64) error {
	for i := range b.Rows {
		hi, lo := p.hash.row(b, i, p.columns)
		if err := p.tally.add(entry{hi, lo, first + uint64(i)}); err != nil {
			return err
		}
	}
	return nil
}

func (p *duplicates) results() ([]Result, error) { return nil, nil }

func (p *duplicates) hints() ([]Hint, error) {
	var again lowest
	err := p.tally.groups(func(es []entry) {
		for _, e := range es[1:] {
			again.add(e.row)
		}
	})
	if again.count == 0 || err != nil {
		return nil, err
	}
	return []Hint{{Kind: "duplicates", Text: fmt.Sprintf("equal to an earlier row: %s, the first is row %s", count(again.count, "row"), grouped(int64(again.rows[0])+1))}}, nil
}

func (p *duplicates) close() error { return p.tally.close() }
