package paired

import "fmt"

// A RowError reports a value that no metric can take.
type RowError struct {
	What  string // "score of the candidate", "weight"
	Row   int    // from 0
	Value float64
	Want  string // "a number", "a finite number from 0"
}

func (e *RowError) Error() string {
	return fmt.Sprintf("%s in row %d is %v; it must be %s", e.What, e.Row, e.Value, e.Want)
}

// A LengthError reports an array that is not as long as there are rows.
type LengthError struct {
	What      string
	Len, Rows int
}

func (e *LengthError) Error() string {
	return fmt.Sprintf("%d %s for %d rows; there must be one for each", e.Len, e.What, e.Rows)
}
