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
	want := []Secret{{"KEY", spec.Pos{Line: 8, Col: 14}}, {"STEP", spec.Pos{Line: 10, Col: 18}}, {"TOKEN", spec.Pos{Line: 6, Col: 16}}}
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
