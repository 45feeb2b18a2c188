package spec

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// number returns the value of a YAML number. Unlike YAML 1.1 a leading zero
// makes no octal number; underscores may group digits.
func number(n *yaml.Node) (float64, bool) {
	if n.Tag != "!!int" && n.Tag != "!!float" {
		return 0, false
	}
	return parseNumber(n.Value)
}

func parseNumber(s string) (float64, bool) {
	s = strings.ReplaceAll(s, "_", "")
	if body := strings.TrimLeft(s, "+-"); len(body) > 2 && body[0] == '0' && strings.IndexByte("xob", body[1]) >= 0 {
		i, err := strconv.ParseInt(s, 0, 64)
		return float64(i), err == nil
	}
	if strings.ContainsAny(s, "xXpPnNiI") {
		switch strings.ToLower(strings.TrimLeft(s, "+-")) {
		case ".inf", ".nan":
			return math.NaN(), true
		}
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// formatNumber writes a number as short as it can be read back.
func formatNumber(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// sizeUnits are the units of sizes, longest first so that suffixes match once.
var sizeUnits = []struct {
	name  string
	bytes float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1},
}

// ParseSize reads a size such as 4GiB, 512MB, 1.5 TiB or 100B and returns it in
// bytes. Units are those of IEC (KiB, MiB, GiB, TiB) and SI (kB, MB, GB, TB).
func ParseSize(s string) (int64, error) {
	for _, u := range sizeUnits {
		digits, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		digits = strings.TrimSpace(digits)
		v, ok := parseNumber(digits)
		ok = ok && plainDigits(digits)
		if bytes := v * u.bytes; ok && bytes >= 0 && bytes < 1<<62 {
			return int64(bytes), nil
		}
		break
	}
	return 0, fmt.Errorf("size %q: not a number with a unit such as GiB or MB", s)
}

// plainDigits reports whether a number has no sign but + and is neither
// hexadecimal nor has an exponent.
func plainDigits(s string) bool {
	s = strings.TrimPrefix(s, "+")
	return s != "" && s[0] != '_' && strings.Trim(s, "0123456789_.") == "" && !strings.Contains(s, "._")
}

func formatSize(n int64) string {
	for i := 3; i >= 0; i-- {
		if u := sizeUnits[i]; float64(n) >= u.bytes {
			return strconv.FormatFloat(float64(n)/u.bytes, 'f', 1, 64) + " " + u.name
		}
	}
	return strconv.FormatInt(n, 10) + " B"
}

// size reads a size for a key; 0 after an error.
func (w *walker) size(n *yaml.Node) int64 {
	v, err := ParseSize(n.Value)
	if err != nil {
		w.at(n, CodeBadValue, sizeFix(n.Value), "%s is not a size", clip(n.Value))
	}
	return v
}

// sizeFix translates the sizes of Docker and Kubernetes, and bare numbers.
func sizeFix(s string) string {
	digits := strings.TrimRight(strings.ToLower(s), "kmgtib ")
	unit := strings.TrimSpace(strings.ToLower(s[len(digits):]))
	if _, ok := parseNumber(digits); !ok || len(digits) > 20 {
		return "write a number with a unit, such as 4GiB or 512MB"
	}
	switch {
	case unit == "":
		return "add a unit: " + digits + "GiB, " + digits + "MB or " + digits + "B"
	case unit[0] == 'b':
		return "write " + digits + "B"
	}
	return "write " + digits + strings.ToUpper(unit[:1]) + "iB"
}

// duration reads a duration such as 30s or 1h30m for a key; 0 after an error.
func (w *walker) duration(n *yaml.Node) time.Duration {
	d, err := time.ParseDuration(n.Value)
	if err == nil && d >= 0 && n.Value[0] != '-' {
		return d
	}
	fix := "write a number with a unit, such as 10s, 5m or 1h30m"
	if _, ok := number(n); ok && err != nil {
		fix = "add a unit: " + n.Value + "s or " + n.Value + "m"
	}
	w.at(n, CodeBadValue, fix, "%s is not a duration", clip(n.Value))
	return 0
}

// minutes reads a number of minutes, whose form has been checked.
func minutes(n *yaml.Node) time.Duration {
	v, _ := number(n)
	return time.Duration(v * float64(time.Minute))
}

// A Range is an interval of numbers, bounds included. A bound that is not
// there is an infinity. Percent is true when the bounds were written as
// percentages; they are shares all the same: 10% is 0.1.
type Range struct {
	Min, Max float64
	Percent  bool
}

// Contains reports whether v lies in the range.
func (r Range) Contains(v float64) bool { return r.Min <= v && v <= r.Max }

// ParseRange reads a..b, a.., ..b, or a single number for a..a. Bounds may have
// underscores between digits, and may both be percentages: 1%..60%, ..10%.
func ParseRange(s string) (Range, error) {
	text := strings.TrimSpace(s)
	low, high, dots := strings.Cut(text, "..")
	low, high = strings.TrimSpace(low), strings.TrimSpace(high)
	if !dots {
		high = low
	}
	r := Range{Min: math.Inf(-1), Max: math.Inf(1), Percent: strings.HasSuffix(low, "%") || strings.HasSuffix(high, "%")}
	if low == "" && high == "" {
		return Range{}, fmt.Errorf("range %q has no bound", s)
	}
	for _, b := range []struct {
		text string
		to   *float64
	}{{low, &r.Min}, {high, &r.Max}} {
		if err := parseBound(b.text, r.Percent, b.to); err != nil {
			return Range{}, fmt.Errorf("range %q: %w", s, err)
		}
	}
	if r.Min > r.Max {
		return Range{}, fmt.Errorf("range %q ends before it starts", s)
	}
	return r, nil
}

func parseBound(text string, percent bool, to *float64) error {
	if text == "" {
		return nil
	}
	digits, isPercent := strings.CutSuffix(text, "%")
	v, ok := parseNumber(digits)
	switch {
	case !ok || math.IsNaN(v):
		return fmt.Errorf("%q is not a number", text)
	case percent && !isPercent && v != 0:
		return fmt.Errorf("one bound is a percentage and %q is not", text)
	case isPercent:
		v /= 100
	}
	*to = v
	return nil
}

// timeForms are the ways to write a moment, the first of which is a date.
var timeForms = []string{time.DateOnly, time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime}

// parseTimeRange reads a..b of dates or times, as multiples of a unit since
// 1970-01-01T00:00:00Z. A time without an offset is taken as UTC.
func parseTimeRange(s string, unit time.Duration) (Range, error) {
	low, high, dots := strings.Cut(strings.TrimSpace(s), "..")
	if low, high = strings.TrimSpace(low), strings.TrimSpace(high); !dots {
		high = low
	}
	r := Range{Min: math.Inf(-1), Max: math.Inf(1)}
	if low == "" && high == "" {
		return Range{}, fmt.Errorf("range %q has no bound", s)
	}
	for _, b := range []struct {
		text string
		to   *float64
	}{{low, &r.Min}, {high, &r.Max}} {
		if b.text == "" {
			continue
		}
		t, err := parseTime(b.text)
		if err != nil {
			return Range{}, fmt.Errorf("range %q: %w", s, err)
		}
		*b.to = math.Floor(float64(t.UnixMicro()) / float64(unit.Microseconds()))
	}
	if r.Min > r.Max {
		return Range{}, fmt.Errorf("range %q ends before it starts", s)
	}
	return r, nil
}

func parseTime(s string) (time.Time, error) {
	for _, form := range timeForms {
		if t, err := time.Parse(form, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is neither a date such as 2024-01-31 nor a time such as 2024-01-31T12:00:00Z", s)
}

// ParseShare reads a part of the whole: 10%, or 0.1.
func ParseShare(s string) (float64, error) {
	digits, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	v, ok := parseNumber(strings.TrimSpace(digits))
	if !ok || math.IsNaN(v) {
		return 0, fmt.Errorf("%q is neither a number nor a percentage", s)
	}
	if percent {
		v /= 100
	}
	return v, nil
}

// ParseFreshness reads COLUMN within DURATION, the duration in the units of Go
// or in days (7d).
func ParseFreshness(s string) (column string, within time.Duration, err error) {
	i := strings.LastIndex(s, " within ")
	if i < 0 {
		return "", 0, fmt.Errorf("%q has no within", s)
	}
	column, age := strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+len(" within "):])
	if days, ok := strings.CutSuffix(age, "d"); ok {
		n, ok := parseNumber(days)
		within = time.Duration(n * 24 * float64(time.Hour))
		if ok && n > 0 && n < 1e5 {
			return column, within, nil
		}
	} else if within, err = time.ParseDuration(age); err == nil && within > 0 {
		return column, within, nil
	}
	return "", 0, fmt.Errorf("%q is no positive duration", age)
}
