package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/spec"
)

// TestSecrets shows that a job's secrets are found wherever they may stand,
// once each, and that its fingerprint has their names.
func TestSecrets(t *testing.T) {
	t.Parallel()
	p := planOf(t, `
jobs:
  none: {inputs: [], run: echo}
  some:
    inputs: []
    env: {URL: "https://${{ secrets.Token }}@h"}
    steps:
      - run: echo ${{ secrets['KEY'] }} ${{ secrets.token }}
      - run: echo
        env: {K: "${{ format('{0}', secrets.STEP) }}"}
`)
	want := []Secret{
		{"KEY", spec.Pos{Line: 8, Col: 14}, false}, {"STEP", spec.Pos{Line: 10, Col: 18}, false}, {"TOKEN", spec.Pos{Line: 6, Col: 16}, false},
	}
	if d := cmp.Diff(want, p.Nodes[p.Index("some")].Secrets); d != "" {
		t.Error(d)
	}
	if got := p.Nodes[p.Index("none")].Secrets; len(got) > 0 {
		t.Errorf("a job without secrets has %v", got)
	}
	lines := string(p.Nodes[p.Index("some")].Definition)
	for _, name := range []string{"secrets['KEY']", "secrets.STEP"} {
		if !strings.Contains(lines, name) {
			t.Errorf("%s is missing in the definition:\n%s", name, lines)
		}
	}
}

// TestSecretsOfServices shows that secrets which only services read are told
// from those of the job, and that what stands beside them is in the fingerprint.
func TestSecretsOfServices(t *testing.T) {
	t.Parallel()
	p := planOf(t, `
params: {host: h}
jobs:
  some:
    inputs: []
    env: {URL: "${{ secrets.BOTH }}"}
    services:
      db:
        image: postgres
        env: {A: "${{ secrets.BOTH }}", B: "${{ secrets.MINE }}@${{ params.host }}", C: "${{ params.host }}"}
    run: echo
`)
	n := p.Nodes[p.Index("some")]
	want := []Secret{{"BOTH", spec.Pos{Line: 6, Col: 16}, false}, {"MINE", spec.Pos{Line: 10, Col: 44}, true}}
	if d := cmp.Diff(want, n.Secrets); d != "" {
		t.Error(d)
	}
	env := []Var{{"A", "${{ secrets.BOTH }}"}, {"B", "${{ secrets.MINE }}@${{ params.host }}"}, {"C", "h"}}
	if d := cmp.Diff(env, n.Services[0].Env); d != "" {
		t.Error(d)
	}
	lines := string(n.Definition)
	for _, line := range []string{"service db.env.A ${{ secrets.BOTH }}", "service db.env.C h", `params host "\"h\""`} {
		if !strings.Contains(lines, line) {
			t.Errorf("%s is missing in the definition:\n%s", line, lines)
		}
	}
}
