package index

import (
	"strconv"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/spec/expression"
)

// An instant is a time as a value of the language: microseconds since 1970.
type instant int64

// layouts are the forms of a time, the local time zone where none is written.
func layouts() []string {
	return []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02", "2006-01", "2006"}
}

// time is the moment that a value means.
func (q *compiler) time(t *expression.Term, v any) (int64, error) {
	if at, ok := v.(instant); ok {
		return int64(at), nil
	}
	s, _ := v.(string)
	for _, layout := range layouts() {
		if at, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return at.UnixMicro(), nil
		}
	}
	return 0, q.fail(t, "this is no time", "write '2026-11-28', '2026-11-28T08:30:00Z' or ago('7d')")
}

// ago is the moment a while before now: ago('36h'), ago('7d'), ago('2w').
func (q *compiler) ago(t *expression.Term) (any, error) {
	const fix = "write ago('30m'), ago('36h'), ago('7d') or ago('2w')"
	if len(t.Args) != 1 || t.Args[0].Op != "value" {
		return nil, q.fail(t, "ago() takes one text", fix)
	}
	s, _ := t.Args[0].Value.(string)
	d, err := time.ParseDuration(s)
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if n, ok := strings.CutSuffix(s, unit); ok {
			var f float64
			f, err = strconv.ParseFloat(n, 64)
			d = time.Duration(f * float64(length))
		}
	}
	if err != nil || d < 0 {
		return nil, q.fail(t.Args[0], "this is no while", fix)
	}
	return instant(q.x.options.Now().Add(-d).UnixMicro()), nil
}
