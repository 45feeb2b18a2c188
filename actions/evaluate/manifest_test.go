package evaluate

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/actions/action"
)

var update = flag.Bool("update", false, "rewrite what is made of the table of inputs")

// action.yml is made of the table of inputs, and so is the list in the README.
func TestGenerated(t *testing.T) {
	const readme = "../../README.md"
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- made of actions/evaluate by make generate -->\n", "<!-- end of evaluate -->"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("README.md has no place for the inputs of evaluate")
	}
	for path, want := range map[string]string{
		"action.yml": action.Manifest(Action(), "actions/evaluate", "mlops evaluate"), readme: before + begin + Reference() + end + after,
	} {
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, string(got)); d != "" {
			t.Errorf("%s is not what \"make generate\" writes (-want +got):\n%s", path, d)
		}
	}
}
