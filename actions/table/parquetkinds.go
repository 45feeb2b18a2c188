package table

import (
	"strconv"
	"time"
)

// widener returns what makes values of a kind into those of a wider one: nil if
// they are the same, and not ok if the other is not wider.
func widener(from, to Kind) (widen func(*values), ok bool) {
	switch {
	case from == to:
		return nil, true
	case to == Text:
		return func(v *values) { v.toTexts(from) }, true
	case to == Float && from == Int:
		return toFloats, true
	case to == Time && from == Date:
		return toTimes, true
	}
	return nil, false
}

func toFloats(v *values) {
	v.floats = grow(v.floats, len(v.ints))
	for i, x := range v.ints {
		v.floats[i] = float64(x)
	}
}

func toTimes(v *values) {
	times := make([]int64, len(v.ints))
	for i, day := range v.ints {
		times[i] = day * 86400e6
	}
	v.ints = times
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
