package runner

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Lines that are JSON objects are sections; the earliest time until which the
// result holds counts; what is wrong is said with its line.
func TestReportLines(t *testing.T) {
	t.Parallel()
	text := `{"id": "a"}` + "\n\nnonsense\n" + `{"until": "2026-02-01T00:00:00Z"}` + "\n" + `{"until": "2026-01-01T00:00:00+01:00"}` + "\n" + `{"until": "soon"}` + "\n[1]\n"
	lines, until, wrong := reportLines(text)
	if d := cmp.Diff([]string{`{"id": "a"}`}, lines); d != "" {
		t.Error(d)
	}
	if want := time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC); !until.Equal(want) {
		t.Errorf("until %v, want %v", until, want)
	}
	if all := strings.Join(wrong, "\n"); len(wrong) != 3 || !strings.Contains(all, "line 3 is no JSON object") || !strings.Contains(all, "line 6: until is no time") || !strings.Contains(all, "line 7") {
		t.Errorf("wrong: %q", wrong)
	}
	lines, _, wrong = reportLines(strings.Repeat("{}\n", maxReportLines+5))
	if len(lines) != maxReportLines || len(wrong) != 1 {
		t.Errorf("%d lines, %q", len(lines), wrong)
	}
}
