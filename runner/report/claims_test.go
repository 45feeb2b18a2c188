package report

import (
	"fmt"
	"testing"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec"
)

// One of many gates that is just decided by itself is open among them, one that is
// plainly decided is not.
func TestGatesAreCorrected(t *testing.T) {
	t.Parallel()
	interval := func(change, se, p float64) Interval {
		n := Number(p)
		return Interval{Low: Number(change - 1.96*se), High: Number(change + 1.96*se), Level: 0.95, P: &n, N: 1000, Unit: "rows"}
	}
	judged := func(others int) []Judged {
		head, base := &record.Run{Status: record.Success}, &record.Run{Status: record.Success}
		add := func(name string, change float64) {
			head.Jobs = append(head.Jobs, record.Job{ID: name, Status: record.Success, Metrics: []record.Metric{{Name: name, Value: 0.8 + change, Better: "higher"}}})
			base.Jobs = append(base.Jobs, record.Job{ID: name, Status: record.Success, Metrics: []record.Metric{{Name: name, Value: 0.8, Better: "higher"}}})
		}
		o := CompareOptions{Intervals: map[string]Interval{}}
		gate := func(name, text string, change, se, p float64) {
			add(name, change)
			o.Intervals[name] = interval(change, se, p)
			o.Gates = append(o.Gates, spec.Str{Value: text})
		}
		gate("plain", "better(plain)", 0.05, 0.01, 5.7e-7)
		gate("narrow", "better(narrow)", 0.021, 0.01, 0.0357)
		for i := range others {
			name := fmt.Sprintf("other%d", i)
			gate(name, "not_worse("+name+", 0.1)", 0, 0.01, 1)
		}
		return Compare(head, base, o).Gates
	}
	if g := judged(0); g[0].Outcome != Passed || g[1].Outcome != Passed {
		t.Errorf("two gates: %+v", g)
	}
	if g := judged(3); g[0].Outcome != Passed || g[1].Outcome != Undecided || g[4].Outcome != Passed {
		t.Errorf("five gates: %+v", g)
	}
}
