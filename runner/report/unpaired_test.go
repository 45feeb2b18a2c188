package report

import (
	"testing"

	"github.com/mlops-runner/mlops/spec"
)

// A gate that needs pairs is an error where there are none, unless another part
// decides it.
func TestGatesWithoutTheirPairs(t *testing.T) {
	t.Parallel()
	i := Unpaired("the rows differ", "the ids differ: 1 only in the baseline's, 9 in both")
	open := Interval{Low: -1, High: 1, Level: 0.95, Method: "m", N: 100, Unit: "rows"}
	e := Evidence{Compared: true, Metrics: []Metric{
		{Name: "auc", Better: Higher, Head: number(0.9), Base: number(0.8), Change: number(0.1), Interval: &i},
		{Name: "f1", Better: Higher, Head: number(0.9), Base: number(0.8), Change: number(0.1), Interval: &open},
	}}
	for gate, want := range map[string]Outcome{
		"better(auc)":               Errored,
		"!better(auc)":              Errored,
		"not_worse(auc, 0.5)":       Errored,
		"auc >= 0.8":                Passed,
		"auc >= 0.8 || better(auc)": Passed,
		"auc < 0.8 && better(auc)":  Failed,
		"better(f1) && better(auc)": Errored,
		"better(auc) && better(f1)": Errored,
		"better(f1)":                Undecided,
	} {
		if got := Judge([]spec.Str{{Value: gate}}, e)[0]; got.Outcome != want {
			t.Errorf("%s: %s (%s), want %s", gate, got.Outcome, got.Detail, want)
		}
	}
	if d := decisionOf([]Judged{{Outcome: Errored}, {Outcome: Undecided}, {Outcome: Passed}}); d != Broken {
		t.Errorf("the decision is %s", d)
	}
}

// A margin that is open says how many rows would tell, also where the metric's own
// verdict is decided.
func TestOpenMarginSaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	m := Metric{Name: "auc", Interval: &Interval{Low: 0.001, High: 0.005, Level: 0.95, Method: "DeLong", N: 1000, Unit: "rows"}}
	if got, want := m.needs(0.002), " (needs about 3000 more rows)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	m.Interval.Unit = "runs"
	if got := m.needs(0.002); got != "" {
		t.Errorf("more runs do not help, yet %q", got)
	}
}
