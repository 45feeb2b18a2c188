package plan

import (
	"fmt"
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

// What a job's command writes before its action is no input of the job.
func TestActionReadsWhatTheJobWrote(t *testing.T) {
	t.Parallel()
	src := "jobs:\n  a:\n    inputs: []\n    outputs: [p.csv]\n    steps:\n      - run: x\n      - {uses: look, with: {at: %s}}\n"
	actions := map[string]spec.Action{"look": {Name: "look", Version: 1, Inputs: []spec.ActionInput{{Name: "at", Type: "path"}}}}
	for at, want := range map[string][]Input{"p.csv": {}, "q.csv": {{Pattern: "q.csv"}}} {
		f, ds := spec.Parse("mlops.yaml", fmt.Appendf(nil, src, at), spec.Options{Actions: actions})
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		p, err := New(f, Options{Actions: actions})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Node("a").Inputs; len(got) != len(want) || len(got) > 0 && got[0] != want[0] {
			t.Errorf("%s: inputs %v, want %v", at, got, want)
		}
	}
}
