package datacheck

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/actions/action"
)

var update = flag.Bool("update", false, "rewrite what is made of the table of checks")

// action.yml and the README's section are made of the table of checks.
func TestGenerated(t *testing.T) {
	const readme = "../../README.md"
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- made of actions/datacheck by make generate -->\n", "<!-- end -->"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("README.md has no place for the checks")
	}
	for path, want := range map[string]string{"../data-check/action.yml": manifest(), readme: before + begin + Reference() + end + after} {
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

// The manifest is a composite action with the inputs of the table.
func TestManifest(t *testing.T) {
	t.Parallel()
	var m struct {
		Runs   struct{ Using string }
		Inputs map[string]struct {
			Description string
			Required    bool
		}
		Mlops struct{ Inputs map[string]string }
	}
	if err := yaml.Unmarshal([]byte(manifest()), &m); err != nil {
		t.Fatal(err)
	}
	for _, in := range Action().Inputs {
		if got := m.Inputs[in.Name]; got.Required != in.Required || got.Description == "" || m.Mlops.Inputs[in.Name] != in.Type {
			t.Errorf("%s: %+v, type %q", in.Name, got, m.Mlops.Inputs[in.Name])
		}
	}
	if m.Runs.Using != "composite" {
		t.Errorf("it is run as %q", m.Runs.Using)
	}
}

// manifest is action.yml.
func manifest() string {
	return action.Manifest(Action(), "actions/datacheck", "mlops data check")
}

// Every example in the table is read as what it is an example of.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, c := range Checks() {
		var v any
		if err := yaml.Unmarshal([]byte(c.Example), &v); err != nil || c.Example == "" {
			t.Errorf("%s: example %q: %v", c.Name, c.Example, err)
			continue
		}
		in := map[string]any{"data": "a.csv"}
		in[c.Name] = v
		if _, err := parseConfig(in); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}
