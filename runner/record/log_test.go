package record

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A part is what one attempt left: its log and the log's index; "" for no file.
type part struct{ log, index string }

func TestTakeLog(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a line of a log that is packed\n", 10_000)
	for _, c := range []struct {
		name         string
		parts        []part
		kept         string // name in the record
		index        string
		files, lasts int // of the job; ends that are told
	}{
		{"a short log stays as it is", []part{{"hello\n", "0 1 0\n"}}, logName, "0 1 0\n", 3, 1},
		{"a long log is packed", []part{{long, "0 1 0\n"}}, packedName, "0 1 0\n", 3, 1},
		{"attempts follow one another", []part{{"one\n", "0 1 0\n"}, {"", ""}, {"two\n", "0 5 0\n2 6 1\n"}}, logName, "0 1 0\n4 5 0\n6 6 1\n", 3, 3},
		{"the attempts together are long", []part{{"short\n", "0 1 0\n"}, {long, "0 2 0\nnonsense\n"}}, packedName, "0 1 0\n6 2 0\n", 3, 2},
		{"a log without an index", []part{{"hello\n", ""}}, logName, "", 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			run, ends := taken(t, c.parts)
			want := ""
			for _, p := range c.parts {
				want += p.log
			}
			if got := readLog(t, run); got != want {
				t.Errorf("the log has %d bytes, want %d", len(got), len(want))
			}
			if j := run.Jobs[0]; j.LogSize != int64(len(want)) || len(ends) != c.lasts || ends[len(ends)-1] != j.LogSize {
				t.Errorf("%d bytes, ends %v, want %d", j.LogSize, ends, len(want))
			}
			if _, err := os.Stat(filepath.Join(run.Dir, "jobs", "a", c.kept)); err != nil {
				t.Error(err)
			}
			if got := readIndex(t, run); got != c.index {
				t.Errorf("index %q, want %q", got, c.index)
			}
			if v, err := Verify(filepath.Join(run.Dir, "..", "..", "..", ".."), run.ID); err != nil || !v.OK() || v.Files != 8+c.files {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
}

// taken records a run whose only job left the logs.
func taken(t *testing.T, parts []part) (*Run, []int64) {
	t.Helper()
	root := t.TempDir()
	w, err := Create(root, Run{})
	if err != nil {
		t.Fatal(err)
	}
	var files []LogFiles
	for _, p := range parts {
		dir := t.TempDir()
		f := LogFiles{filepath.Join(dir, "log"), filepath.Join(dir, "log.index")}
		for name, text := range map[string]string{f.Log: p.log, f.Index: p.index} {
			if text != "" {
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		files = append(files, f)
	}
	ends, err := w.TakeLog("a", files...)
	if err := errors.Join(err, w.JobEnded(Job{ID: "a", Status: Success})); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Seal(Run{Status: Success}); err != nil {
		t.Fatal(err)
	}
	run, err := Load(root, w.ID())
	if err != nil {
		t.Fatal(err)
	}
	return run, ends
}

func readLog(t *testing.T, r *Run) string {
	t.Helper()
	f, err := r.Log("a")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readIndex(t *testing.T, r *Run) string {
	t.Helper()
	f, err := r.LogIndex("a")
	if errors.Is(err, ErrNoLog) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTakeLogRefuses takes no link for a log: it could lead to any file.
func TestTakeLogRefuses(t *testing.T) {
	t.Parallel()
	w, err := Create(t.TempDir(), Run{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	link := filepath.Join(t.TempDir(), "log")
	if err := os.Symlink("/etc/passwd", link); err != nil {
		t.Fatal(err)
	}
	if _, err := w.TakeLog("a", LogFiles{Log: link}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("error %v", err)
	}
}
