package view

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mlops-runner/mlops/runner"
)

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(EventSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("event.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("event.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Each event is one line, one JSON object, and as the schema says.
func TestJSONLines(t *testing.T) {
	t.Parallel()
	s := schema(t)
	for name, script := range scripts() {
		var out, progress bytes.Buffer
		play(t, New(JSON, Options{Out: &out, Err: &progress}), script)
		if progress.Len() > 0 {
			t.Errorf("%s: %q on standard error", name, progress.String())
		}
		if n := strings.Count(out.String(), "\n"); n != len(script.events) {
			t.Errorf("%s: %d lines for %d events", name, n, len(script.events))
		}
		for line := range strings.Lines(out.String()) {
			if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return r < 0x20 || r != visible(r) }) {
				t.Errorf("%s: control characters in %q", name, line)
			}
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
			if err != nil {
				t.Fatalf("%s: %v in %s", name, err, line)
			}
			if err := s.Validate(v); err != nil {
				t.Errorf("%s: %s%v", name, line, err)
			}
		}
	}
}

// FuzzJSON checks that output comes back as it was, what is not UTF-8 aside.
func FuzzJSON(f *testing.F) {
	f.Add([]byte("plain\n"), "text")
	f.Add([]byte("\x1b[31m\x00\"\\\t\r\u2028\U0001F389\x7f\xff"), "\u202e</script>\x9b")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		var out bytes.Buffer
		v := New(JSON, Options{Out: &out})
		v.Event(runner.Event{Kind: runner.JobOutput, Job: text, Data: data})
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		var got struct{ Job, Output string }
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatalf("%v in %q", err, out.String())
		}
		// As encoding/json does it: a U+FFFD for each byte that is not UTF-8.
		if want := string([]rune(string(data))); got.Output != want || got.Job != string([]rune(text)) {
			t.Errorf("got %q and %q of %q and %q", got.Output, got.Job, data, text)
		}
		if strings.Count(out.String(), "\n") != 1 || strings.ContainsFunc(strings.TrimSuffix(out.String(), "\n"), func(r rune) bool { return r < 0x20 }) {
			t.Errorf("not one harmless line: %q", out.String())
		}
	})
}
