package plan

import "testing"

func TestBaseline(t *testing.T) {
	t.Parallel()
	for gate, want := range map[string]bool{
		"auc >= 0.8": false, "worst_slice(auc) > 0.5 && ci_low(auc) > 0.4": false,
		"better(auc)": true, "auc > 1 || !WORSE(auc, 0.1)": true, "same(auc, 0.1)": true, "not_worse(auc, 0.1, slices)": true,
		"auc >= baseline.auc - 0.01": true, "auc > (1 + Baseline['auc'])": true,
	} {
		p := planOf(t, "baseline: previous\nbaseline-run: true\njobs: {a: {run: x}}\nmetrics: {auc: higher}\ngates: [\""+gate+"\"]\n")
		if want := (Baseline{"previous", true, want}); p.Baseline != want {
			t.Errorf("%s: %+v, want %+v", gate, p.Baseline, want)
		}
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	p := planOf(t, "ci: verify\njobs: {a: {run: x}, b: {run: x, ci: reuse}}")
	q := planOf(t, "jobs: {a: {run: x, ci: verify}, b: {run: x}}")
	for _, p := range []*Plan{p, q} {
		if !p.Node("a").Verify || p.Node("b").Verify {
			t.Errorf("a %v, b %v", p.Node("a").Verify, p.Node("b").Verify)
		}
		if a, b := p.Node("a"), p.Node("b"); a.Definition != b.Definition {
			t.Error("how a result is checked is in the fingerprint of it")
		}
	}
}
