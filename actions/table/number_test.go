package table

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// field puts a text into a buffer as a window holds it, among digits.
func field(text string) ([]byte, span) {
	around := strings.Repeat("7", margin)
	return []byte(around + text + around), span{uint32(margin), uint32(margin + len(text))}
}

// FuzzNumber reads numbers as the standard library does, to the last bit, and
// nothing else.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"0", "-1", "+7", "12345678", "123456789", "1234567890123456", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
		"0.1", ".5", "5.", "1.25", "73511.97", "134916.52", "-0.000001", "1234567.12345678", "9007199254740993", "0.30000000000000004", "1e22", "1E-400", "1e999",
		"nan", "+Inf", "infinity", "0x10", "1_000", "1..2", "--1", "00.5", "", ".", "-", "e5", "1e", "12:45", "1/2", "１"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		buf, s := field(text)
		from, to := int(s.from), s.end()
		want, err := strconv.ParseInt(text, 10, 64)
		if got, _, ok := parseInt(buf, from, to); ok != (err == nil) || ok && got != want {
			t.Errorf("parseInt(%q) = %d, %t, want %d, %v", text, got, ok, want, err)
		}
		if got, ok := shortInt(buf, s); ok && (err != nil || got != want) {
			t.Errorf("shortInt(%q) = %d, want %d, %v", text, got, want, err)
		}
		number, err := strconv.ParseFloat(text, 64)
		wanted := (err == nil || math.IsInf(number, 0)) && !strings.ContainsAny(text, "xXpP_")
		got, _, ok := parseFloat(buf, from, to)
		if ok != wanted || ok && math.Float64bits(got) != math.Float64bits(number) {
			t.Errorf("parseFloat(%q) = %v, %t, want %v, %v", text, got, ok, number, err)
		}
		if got, ok := shortFloat(buf, s); ok && got != number {
			t.Errorf("shortFloat(%q) = %v, want %v", text, got, number)
		}
	})
}

// Every day of some centuries is the one that the standard library says.
func TestDates(t *testing.T) {
	for _, year := range []int{0, 1599, 1700, 1899, 1970, 2000, 2023, 9999} {
		for d := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() == year; d = d.AddDate(0, 0, 1) {
			text := d.Format(time.DateOnly)
			if days, ok := parseDate([]byte(text)); !ok || days*86400 != d.Unix() {
				t.Fatalf("%s is day %d, %t, want %d", text, days, ok, d.Unix()/86400)
			}
		}
	}
}

// FuzzTime reads times as the standard library does, and nothing else.
func FuzzTime(f *testing.F) {
	for _, s := range []string{"2024-02-29T23:59:59Z", "2024-02-30 00:00:00", "2024-01-02 03:04:05.123456", "2024-01-02T03:04:05+02:00", "2024-01-02 03:04:05-0930",
		"2024-01-02 03:04:05+02", "2024-01-02 03:04:05.1234567891+23:59", "9999-12-31t23:59:60z", "2024-01-02 03:04:05+24:00", "2024-01-02 03:04:05-02:3",
		"2024-01-02 24:00:00", "2024-01-02T03:04:60Z", "0000-01-01 00:00:00", "2024-01-02 03:04:05.", "2024-13-01 00:00:00", "2024-01-0: 00:00:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, wanted := timeByGrammar(text)
		if got, ok := parseTime([]byte(text)); ok != wanted || ok && got != want {
			t.Errorf("parseTime(%q) = %d, %t, want %d, %t", text, got, ok, want, wanted)
		}
		if len(text) < 10 {
			return
		}
		day, wanted := timeByGrammar(text[:10] + " 00:00:00")
		if got, ok := parseDate([]byte(text[:10])); ok != wanted || ok && got*86400e6 != day {
			t.Errorf("parseDate(%q) = %d, %t, want %d µs, %t", text[:10], got, ok, day, wanted)
		}
	})
}

var timeGrammar = regexp.MustCompile(`^(\d{4})-(\d\d)-(\d\d)[ Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?$`)

// timeByGrammar does what parseTime promises, by a regular expression and the
// calendar of the standard library.
func timeByGrammar(text string) (micros int64, ok bool) {
	m := timeGrammar.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	n := make([]int, len(m))
	for i, digits := range m {
		n[i], _ = strconv.Atoi(digits) // 0 for what is not there
	}
	day := time.Date(n[1], time.Month(n[2]), n[3], 0, 0, 0, 0, time.UTC)
	if day.Day() != n[3] || int(day.Month()) != n[2] || n[4] > 23 || n[5] > 59 || n[6] > 60 || n[9] > 23 || n[10] > 59 {
		return 0, false
	}
	fraction, _ := strconv.Atoi((m[7] + "000000")[:6])
	offset := time.Duration(n[9])*time.Hour + time.Duration(n[10])*time.Minute
	if m[8] == "-" {
		offset = -offset
	}
	clock := time.Duration(n[4])*time.Hour + time.Duration(n[5])*time.Minute + time.Duration(n[6])*time.Second
	return day.Add(clock-offset).UnixMicro() + int64(fraction), true
}
