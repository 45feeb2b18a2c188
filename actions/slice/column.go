package slice

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
