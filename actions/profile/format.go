package profile

import (
	"math"
	"strconv"
	"time"

	"github.com/mlops-runner/mlops/actions/table"
)

// format writes a value as profiles do: whole numbers alike as Int and as Float,
// dates as 2006-01-02, times as 2006-01-02T15:04:05.999999Z.
func format(k table.Kind, x float64, v int64) string {
	switch k {
	case table.Bool:
		return strconv.FormatBool(v != 0)
	case table.Float:
		if a := math.Abs(x); a == 0 || a >= 1e-6 && a < 1e15 {
			return strconv.FormatFloat(x, 'f', -1, 64)
		}
		return strconv.FormatFloat(x, 'g', -1, 64)
	case table.Date:
		if t := time.Unix(v*86400, 0).UTC(); v >= firstDay && v <= lastDay {
			return t.Format(time.DateOnly)
		}
	case table.Time:
		if v < firstDay*microsADay || v >= (lastDay+1)*microsADay {
			break
		}
		return time.UnixMicro(v).UTC().Format("2006-01-02T15:04:05.999999Z")
	}
	return strconv.FormatInt(v, 10)
}

// hashValue returns the hash of a value that format wrote, the same as when it
// was counted.
func hashValue(k table.Kind, text string) (uint64, error) {
	switch k {
	case table.Bool:
		b, err := strconv.ParseBool(text)
		if b {
			return hashInt(1), err
		}
		return hashInt(0), err
	case table.Float:
		x, err := strconv.ParseFloat(text, 64)
		return hashFloat(x), err
	case table.Text:
		return hashText([]byte(text)), nil
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err == nil || k != table.Date && k != table.Time {
		return hashInt(v), err
	}
	if k == table.Date {
		t, err := time.Parse(time.DateOnly, text)
		return hashInt(t.Unix() / 86400), err
	}
	t, err := time.Parse(time.RFC3339, text)
	return hashInt(t.UnixMicro()), err
}

// Days outside the years 1 to 9999 are written as numbers, and so are times.
const (
	firstDay   = -719162
	lastDay    = 2932896
	microsADay = 86400e6
)
