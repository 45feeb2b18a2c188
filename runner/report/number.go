package report

import (
	"fmt"
	"math"
	"strconv"
)

// A Number is a float64 that may be NaN or infinite, which record.Canonical
// writes as the strings "NaN", "Infinity" and "-Infinity".
type Number float64

// UnmarshalJSON reads what record.Canonical wrote.
func (n *Number) UnmarshalJSON(data []byte) error {
	switch text := string(data); text {
	case `"NaN"`:
		*n = Number(math.NaN())
	case `"Infinity"`:
		*n = Number(math.Inf(1))
	case `"-Infinity"`:
		*n = Number(math.Inf(-1))
	default:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%s is not a number", text)
		}
		*n = Number(f)
	}
	return nil
}
