package drift

import (
	"math"
	"strings"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

// A rename is clear if the two columns differ by no more than alikeShare of their
// rows, and each of them differs from all others by apartShare more than that.
const (
	alikeShare = 0.05
	apartShare = 0.1
)

// renamed pairs columns that are gone with new ones that are clearly the same.
func renamed(gone, fresh []*profile.Column) []pair {
	between := make([][]float64, len(gone))
	for i, g := range gone {
		between[i] = make([]float64, len(fresh))
		for j, f := range fresh {
			between[i][j] = unlike(g, f)
		}
	}
	var ps []pair
	for i, g := range gone {
		for j, f := range fresh {
			if d := between[i][j]; d <= alikeShare && !rivals(between, i, j, d+apartShare) {
				ps = append(ps, pair{g, f})
			}
		}
	}
	return ps
}

// rivals reports whether another pair with one of the two is as near as d.
func rivals(between [][]float64, i, j int, d float64) bool {
	for k := range between {
		if k != i && between[k][j] <= d {
			return true
		}
	}
	for k, other := range between[i] {
		if k != j && other <= d {
			return true
		}
	}
	return false
}

// unlike returns how many of the rows tell two columns apart, 1 if they have
// nothing in common or too little in themselves to be known again: two flags or
// constants of equal shares may mean anything, unless their names are alike.
func unlike(a, b *profile.Column) float64 {
	const tellsLittle = 3 // values, and less
	if a.Kind != b.Kind || a.Kind == table.Unknown || values(a) == 0 || values(b) == 0 {
		return 1
	}
	if min(a.Distinct(), b.Distinct()) < tellsLittle && !alikeNames(a.Name, b.Name) {
		return 1
	}
	p := pair{a, b}
	nulls := math.Abs(float64(a.Nulls)/float64(a.Rows) - float64(b.Nulls)/float64(b.Rows))
	if mostly(a, mostlyDistinct) != mostly(b, mostlyDistinct) {
		return 1
	}
	if p.leftOut(nil) != "" && a.Kind == table.Text { // no text occurs twice, so it is how long they are
		return max(nulls, profile.Distance(a.Lengths, b.Lengths))
	}
	laid := lay(p)
	if laid.numbers {
		d, _ := largestGap(laid.a, laid.b)
		return max(nulls, d)
	}
	return max(nulls, TV(laid.a, laid.b)-ExpectedTV(laid.a, laid.b))
}

// alikeNames reports whether names share a word, or one holds the other.
func alikeNames(a, b string) bool {
	split := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127) })
	}
	if x, y := strings.ToLower(a), strings.ToLower(b); strings.Contains(x, y) || strings.Contains(y, x) {
		return true
	}
	for _, v := range split(a) {
		for _, w := range split(b) {
			if v == w && len(v) > 2 {
				return true
			}
		}
	}
	return false
}
