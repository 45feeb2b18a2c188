package slice

// Limits are from when on a slice is judged and how many there are. Its zero value
// has the defaults.
type Limits struct {
	Rows   int // a slice needs so many; 0 is 30, and 1 none
	Slices int // so many at most, those of the most rows; 0 is 1,000

	// Classes are the rows' classes, 0 or 1 and -1 where unknown, for metrics that need
	// rows of both. nil is for no such need.
	Classes  []int8
	PerClass int // a slice needs so many of each; 0 is 5
}

// Slices are the rows of a table by one [Spec].
type Slices struct {
	Spec Spec
	List []Slice // in the order of the terms' values
	// Codes has for each row the place of its slice in List, or -1 if it is in one that
	// was left out.
	Codes []int32
	// Note says for people what was left out: "1,000 of 31,204 slices by city, those of
	// the most rows; the others have 12% of the rows"; "" if nothing was.
	Note string
}

// A Slice is some of the rows.
type Slice struct {
	Values map[string]string // by column: {"region": "EU", "age": "18..29"}
	Rows   int
	// Small says why the slice is not to be judged, "12 rows, needs 30"; "" if it is.
	Small string
}

// Of tells which rows each slice has. Only slices that have rows are listed. Rows
// without a value are in a slice "null".
//
// It fails for columns that are not there or not of numbers where the spec bins or
// cuts them, and with a [TooManyError] for more than 100,000 slices, which is more
// than can be meant.
func (s Spec) Of(columns []Column, l Limits) (*Slices, error) { panic("to do") }

// Split returns the rows of each slice of the list, ascending.
func (s *Slices) Split() [][]int32 { panic("to do") }

// A TooManyError says that something has more values than anybody looks at.
type TooManyError struct {
	What string // "user_id", "region * user_id"
	Most int
}

func (e *TooManyError) Error() string { panic("to do") }
