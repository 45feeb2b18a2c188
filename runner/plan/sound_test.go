package plan

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/mlops-runner/mlops/spec"
)

// FuzzSound plans what a file with mistakes has left without the jobs that have
// them: it may find more mistakes, and nothing else.
func FuzzSound(f *testing.F) {
	files, err := filepath.Glob("../../spec/testdata/err/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no files (%v)", err)
	}
	for _, path := range files {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 16<<10 {
			return
		}
		file, ds := spec.Parse(spec.FileName, src, spec.Options{Sound: true, MaxLegs: 64})
		if file == nil || !ds.HasErrors() {
			return
		}
		_, err := New(file, Options{MaxLegs: 64})
		var more spec.Diagnostics
		if err != nil && !errors.As(err, &more) {
			t.Fatalf("no mistake of the file: %v", err)
		}
		for _, d := range more {
			if d.Pos.Line < 1 && d.Code != spec.CodeBadPath { // of a dataset whose path is the mistake
				t.Errorf("no full problem: %+v", d)
			}
		}
	})
}
