package table

import (
	"testing"
	"time"
)

func TestMoment(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"2024-01-02", "2024-01-02T00:00:00Z"},
		{"2024-01-02 10:00", "2024-01-02T10:00:00Z"},
		{"2024-01-02T10:00:05.25+0200", "2024-01-02T08:00:05.25Z"},
		{"2024-01-02T1", ""}, {"2024-01-02 24:00", ""}, {"2024-02-30", ""}, {"2024-01-02 10:0", ""}, {"", ""},
	} {
		micros, ok := Moment([]byte(c.text))
		got := ""
		if ok {
			got = time.UnixMicro(micros).UTC().Format(time.RFC3339Nano)
		}
		if got != c.want {
			t.Errorf("Moment(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}
