package paired

import (
	"fmt"
	"math"
)

// A RowError reports a value that no metric can take.
type RowError struct {
	What  string // score of the candidate, weight, …
	Row   int    // from 0
	Value float64
	Want  string // what it must be
}

// Error names the value, its row and what it must be.
func (e *RowError) Error() string {
	return fmt.Sprintf("%s in row %d is %v; it must be %s", e.What, e.Row, e.Value, e.Want)
}

// A LengthError reports an array that is not as long as there are rows.
type LengthError struct {
	What      string
	Len, Rows int
}

// Error names the array and both lengths.
func (e *LengthError) Error() string {
	return fmt.Sprintf("%d %s for %d rows; there must be one for each", e.Len, e.What, e.Rows)
}

const candidate, baseline = "candidate", "baseline"

// A demand is what a number must be.
type demand struct {
	want string
	ok   func(x float64) bool
}

var (
	isNumber      = demand{"a number", func(x float64) bool { return x == x }}
	isFinite      = demand{"a finite number", func(x float64) bool { return x-x == 0 }}
	isProbability = demand{"from 0 to 1", func(x float64) bool { return x >= 0 && x <= 1 }}
)

// numbers checks a value per row; nil is no values at all.
func (r *Rows) numbers(what string, values []float64, d demand) error {
	if values == nil {
		return nil
	}
	if len(values) != r.n {
		return &LengthError{"values (" + what + ")", len(values), r.n}
	}
	for i, v := range values {
		if !d.ok(v) {
			return &RowError{what, i, v, d.want}
		}
	}
	return nil
}

// nan is what is not known.
var nan = math.NaN()
