package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/spec"
)

// guarded are codes that nothing can provoke from outside: they report what
// the parser has excluded before.
var guarded = map[spec.Code]string{
	spec.CodeScript: "a plan makes scripts ready that the parser has read in the same way",
}

// TestCodesAreTold looks for each diagnostic code in a story or in the golden
// files of the language: a code that is shown nowhere is one that nobody has read.
func TestCodesAreTold(t *testing.T) {
	t.Parallel()
	told := texts(t, "testdata/script/*.txtar", "../../spec/testdata/err/*.want")
	for _, d := range spec.Codes() {
		shown := strings.Contains(told, "["+string(d.Code)+"]")
		if guarded[d.Code] != "" {
			if shown {
				t.Errorf("%s is shown after all; remove it from guarded", d.Code)
			}
			continue
		}
		if !shown {
			t.Errorf("no story and no golden file shows [%s]: %s", d.Code, d.Meaning)
		}
	}
}

// texts are the contents of all files that the patterns match.
func texts(t *testing.T, patterns ...string) string {
	t.Helper()
	var all strings.Builder
	for _, p := range patterns {
		names, err := filepath.Glob(p)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s matches nothing: %v", p, err)
		}
		for _, n := range names {
			b, err := os.ReadFile(n)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(b)
		}
	}
	return all.String()
}
