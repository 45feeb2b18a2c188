package report

import (
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec"
)

// FuzzJudge judges foreign gates: no panic, a closed set of outcomes, one line
// of detail, and the same verdict each time.
func FuzzJudge(f *testing.F) {
	for _, gate := range []string{
		"auc >= 0.8", "better(auc) || same(auc, 0.002)", "!(auc > baseline.auc && f1 < 1)", "metrics['auc'] == null",
		"not_worse(auc, 0.02, slices)", "case(auc > 1, true, loss < 1, false, auc)", "baseline.auc > nofunc(1)", "metrics.*", "", "(((", "auc\n>\n1",
	} {
		f.Add(gate, 0.79)
	}
	f.Fuzz(func(t *testing.T, gate string, auc float64) {
		ms := []record.Metric{{Name: "auc", Value: auc}, {Name: "val.loss", Value: 0.4}}
		judge := func(ms []record.Metric) Judged { return alone([]spec.Str{{Value: gate}}, ms, nil)[0] }
		v := judge(ms)
		if v.Outcome != Passed && v.Outcome != Failed && v.Outcome != NoBaseline || v.Detail == "" || strings.Contains(v.Detail, "\n") {
			t.Errorf("%q: %+v", gate, v)
		}
		if again := judge(ms); again.Outcome != v.Outcome || again.Detail != v.Detail {
			t.Errorf("%q: %+v, then %+v", gate, v, again)
		}
	})
}
