package agent

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// loadResult is LoadResult of a folder by its name.
func loadResult(dir string) (Result, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Result{}, err
	}
	defer root.Close()
	return LoadResult(root)
}

// TestProof shows what does not count as a result.
func TestProof(t *testing.T) {
	good := `{"version":2,"status":"success","exit":0,"failed":-1,"steps":[],"logSize":3}`
	tests := []struct{ name, result, log, says string }{
		{"a result", good, "log", ""},
		{"none", "", "log", "no result"},
		{"half of one", good[:20], "log", "unexpected end"},
		{"another version", strings.Replace(good, `"version":2`, `"version":3`, 1), "log", "version 3 is not 2"},
		{"something else", `{"version":2}`, "log", "has no status"},
		{"a log that lost its end", good, "lo", "the log has 2 bytes and not 3"},
		{"a log that grew", good, "logs", "the log has 4 bytes and not 3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, LogFile), tt.log)
			if tt.result != "" {
				write(t, filepath.Join(dir, ResultFile), tt.result)
			}
			r, err := loadResult(dir)
			if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%+v, %v", r, err)
			}
			if tt.result == "" && !errors.Is(err, ErrNoResult) {
				t.Errorf("%v is not ErrNoResult", err)
			}
		})
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, ResultFile), good)
	if _, err := loadResult(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a result without a log: %v", err)
	}
	dir = t.TempDir()
	write(t, filepath.Join(dir, LogFile), "log")
	write(t, filepath.Join(dir, "elsewhere"), good)
	if err := os.Symlink("elsewhere", filepath.Join(dir, ResultFile)); err != nil {
		t.Fatal(err)
	}
	if r, err := loadResult(dir); err == nil {
		t.Errorf("a link is followed: %+v", r)
	}
}

// TestResultNeedsItsFiles shows that a job whose proof cannot be kept has not succeeded.
func TestResultNeedsItsFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh(`mv "$CONTROL" "$CONTROL-away"`))
	b.Env = append(b.Env, Var{"CONTROL", b.Control})
	r, err := Run(t.Context(), b.Spec, nil)
	if err == nil || r.Status != Failure || r.Reason != ReasonConfig {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := loadResult(b.Control); err == nil {
		t.Errorf("a result all the same: %+v", r)
	}
}

func events() []Event {
	return []Event{
		{Kind: StepStarted, Step: 1, Text: "a"},
		{Kind: Output, Step: 1, N: 5, Offset: 5, Data: []byte("a\n{\"k")},
		{Kind: Notice, Level: "error", Text: "x\ny"},
		{Kind: Ended, Result: &Result{Version: 1, Status: Success, Failed: -1}},
	}
}

func TestEventsTravel(t *testing.T) {
	var stream bytes.Buffer
	for i, e := range events() {
		e.Time = time.Unix(int64(i), 0).UTC()
		if err := writeEvent(&stream, e); err != nil {
			t.Fatal(err)
		}
	}
	text := stream.Bytes()
	for name, r := range map[string]io.Reader{
		"as it is":       bytes.NewReader(text),
		"byte by byte":   iotest.OneByteReader(bytes.NewReader(text)),
		"other lines":    strings.NewReader("runtime: warning\n\n{}\n{\"kind\":\"x\"\n" + string(text) + "more\n"),
		"no line of its": strings.NewReader("half a line" + string(text)),
		"a long line":    strings.NewReader(strings.Repeat("x", 200<<10) + "\n" + string(text)),
	} {
		var got []Event
		res, err := ReadEvents(r, func(e Event) {
			e.Data, e.Time = bytes.Clone(e.Data), time.Time{}
			got = append(got, e)
		})
		if d := cmp.Diff(events(), got); d != "" || err != nil || res.Status != Success {
			t.Errorf("%s: %v %s", name, err, d)
		}
	}
	for n := range len(text) - 1 { // all but the last newline
		if _, err := ReadEvents(bytes.NewReader(text[:n]), nil); !errors.Is(err, ErrNoResult) {
			t.Fatalf("%d of %d bytes: %v", n, len(text), err)
		}
	}
	broken := errors.New("broken")
	if _, err := ReadEvents(io.MultiReader(bytes.NewReader(text[:40]), iotest.ErrReader(broken)), nil); !errors.Is(err, broken) || !errors.Is(err, ErrNoResult) {
		t.Error(err)
	}
}

func FuzzReadEvents(f *testing.F) {
	var stream bytes.Buffer
	for _, e := range events() {
		if err := writeEvent(&stream, e); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(stream.Bytes())
	f.Add([]byte(`{"kind":"output","n":9999999}` + "\nx"))
	f.Add([]byte(`{"kind":"end"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := ReadEvents(bytes.NewReader(b), func(e Event) {
			if len(e.Data) != e.N || e.N > 0 && e.Kind != Output {
				t.Fatalf("%+v", e)
			}
		})
		if err != nil && !errors.Is(err, ErrNoResult) {
			t.Error(err)
		}
	})
}
