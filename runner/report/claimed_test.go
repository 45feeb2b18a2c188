package report

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
)

// A report that nobody forged is judged as it was, by the same gates.
func TestHonestClaim(t *testing.T) {
	t.Parallel()
	for _, dir := range cases(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			head, base, o := readCase(t, dir)
			want := Compare(head, base, o)
			before := string(jsonOf(t, want))
			got := Trial{By: "reported by eve", Metrics: o.Metrics, Gates: o.Gates, Contexts: o.Contexts}.Judge(want)
			if got.Unverified != "reported by eve" {
				t.Errorf("unverified: %q", got.Unverified)
			}
			got.Unverified = ""
			if d := cmp.Diff(before, string(jsonOf(t, got))); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(before, string(jsonOf(t, want))); d != "" {
				t.Errorf("the claim was changed:\n%s", d)
			}
		})
	}
}

func jsonOf(t *testing.T, r *Report) []byte {
	t.Helper()
	data, err := record.Canonical(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What a forger adds to figures counts for nothing: verdicts, changes, gates and the
// decision follow from the values and the trusted file alone.
func TestForgedClaim(t *testing.T) {
	t.Parallel()
	value := func(f float64) *Number { return number(f) }
	fresh := func() *Report {
		return &Report{
			Version: Version, Pipeline: "churn", Decision: Promote, Why: "trust me", Base: &Side{Name: "main"},
			Gates:   []Judged{{Gate: "auc >= 0.1", Outcome: Passed, Detail: "auc 0.3 >= 0.1"}},
			Metrics: []Metric{{Name: "auc", Better: Lower, Gated: true, Head: value(0.3), Base: value(0.8), Change: value(0.5), Verdict: Better}},
		}
	}
	trial := Trial{By: "reported by eve", Metrics: []plan.Metric{{Name: "auc", Better: Higher}}, Gates: gatesOf("auc >= 0.7")}
	for _, c := range []struct {
		name  string
		forge func(*Report, *Trial)
		want  Decision
	}{
		{"a gate that is none", func(*Report, *Trial) {}, Blocked},
		{"no gates", func(r *Report, _ *Trial) { r.Gates, r.Decision = nil, Unjudged }, Blocked},
		{"a verdict", func(_ *Report, t *Trial) { t.Gates = gatesOf("better(auc)") }, Blocked},
		{"no baseline", func(r *Report, t *Trial) { t.Gates = gatesOf("better(auc)"); r.Base = nil }, NoComparison},
		{"no metric", func(r *Report, _ *Trial) { r.Metrics = nil }, Blocked},
		{"a failed job stays failed", func(r *Report, _ *Trial) { r.Decision = Broken }, Broken},
		{"what a report does not hold", func(_ *Report, t *Trial) { t.Gates = gatesOf("jobs.train.outputs.ok == 'yes'") }, Inconclusive},
		{"gates that nobody knows", func(_ *Report, t *Trial) { t.Gates, t.Unknown = nil, "nobody knows: why" }, Inconclusive},
		{"a promotion", func(r *Report, _ *Trial) {
			r.Promotions = []record.Promotion{{Model: "churn", Version: 1, Outcome: record.Moved}}
		}, Blocked},
	} {
		r, tr := fresh(), trial
		c.forge(r, &tr)
		got := tr.Judge(r)
		if got.Decision != c.want || got.Why == "trust me" && c.want != Broken || len(got.Promotions) > 0 {
			t.Errorf("%s: %s: %s, %v; want %s", c.name, got.Decision, got.Why, got.Promotions, c.want)
		}
		for _, m := range got.Metrics {
			if m.Verdict == Better || got.Base != nil && *m.Change > 0 {
				t.Errorf("%s: %s is %s, %v", c.name, m.Name, m.Verdict, *m.Change)
			}
		}
	}
}
