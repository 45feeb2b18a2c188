package plan

import (
	"testing"

	"github.com/mlops-runner/mlops/spec"
)

// A built-in action waits for the job that writes what it is given, whether or
// not it declares inputs; text that is no path makes no edge.
func TestUsesEdges(t *testing.T) {
	t.Parallel()
	o := Options{Actions: map[string]spec.Action{"judge": {Name: "judge", Inputs: []spec.ActionInput{
		{Name: "table", Type: "path"}, {Name: "more", Type: "paths"}, {Name: "label", Type: "string"},
	}}}}
	p := planWith(t, `
jobs:
  write: {inputs: [], outputs: [out/a.csv, b.csv, label], run: x}
  other: {inputs: [], outputs: [c.csv], run: x}
  one: {uses: judge, with: {table: out/a.csv, label: label}}
  many: {inputs: [], uses: judge, with: {more: [b.csv, ./c.csv]}}
  text: {inputs: [], uses: judge, with: {label: label}}
`, o)
	for id, want := range map[string][]string{"one": {"write"}, "many": {"write", "other"}, "text": nil} {
		var got []string
		for _, need := range p.Node(id).Needs {
			got = append(got, p.Nodes[need.Node].ID)
		}
		if len(got) != len(want) || len(got) > 0 && got[0] != want[0] {
			t.Errorf("%s waits for %q, want %q", id, got, want)
		}
	}
}
