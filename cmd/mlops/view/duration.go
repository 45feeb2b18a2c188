package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration writes d for people: 412 ms, 1.2 s, 41 s, 1m20s, 2h05m, 3d04h.
// It keeps two to three significant digits; negative durations count as 0.
func Duration(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 s"
	case d < time.Second-500*time.Microsecond:
		return fmt.Sprintf("%d ms", max(1, d.Round(time.Millisecond).Milliseconds()))
	case d < time.Minute-50*time.Millisecond:
		return strings.TrimSuffix(strconv.FormatFloat(d.Seconds(), 'f', 1, 64), ".0") + " s"
	default:
		return longDuration(d)
	}
}

// longDuration writes durations of about a minute and more.
func longDuration(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%dd%02dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
}

// elapsed writes a duration that is still growing, in whole seconds, so that
// it changes no more often than a person can read.
func elapsed(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", max(0, d)/time.Second)
	}
	return longDuration(d.Truncate(time.Second))
}
