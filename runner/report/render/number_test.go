package render

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/report"
)

func TestRowNumbers(t *testing.T) {
	t.Parallel()
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name            string
		base, head      float64
		low, high       float64 // equal for no interval
		want, wantRange string
	}{
		{"digits follow the interval", 0.91403, 0.92624, 0.0043, 0.0201, "0.9140 0.9262 +0.0122", "+0.0043 … +0.0201"},
		{"digits follow the change", 0.914031, 0.926239, 0, 0, "0.9140 0.9262 +0.0122", ""},
		{"no more digits than there are", 11.8, 12.4, 0.1, 1.1, "11.8 12.4 +0.6", "+0.1 … +1.1"},
		{"bounds may have more", 48, 50, -1.234, 5.234, "48 50 +2", "-1.2 … +5.2"},
		{"bounds have as many", 0.7710, 0.7685, -0.011, 0.006, "0.7710 0.7685 -0.0025", "-0.0110 … +0.0060"},
		{"equal", 48.2, 48.2, 0, 0, "48.2 48.2 0", ""},
		{"whole numbers", 197321, 198525, 0, 0, "197,321 198,525 +1,204", ""},
		{"large with a fraction", 1234567.25, 1234570.5, 0, 0, "1,234,567 1,234,570 +3", ""},
		{"a change behind the sixth digit", 0.3, 0.2999999, 0, 0, "0.3000000 0.2999999 -0.0000001", ""},
		{"a small change of much", 0.9, 0.9000000001, 0, 0, "0.900000 0.900000 +1e-10", ""},
		{"floating-point noise", 0.3, 0.30000000000000004, 0, 0, "0.300000 0.300000 +5.6e-17", ""},
		{"a small value beside a large", 0.00012, 0.9, 0, 0, "0.00012 0.900 +0.900", ""},
		{"small", 2.9e-7, 3.1e-7, 0, 0, "2.9e-7 3.1e-7 +2.0e-8", ""},
		{"huge", 1.2e18, 1.25e18, 0, 0, "1.20e18 1.25e18 +5.00e16", ""},
		{"ordinary beside huge", 5, 1e16, 0, 0, "5 1e16 +1e16", ""},
		{"infinite", 3.5, inf, 0, 0, "3.5 ∞ +∞", ""},
		{"from minus infinity", math.Inf(-1), -2.5, 0, 0, "-∞ -2.5 +∞", ""},
		{"NaN", 0.914, nan, 0, 0, "0.914 NaN NaN", ""},
		{"minus zero", 0, math.Copysign(0, -1), 0, 0, "0 0 0", ""},
		{"to zero", 0.25, 0, 0, 0, "0.25 0 -0.25", ""},
		{"an infinite interval", 0.5, 0.6, math.Inf(-1), inf, "0.5 0.6 +0.1", "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			number := func(v float64) *report.Number { n := report.Number(v); return &n }
			m := report.Metric{Base: number(c.base), Head: number(c.head), Change: number(c.head - c.base)}
			if c.low != c.high {
				m.Interval = &report.Interval{Low: report.Number(c.low), High: report.Number(c.high), Level: 0.95}
			}
			r := newRow(&m)
			if got := r.base + " " + r.head + " " + r.change; got != c.want || r.interval().plain() != c.wantRange {
				t.Errorf("got %s, %q\nwant %s, %q", got, r.interval().plain(), c.want, c.wantRange)
			}
		})
	}
}

// What is written reads back as the number, up to the digits shown; what is
// not 0 does not look like 0; and no text is long.
func TestNumbersReadBack(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		v := rng.NormFloat64() * math.Pow(10, float64(rng.IntN(40)-20))
		w := v + rng.NormFloat64()*math.Pow(10, float64(rng.IntN(40)-20))
		s := scaleOf(w-v, 0, v, w)
		text := s.value(v)
		got, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
		if err != nil || len(text) > 24 || got == 0 || (got < 0) != (v < 0) || math.Abs(got-v) > math.Abs(v)*0.5 {
			t.Fatalf("%g is written as %q", v, text)
		}
		if (s.value(v) == s.value(w)) && math.Abs(w-v) > 1e-5*max(math.Abs(v), math.Abs(w)) {
			t.Fatalf("%g and %g are both written as %q", v, w, text)
		}
	}
}

func TestSmallNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{percent(0.0508), "+5.1 %"}, {percent(-0.5), "-50 %"}, {percent(12.345), "+1,234 %"}, {percent(0.00012), "+0.012 %"}, {percent(math.Inf(1)), "+∞ %"}, {percent(math.MaxFloat64), "+∞ %"},
		{chance(0.0001).plain(), "p < 0.001"}, {chance(0.0123).plain(), "p = 0.012"}, {chance(1).plain(), "p = 1"},
		{duration(0), "0 s"}, {duration(1), "1 ms"}, {duration(412 * time.Millisecond), "412 ms"}, {duration(8123 * time.Millisecond), "8.1 s"}, {duration(59_990 * time.Millisecond), "59.9 s"},
		{duration(80 * time.Second), "1m20s"}, {duration(125 * time.Minute), "2h05m"}, {duration(76 * time.Hour), "3d04h"}, {duration(-5), "0 s"},
		{size(12), "12 B"}, {size(20412345), "19.5 MiB"}, {size(4096), "4 KiB"}, {size(-3), "-3 B"}, {size(math.MaxInt64), "8 EiB"},
		{plural(1, "row"), "1 row"}, {plural(1200, "row"), "1,200 rows"}, {count(-1234567), "-1,234,567"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
