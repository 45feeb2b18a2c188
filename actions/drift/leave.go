package drift

import (
	"fmt"
	"math"
	"slices"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

// A pair is one column in both profiles.
type pair struct{ base, now *profile.Column }

// pairs returns the columns that both profiles have, in the order of now.
func pairs(base, now *profile.Profile) []pair {
	at := make(map[string]*profile.Column, len(base.Columns))
	for i := range base.Columns {
		at[base.Columns[i].Name] = &base.Columns[i]
	}
	var ps []pair
	for i := range now.Columns {
		if b := at[now.Columns[i].Name]; b != nil {
			ps = append(ps, pair{b, &now.Columns[i]})
		}
	}
	return ps
}

// incomparable says why the values of a pair cannot be compared, "" if they can.
func (p pair) incomparable() string {
	b, n := p.base.Kind, p.now.Kind
	if b == n || b == table.Unknown || n == table.Unknown || numeric(b, n) {
		return ""
	}
	return fmt.Sprintf("it was %s and is %s now", b, n)
}

// From which shares of distinct values on a text names its row, and a number does:
// even numbers of a wide range are distinct for the most part by chance, and a
// sketch of distinct values is off by some hundredths.
const (
	mostlyDistinct = 0.9
	allDistinct    = 0.97
)

// leftOut says why the drift of a pair would mean nothing, "" if it means something:
// keys and texts that hardly occur twice have other values in any other rows, and
// a clock goes on.
func (p pair) leftOut(skip []string) string {
	if slices.Contains(skip, p.now.Name) {
		return "the file leaves it out"
	}
	if why := p.incomparable(); why != "" {
		return why
	}
	distinct := mostly(p.base, mostlyDistinct) && mostly(p.now, mostlyDistinct)
	keys := mostly(p.base, allDistinct) && mostly(p.now, allDistinct)
	rises := p.base.Increases && p.now.Increases
	switch k := p.now.Kind; {
	case k == table.Text && distinct:
		return "nearly every row has another text, as ids and free text do"
	case k == table.Int && keys && (rises || even(p.base.Numbers) && even(p.now.Numbers)):
		return "nearly every row has another number, spread as ids are"
	case k == table.Time && distinct:
		return "nearly every row has another time"
	case (k == table.Date || k == table.Time) && rises:
		return "it grows from row to row, as a clock does"
	case k == table.Float && distinct && rises:
		return "it grows from row to row, as a clock or a counter does"
	}
	return ""
}

// fewValues is up to how many values nothing is said of their being distinct.
const fewValues = 20

func mostly(c *profile.Column, share float64) bool {
	n := values(c)
	return n > fewValues && float64(c.Distinct()) > share*float64(n)
}

// even reports whether numbers are spread evenly over their range, as those given
// out in order or at random are and measurements seldom.
func even(n *profile.Numbers) bool {
	most := max(0.1, 1.5/math.Sqrt(float64(n.Count))) // beyond which one in fifty evenly spread columns of that size is, at most
	width := n.Max - n.Min
	var upTo float64
	for c := range n.Histogram.All() {
		upTo += float64(c.Count)
		if at := (min(c.High, n.Max) - n.Min) / width; max(at-upTo/float64(n.Count), upTo/float64(n.Count)-at) > most {
			return false
		}
	}
	return width > 0
}
