package actions

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/mlops-runner/mlops/spec"
)

// The examples give the built-in actions inputs that these know.
func TestExamples(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../examples/*/mlops.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d examples, %v", len(paths), err)
	}
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		read := func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(filepath.Dir(path), name)) }
		if _, ds := spec.Parse(path, source, spec.Options{ReadFile: read, Actions: Table()}); len(ds) > 0 {
			t.Errorf("%s: %v", path, ds)
		}
	}
}

// An action that can be run has a version, by which jobs are told that its
// meaning changed; one without is refused before it starts.
func TestVersions(t *testing.T) {
	t.Parallel()
	for _, a := range All() {
		if (a.Run != nil) != (a.Version > 0) {
			t.Errorf("%s: version %d, to be run: %v", a.Name, a.Version, a.Run != nil)
		}
	}
}
