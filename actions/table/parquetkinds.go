package table

import (
	"fmt"
	"strconv"
	"time"
)

// converter returns what makes values of a kind into those of a wider one: nil
// if they are the same.
func converter(from, to Kind) (func(*values) error, error) {
	switch {
	case from == to:
		return nil, nil
	case to == Text:
		return func(v *values) error { v.toTexts(from); return nil }, nil
	case to == Float && (from == Int || from == Bool):
		return toFloats, nil
	case to == Int && from == Bool:
		return func(*values) error { return nil }, nil
	case to == Time && from == Date:
		return toTimes, nil
	}
	return nil, fmt.Errorf("is %s in the file, not %s", from, to)
}

func toFloats(v *values) error {
	v.floats = grow(v.floats, len(v.ints))
	for i, x := range v.ints {
		v.floats[i] = float64(x)
	}
	return nil
}

func toTimes(v *values) error {
	times := make([]int64, len(v.ints))
	for i, day := range v.ints {
		times[i] = day * 86400e6
	}
	v.ints = times
	return nil
}

// toTexts writes values as CSV does.
func (v *values) toTexts(from Kind) {
	n := len(v.ints)
	if from == Float {
		n = len(v.floats)
	}
	v.texts = grow(v.texts, n)
	var all []byte
	ends := make([]int, n)
	for i := range n {
		switch from {
		case Float:
			all = strconv.AppendFloat(all, v.floats[i], 'g', -1, 64)
		case Bool:
			all = strconv.AppendBool(all, v.ints[i] != 0)
		case Date:
			all = time.Unix(v.ints[i]*86400, 0).UTC().AppendFormat(all, time.DateOnly)
		case Time:
			all = time.UnixMicro(v.ints[i]).UTC().AppendFormat(all, "2006-01-02T15:04:05.999999Z")
		default:
			all = strconv.AppendInt(all, v.ints[i], 10)
		}
		ends[i] = len(all)
	}
	start := 0
	for i, end := range ends {
		v.texts[i] = all[start:end:end]
		start = end
	}
}
