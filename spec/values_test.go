package spec

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"4GiB": 4 << 30, "512MB": 512e6, "1.5 TiB": 3 << 39, "100B": 100, "1_000kB": 1e6, "0B": 0, "2KiB": 2048, "1KB": 1000,
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("ParseSize(%q) is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "4", "4G", "GiB", "-1GiB", "4gib", "1e30GiB", ".infGiB", "4 Gi B", "NaNB"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("ParseSize(%q) is %d and no error", text, got)
		}
	}
}

func TestParseRange(t *testing.T) {
	t.Parallel()
	inf := math.Inf(1)
	for text, want := range map[string]Range{
		"0..120": {0, 120, false}, "5_000..": {5000, inf, false}, "..10%": {-inf, 0.1, true}, "1%..60%": {0.01, 0.6, true},
		"3": {3, 3, false}, "5%": {0.05, 0.05, true}, " -1.5 .. 2e3 ": {-1.5, 2000, false}, "0..10%": {0, 0.1, true}, ".5..": {0.5, inf, false},
	} {
		if got, err := ParseRange(text); err != nil || got != want {
			t.Errorf("ParseRange(%q) is %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "..", "a..b", "2..1", "1..2..3", "1..50%", "%..", ".nan..", "1 2", "0x"} {
		if got, err := ParseRange(text); err == nil {
			t.Errorf("ParseRange(%q) is %+v and no error", text, got)
		}
	}
	if r := (Range{0, 1, false}); !r.Contains(0) || !r.Contains(1) || r.Contains(1.1) || r.Contains(math.NaN()) {
		t.Error("bounds belong to a range, NaN to none")
	}
}

func TestParseColumn(t *testing.T) {
	t.Parallel()
	inf := math.Inf(1)
	for line, want := range map[string]Column{
		"int 0..120":                      {Type: "int", Range: &Range{0, 120, false}},
		"float 0.. , null ..10%":          {Type: "float", Range: &Range{0, inf, false}, Rules: []ColumnRule{{"null", &Range{-inf, 0.1, true}}}},
		"[free, 'pro', \"team\"]":         {Values: []string{"free", "pro", "team"}},
		"bool, true 1%..60%":              {Type: "bool", Rules: []ColumnRule{{"true", &Range{0.01, 0.6, true}}}},
		"string [a, b], unique":           {Type: "string", Values: []string{"a", "b"}, Rules: []ColumnRule{{"unique", nil}}},
		"null 0":                          {Rules: []ColumnRule{{"null", &Range{0, 0, false}}}},
		"0..1":                            {Range: &Range{0, 1, false}},
		"int 0.. , warn":                  {Type: "int", Range: &Range{0, inf, false}, Level: "warn"},
		"warn":                            {Level: "warn"},
		`text /^a{1,2}\/[bc]/, unique`:    {Type: "text", Pattern: "^a{1,2}/[bc]", Rules: []ColumnRule{{"unique", nil}}},
		"/x, y/ , fail":                   {Pattern: "x, y", Level: "fail"},
		"date 1970-01-02..1970-01-11":     {Type: "date", Range: &Range{1, 10, false}},
		"datetime 1970-01-01T00:00:01Z..": {Type: "datetime", Range: &Range{1e6, inf, false}},
		`["a, b", 'it"s', c]`:             {Values: []string{"a, b", `it"s`, "c"}},
		"date, fresh 1..":                 {Type: "date", Rules: []ColumnRule{{"fresh", &Range{1, inf, false}}}},
	} {
		got, err := ParseColumn(line, []string{"fresh"})
		if err != nil {
			t.Errorf("ParseColumn(%q): %v", line, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("ParseColumn(%q) (-want +got):\n%s", line, diff)
		}
	}
	for line, part := range map[string]string{
		"": "empty", "integer": "unknown type", "int five": "neither a range nor a list", "[a, b": "not closed", "[a,,b]": "empty value",
		"int, nul ..1%": `did you mean "null"`, "int, null": "needs a range", "int, unique 1..": "takes no range", "int /x/": "for texts", "text /x": "not closed", "text /(/": "missing closing", "date 2024-13-01..": "neither a date", "date 2024-02-01..2024-01-01": "ends before",
		"int,": "unknown rule", "int 2..1": "ends before",
	} {
		if got, err := ParseColumn(line, nil); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("ParseColumn(%q) is %+v, %v; want an error with %q", line, got, err, part)
		}
	}
}

func TestCron(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"* * * * *", "0 3 * * 1", "*/15 0-6,22 1,15 jan-MAR mon-fri", "5/10 0 31 12 7", " 0  0 1 1 0 "} {
		if _, err := ParseCron(line); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
	for _, line := range []string{"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *", "*/x * * * *", "5-1 * * * *", ", * * * *", "@daily", "a * * * *", "-1 * * * *"} {
		if _, err := ParseCron(line); err == nil {
			t.Errorf("%q is no cron line", line)
		}
	}
}

func TestSelectMetric(t *testing.T) {
	t.Parallel()
	type parts struct {
		how, metric string
		ok          bool
	}
	for text, want := range map[string]parts{
		"first": {"first", "", true}, "best(auc)": {"best", "auc", true}, "worst( test/f1 )": {"worst", "test/f1", true},
		"best()": {}, "best": {}, "max(auc)": {}, "best(a b)": {}, "best(a": {}, "": {}, "best(a))": {},
	} {
		how, metric, ok := SelectMetric(text)
		if got := (parts{how, metric, ok}); ok != want.ok || ok && got != want {
			t.Errorf("SelectMetric(%q) is %+v, want %+v", text, got, want)
		}
	}
}
