package table

import (
	"math"
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
		"2024-01-02 03:04:05+02", "2024-01-02 24:00:00", "2024-01-02T03:04:60Z", "0000-01-01 00:00:00", "2024-01-02 03:04:05.", "2024-13-01 00:00:00", "2024-01-0: 00:00:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		micros, ok := parseTime([]byte(text))
		for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", time.DateTime} {
			want, err := time.Parse(layout, text)
			if err != nil || len(text) < 19 || text[13] != ':' || strings.ContainsAny(text, ",tz") {
				continue
			}
			if strings.HasSuffix(text, ":60") || strings.HasPrefix(text[len(text)-5:], "24:") {
				continue // an offset that no place has
			}
			if !ok || want.UnixMicro() != micros {
				t.Errorf("parseTime(%q) = %d, %t, want %d", text, micros, ok, want.UnixMicro())
			}
		}
		if !ok || text[17] == '6' {
			return
		}
		if got := time.UnixMicro(micros).UTC().Format("04"); len(text) == 19 && got != text[14:16] {
			t.Errorf("parseTime(%q) has the minute %s", text, got)
		}
	})
}
