package spec

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse holds Parse to what it promises of any bytes: no panic, a File or an
// error, problems with a place in a file, and results in proportion to the input.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/ok/*.yaml", "testdata/err/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: no files (%v)", pattern, err)
		}
		for _, path := range files {
			src, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 64<<10 {
			return
		}
		o := testOptions()
		o.ReadFile = func(string) ([]byte, error) { return src, nil }
		file, ds := Parse(FileName, src, o)
		if (file == nil) != ds.HasErrors() {
			t.Fatalf("file %v with %v", file, ds)
		}
		if len(ds) > 2*maxDiagnostics+2 {
			t.Fatalf("%d problems", len(ds))
		}
		checkPlaces(t, ds)
		if file != nil {
			checkBounded(t, file, len(src))
		}
	})
}

func checkPlaces(t *testing.T, ds Diagnostics) {
	t.Helper()
	for _, d := range ds {
		if d.Pos.Line < 1 || d.Pos.Col < 1 || d.File == "" || d.Message == "" || d.Code.Meaning() == "" {
			t.Fatalf("no full problem: %+v", d)
		}
		if bytes.ContainsAny([]byte(d.Message+d.Fix), "\r\n") {
			t.Fatalf("a problem of several lines: %+v", d)
		}
	}
	var out bytes.Buffer
	for _, write := range []error{ds.WriteText(&out, false), ds.WriteJSON(&out), ds.WriteSARIF(&out), ds.WriteGitHub(&out)} {
		if write != nil {
			t.Fatal(write)
		}
	}
}

// checkBounded counts what a File holds; only aliases make it more than the
// source has, and they are bounded.
func checkBounded(t *testing.T, f *File, size int) {
	t.Helper()
	n := len(f.Params.Leaves) + len(f.Env) + len(f.Data) + len(f.Gates) + len(f.Metrics)
	for _, j := range f.Jobs {
		n += 1 + len(j.Inputs) + len(j.Outputs) + len(j.Env) + len(j.Steps)
		for _, s := range j.Steps {
			n += len(s.Env) + len(s.With)
			if text, exprs, err := s.Script(); err != nil || len(exprs) > len(s.Run.Value) || len(text) > 64+8*len(s.Run.Value) {
				t.Fatalf("script %q: %q, %d variables, %v", s.Run.Value, text, len(exprs), err)
			}
		}
	}
	if n > size+maxExpansion {
		t.Fatalf("%d values of %d bytes", n, size)
	}
}
