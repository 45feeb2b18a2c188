package spec

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testActions are built-in actions as the design uses them.
func testActions() map[string]Action {
	return map[string]Action{
		"data-check": {Name: "data-check", Inputs: []ActionInput{
			{Name: "data", Type: "dataset", Required: true}, {Name: "key", Type: "list"}, {Name: "rows", Type: "range"},
			{Name: "columns", Type: "columns", Words: []string{"unseen"}}, {Name: "rules", Type: "expressions"}, {Name: "disjoint", Type: "paths"},
			{Name: "drift", Type: "map"}, {Name: "strict", Type: "bool"}, {Name: "sample", Type: "int"}, {Name: "limit", Type: "size"},
		}},
		"evaluate": {Name: "evaluate", Inputs: []ActionInput{
			{Name: "predictions", Type: "path", Required: true}, {Name: "label", Type: "string", Required: true}, {Name: "score", Type: "string"},
			{Name: "slices", Type: "list"}, {Name: "weight", Type: "number"}, {Name: "within", Type: "duration"}, {Name: "metric", Type: "metric"},
			{Name: "where", Type: "expression"},
		}},
		"promote": {Name: "promote", Alone: true, Once: []string{"model", "alias"}, Inputs: []ActionInput{
			{Name: "model", Type: "string", Required: true}, {Name: "from", Type: "path", Required: true}, {Name: "alias", Type: "string"},
		}},
	}
}

// readFrom reads the files that a file in a folder names.
func readFrom(dir string) func(string) ([]byte, error) {
	return func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, path)) }
}

// testOptions are the options of the files in testdata.
func testOptions() Options {
	return Options{ReadFile: readFrom("testdata"), Actions: testActions()}
}

// render is the text form of problems, as a terminal without colours shows it.
func render(t *testing.T, ds Diagnostics) string {
	t.Helper()
	var b bytes.Buffer
	if err := ds.WriteText(&b, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// wantClean parses a file that must be without mistakes.
func wantClean(t *testing.T, name string, src []byte, o Options) *File {
	t.Helper()
	f, ds := Parse(name, src, o)
	if len(ds) > 0 || f == nil {
		t.Fatalf("%s has mistakes:\n%s", name, render(t, ds))
	}
	return f
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files (%v)", pattern, err)
	}
	return files
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestFilesWithoutMistakes(t *testing.T) {
	t.Parallel()
	for _, path := range glob(t, "testdata/ok/*.yaml") {
		wantClean(t, path, read(t, path), testOptions())
	}
}

func TestExamplesAreWithoutMistakes(t *testing.T) {
	t.Parallel()
	for _, path := range glob(t, "../examples/*/mlops.yaml") {
		wantClean(t, path, read(t, path), Options{ReadFile: readFrom(filepath.Dir(path))}) // package actions looks at their actions
	}
	start := strings.NewReplacer("@NAME@", "churn", "@IMAGE@", "python:3.12-slim").Replace(string(read(t, "../cmd/mlops/init.yaml")))
	wantClean(t, "init.yaml", []byte(start), Options{})
}
