package view

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		in   float64
		want string
	}{
		{0, "0"}, {math.Copysign(0, -1), "0"}, {1, "1"}, {-3, "-3"}, {0.5, "0.5"}, {0.91402, "0.91402"}, {0.914023456, "0.91402"}, {-0.25, "-0.25"},
		{1.0 / 3, "0.33333"}, {12.345678, "12.346"}, {999, "999"}, {1000, "1,000"}, {-1234567, "-1,234,567"}, {1234.5678, "1,234.6"}, {-123456.78, "-123,457"},
		{1e14, "100,000,000,000,000"}, {1e15, "1e15"}, {1.23456e20, "1.2346e20"}, {0.0001, "0.0001"}, {0.00012345, "0.00012345"}, {0.000099, "9.9e-5"}, {-1.5e-300, "-1.5e-300"},
		{0.99999999, "1"}, {99999.999, "100,000"}, {math.NaN(), "NaN"}, {math.Inf(1), "Infinity"}, {math.Inf(-1), "-Infinity"}, {5e-324, "4.9407e-324"},
	} {
		if got := Number(c.in); got != c.want {
			t.Errorf("Number(%v) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for _, c := range []struct {
		in   time.Duration
		want string
	}{
		{0, "0 s"}, {-time.Second, "0 s"}, {1, "1 ms"}, {412 * time.Millisecond, "412 ms"}, {999499 * time.Microsecond, "999 ms"}, {999600 * time.Microsecond, "1 s"},
		{1200 * time.Millisecond, "1.2 s"}, {41 * time.Second, "41 s"}, {12345 * time.Millisecond, "12.3 s"}, {59940 * time.Millisecond, "59.9 s"}, {59960 * time.Millisecond, "1m00s"},
		{80 * time.Second, "1m20s"}, {time.Hour - time.Millisecond, "1h00m"}, {125 * time.Minute, "2h05m"}, {76 * time.Hour, "3d04h"},
	} {
		if got := Duration(c.in); got != c.want {
			t.Errorf("Duration(%v) = %q, want %q", c.in, got, c.want)
		}
	}
	for d, want := range map[time.Duration]string{-1: "0 s", 900 * time.Millisecond: "0 s", 59900 * time.Millisecond: "59 s", 60 * time.Second: "1m00s", 119900 * time.Millisecond: "1m59s"} {
		if got := elapsed(d); got != want {
			t.Errorf("elapsed(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 980: "980 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 812 << 20: "812 MiB", 1300 << 20: "1.27 GiB", 4 << 30: "4 GiB",
		1<<20 - 1: "1 MiB", math.MaxInt64: "8 EiB", math.MinInt64: "-8 EiB", -2048: "-2 KiB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

// Number never loses the size of a value: what it writes reads back within
// half of the fifth digit.
func FuzzNumber(f *testing.F) {
	f.Add(0.914)
	f.Add(-1e9)
	f.Fuzz(func(t *testing.T, v float64) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
		if got := parse(t, Number(v)); math.Abs(got-v) > math.Abs(v)*0.5e-4 {
			t.Errorf("Number(%v) = %q", v, Number(v))
		}
	})
}

// parse reads what Number writes.
func parse(t *testing.T, s string) float64 {
	v, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", ""), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
