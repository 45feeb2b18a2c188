package view

import (
	"bytes"
	"errors"
	"testing"
)

// Callers that close at the end and with defer do so twice.
func TestCloseTwice(t *testing.T) {
	t.Parallel()
	for _, kind := range Kinds() {
		var out, progress bytes.Buffer
		v := New(kind, Options{Out: &out, Err: &progress})
		play(t, v, everything())
		before := out.String() + progress.String()
		if err := v.Close(); err != nil || out.String()+progress.String() != before {
			t.Errorf("%s: %v, and the second Close wrote something", kind, err)
		}
		broken := errors.New("broken pipe")
		v = New(kind, Options{Out: failing{broken}, Err: failing{broken}})
		for _, e := range oom().events {
			v.Event(e)
		}
		if first, second := v.Close(), v.Close(); !errors.Is(first, broken) || !errors.Is(second, broken) {
			t.Errorf("%s: %v, then %v", kind, first, second)
		}
	}
}
