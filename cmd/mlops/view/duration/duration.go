// Package duration writes durations for people. It imports little, because runs
// that have nothing to do use it before most packages are initialised (see
// cmd/mlops/early).
package duration

import (
	"strconv"
	"time"
)

// Text writes d for people: 412 ms, 1.2 s, 41 s, 1m20s, 2h05m, 3d04h.
// It keeps two to three significant digits; negative durations count as 0.
func Text(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 s"
	case d < time.Second-500*time.Microsecond:
		return strconv.FormatInt(max(1, d.Round(time.Millisecond).Milliseconds()), 10) + " ms"
	case d < time.Minute-50*time.Millisecond:
		return tenths(d) + " s"
	default:
		return Long(d)
	}
}

// tenths writes seconds with one decimal, unless it is 0.
func tenths(d time.Duration) string {
	s := strconv.FormatFloat(d.Seconds(), 'f', 1, 64)
	if n := len(s) - 2; s[n:] == ".0" {
		return s[:n]
	}
	return s
}

// Long writes durations of about a minute and more.
func Long(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Hour:
		return parts(d/time.Minute, "m", d%time.Minute/time.Second, "s")
	case d < 24*time.Hour:
		return parts(d/time.Hour, "h", d%time.Hour/time.Minute, "m")
	default:
		return parts(d/(24*time.Hour), "d", d%(24*time.Hour)/time.Hour, "h")
	}
}

// parts writes two numbers with their units, the second one with two digits.
func parts(a time.Duration, unitA string, b time.Duration, unitB string) string {
	return strconv.FormatInt(int64(a), 10) + unitA + strconv.FormatInt(int64(100+b), 10)[1:] + unitB
}
