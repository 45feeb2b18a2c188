package slice

import (
	"fmt"
	"strconv"
)

// A Column has one value for each row: categories, or else numbers.
type Column struct {
	Name  string
	Codes []int32  // of categories: places in Names, -1 for none
	Names []string // distinct; not all need occur

	Numbers []float64 // where Codes is nil; NaN for none
}

// Rows returns how many rows the column has.
func (c Column) Rows() int { return max(len(c.Codes), len(c.Numbers)) }

// A Feature has one of few values for each row.
type Feature struct {
	Name   string   // its column's
	Values []string // for people, distinct: "EU", "18..29", "null", "other"
	Codes  []uint16 // for each row, places in Values
}

// Null and Other are the values of rows that have none and of those whose category
// is none of the commonest. A category of such a name is shown in quotes.
const (
	Null  = "null"
	Other = "other"
)

// MostValues is how many values a feature has at most.
const MostValues = 1 << 15

// A TooManyError says that something has more values than anybody looks at.
type TooManyError struct {
	What string // "user_id", "region * user_id"
	Most int
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf(`%s has more than %s values; leave it out, or put numbers into bins, as in "age binned 4"`, e.What, thousands(e.Most))
}

// shown is the label of a category: its name, in quotes where that would be taken
// for something else.
func shown(name string) string {
	if name == "" || name == Null || name == Other || name[0] == '"' {
		return strconv.Quote(name)
	}
	return name
}

// number is the label of a number.
func number(v float64) string {
	if a := max(v, -v); v == 0 || 1e-5 <= a && a < 1e15 {
		return strconv.FormatFloat(v+0, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// thousands writes a count as people do: 29,218.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
