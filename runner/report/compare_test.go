package report

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec"
)

// What a run comes to as a whole, and why.
func TestDecision(t *testing.T) {
	t.Parallel()
	job := func(id string, s record.Status, reason, message string) record.Job {
		return record.Job{ID: id, Status: s, Reason: reason, Exit: 3, Error: message}
	}
	with := func(r *record.Run, loss, mae float64) *record.Run {
		r.Jobs[0].Metrics = append(r.Jobs[0].Metrics, record.Metric{Name: "loss", Value: loss, Better: Lower}, record.Metric{Name: "mae", Value: mae, Better: Lower})
		return r
	}
	for _, c := range []struct {
		name       string
		head, base *record.Run
		gates      []string
		want       string
	}{
		{"all pass", one(0.92), one(0.9), []string{"better(auc)", "auc > 0.5"}, "promote: auc better: 0.9 → 0.92 (+0.02); all 2 gates pass"},
		{"better, and worse elsewhere", with(one(0.92), 0.5, 0.1), with(one(0.9), 0.4, 0.1), []string{"auc > 0.5"}, "promote: auc better: 0.9 → 0.92 (+0.02), but loss worse; 1 of 1 gate passes"},
		{"worse in two", with(one(0.92), 0.5, 0.2), with(one(0.9), 0.4, 0.1), []string{"auc > 0.5"}, "promote: auc better: 0.9 → 0.92 (+0.02), but loss and 1 more worse; 1 of 1 gate passes"},
		{"one passes", one(0.9), one(0.9), []string{"not_worse(auc, 0)"}, "promote: no metric moved; 1 of 1 gate passes"},
		{"without a baseline that is needed", one(0.9), nil, []string{"auc > 0.5"}, "promote: 1 of 1 gate passes"},
		{"no gate", one(0.92), one(0.9), nil, "no gates: there is no gate; auc better: 0.9 → 0.92 (+0.02)"},
		{"nothing to compare with", one(0.92), nil, []string{"auc > 0.5", "better(auc)"}, "no baseline: nothing to compare with; 1 of 2 gates pass"},
		{"nothing of that metric", one(0.92), &record.Run{}, []string{"auc > 0.5", "better(auc)"}, "no baseline: the baseline has no auc; 1 of 2 gates pass"},
		{"can't tell", legs(1, 0.91, 0.92), legs(1, 0.9, 0.9), []string{"auc > 0.5", "better(auc)"},
			"inconclusive: auc 0.915, was 0.9: +0.015 (-0.0485 to +0.0785): can't tell (needs about 34 more seeds) (1 of 2 gates)"},
		{"can't tell, and fails elsewhere", legs(1, 0.91, 0.92), legs(1, 0.9, 0.9), []string{"better(auc)", "auc > 0.95"}, "blocked: auc 0.915 > 0.95 ✗ short by 0.035 (1 of 2 gates)"},
		{"fails", one(0.88), one(0.9), []string{"auc >= 0.9"}, "blocked: auc 0.88 >= 0.9 ✗ short by 0.02"},
		{"cannot be judged", one(0.88), one(0.9), []string{"auc > 0.1", "f1 >= 0.9"}, "blocked: f1 >= 0.9: no job reported f1 (1 of 2 gates)"},
		{"a gate failed in the run", &record.Run{Status: record.Failure, Reason: "gate", Jobs: one(0.88).Jobs}, nil, []string{"auc > 0.5"}, "promote: 1 of 1 gate passes"},
		{"a job failed", &record.Run{Status: record.Failure, Reason: "oom", Jobs: []record.Job{job("lint", record.Failure, "exit", ""), job("train", record.Failure, "oom", "killed\nand more")}},
			nil, []string{"auc > 0.5"}, "error: job train failed (oom): killed"},
		{"with a status", &record.Run{Status: record.Failure, Reason: "exit", Jobs: []record.Job{job("train", record.Failure, "exit", "")}}, nil, nil, "error: job train failed (exit 3)"},
		{"cancelled", &record.Run{Status: record.Cancelled, Reason: "canceled"}, nil, []string{"auc > 0.5"}, "error: the run is cancelled (canceled)"},
		{"died", &record.Run{Status: record.Interrupted}, nil, nil, "error: the run is interrupted"},
		{"metrics from a file", &record.Run{Jobs: one(0.9).Jobs}, nil, []string{"auc > 0.5"}, "promote: 1 of 1 gate passes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := Compare(c.head, c.base, CompareOptions{Gates: gatesOf(c.gates...), Metrics: []plan.Metric{{Name: "auc", Better: Higher}}})
			if d := cmp.Diff(c.want, string(r.Decision)+": "+r.Why); d != "" {
				t.Error(d)
			}
			if r.Decision == Broken && r.Gates != nil {
				t.Errorf("judged: %+v", r.Gates)
			}
		})
	}
}

// Why fits a title, whatever the names are.
func TestWhyIsShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 5000)
	run := func(v float64) *record.Run {
		return &record.Run{Status: record.Success, Jobs: []record.Job{{ID: long, Metrics: []record.Metric{{Name: long, Value: v}}}}}
	}
	for name, r := range map[string]*Report{
		"no gate": Compare(run(1), run(2), CompareOptions{}),
		"failed":  Compare(run(1), run(2), CompareOptions{Gates: gatesOf("metrics['"+long+"'] > 1", "true")}),
		"unknown": Compare(run(1), run(2), CompareOptions{Gates: gatesOf("nope > 1" + strings.Repeat(" + 1", 3000))}),
		"lacking": Compare(run(1), &record.Run{}, CompareOptions{Gates: gatesOf("baseline['" + long + "'] > 1")}),
		"broken":  Compare(&record.Run{Status: record.Failure, Reason: "x", Jobs: []record.Job{{ID: long, Status: record.Failure, Reason: "x", Error: long}}}, nil, CompareOptions{}),
	} {
		if len(r.Why) > maxWhy+len("…") || r.Why == "" || strings.Contains(r.Why, "\n") {
			t.Errorf("%s: %d bytes: %s", name, len(r.Why), r.Why)
		}
	}
}

func TestChangedGates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		judging, own []string
		want         []GateChange
	}{
		{"the same", []string{"auc >= 0.8", "better(f1)"}, []string{"better(f1)", "auc>=0.8"}, nil},
		{"spread over lines", []string{"auc > 0.8 && f1 > 0.1"}, []string{"auc > 0.8\n  && f1 > 0.1"}, nil},
		{"a lower bar", []string{"auc >= 0.8", "f1 >= 0.8"}, []string{"auc >= 0.8", "f1 >= 0.7"}, []GateChange{{"f1 >= 0.8", "f1 >= 0.7"}}},
		{"bars are not mixed up", []string{"auc >= 0.8", "loss <= 0.3"}, []string{"loss <= 0.4", "auc >= 0.7"},
			[]GateChange{{"auc >= 0.8", "auc >= 0.7"}, {"loss <= 0.3", "loss <= 0.4"}}},
		{"a gate less", []string{"auc >= 0.8", "f1 >= 0.8"}, []string{"auc >= 0.8"}, []GateChange{{Old: "f1 >= 0.8"}}},
		{"a gate more", []string{"auc >= 0.8"}, []string{"auc >= 0.8", "f1 >= 0.8"}, []GateChange{{New: "f1 >= 0.8"}}},
		{"another metric", []string{"auc >= 0.8"}, []string{"latency < 3 || better(rmse)"}, []GateChange{{Old: "auc >= 0.8"}, {New: "latency < 3 || better(rmse)"}}},
		{"a margin", []string{"better(auc) || same(auc, 0.002)"}, []string{"better(auc) || same(auc, 0.02)"}, []GateChange{{"better(auc) || same(auc, 0.002)", "better(auc) || same(auc, 0.02)"}}},
		{"another function", []string{"better(auc)"}, []string{"not_worse(auc, 0.1)"}, []GateChange{{"better(auc)", "not_worse(auc, 0.1)"}}},
		{"of a baseline", []string{"auc >= baseline.auc"}, []string{"auc >= baseline.auc - 0.1"}, []GateChange{{"auc >= baseline.auc", "auc >= baseline.auc - 0.1"}}},
		{"all", []string{"auc >= 0.8"}, []string{}, []GateChange{{Old: "auc >= 0.8"}}},
		{"spaces in a text count", []string{"github.ref == 'a b'"}, []string{"github.ref == 'a  b'"}, []GateChange{{"github.ref == 'a b'", "github.ref == 'a b'"}}},
		{"not even expressions", []string{"((", "' x"}, []string{"((("}, []GateChange{{Old: "(("}, {Old: "' x"}, {New: "((("}}},
	} {
		own := gatesOf(c.own...)
		if own == nil {
			own = []spec.Str{}
		}
		if d := cmp.Diff(c.want, gateChanges(gatesOf(c.judging...), own)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	if got := gateChanges(gatesOf("auc > 1"), nil); got != nil {
		t.Errorf("without gates of its own: %v", got)
	}
}

// Compare leaves the records as they were, and says the same twice.
func TestCompareIsPure(t *testing.T) {
	t.Parallel()
	for _, dir := range cases(t) {
		head, base, o := readCase(t, dir)
		headBefore, baseBefore, optionsBefore := readCase(t, dir)
		first := Compare(head, base, o)
		if d := cmp.Diff(first, Compare(head, base, o), equalNaN()); d != "" {
			t.Errorf("%s: the second time %s", dir, d)
		}
		nan := cmp.Comparer(sameFloat)
		for _, pair := range [][2]any{{headBefore, head}, {baseBefore, base}, {optionsBefore, o}} {
			if d := cmp.Diff(pair[0], pair[1], nan); d != "" {
				t.Errorf("%s: changed %s", dir, d)
			}
		}
	}
}

func TestCost(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := &record.Run{
		Started: at, Ended: at.Add(90 * time.Minute), Environment: record.Environment{Cost: 2},
		Jobs: []record.Job{{ID: "a", CPU: time.Hour, GPUSeconds: 60}, {ID: "b", Cached: true, CPU: time.Hour, GPUSeconds: 5}, {ID: "c", CPU: time.Minute}},
	}
	want := Cost{Wall: 90 * time.Minute, CPU: 61 * time.Minute, GPUSeconds: 60, Jobs: 3, Cached: 1, Price: 3}
	if d := cmp.Diff(want, cost(r)); d != "" {
		t.Error(d)
	}
	r.Ended = time.Time{}
	if c := cost(r); c.Wall != 0 || c.Price != 0 {
		t.Errorf("a run that did not end took %+v", c)
	}
}

// A curve keeps its ends and at most a hundred points, and the step of history counts runs.
func TestCurves(t *testing.T) {
	t.Parallel()
	head, base := one(0.9), one(0.8)
	m := &head.Jobs[0].Metrics[0]
	for i := range 1001 {
		m.History = append(m.History, Point{Step: float64(i), Value: math.Sqrt(float64(i))})
	}
	var history []*record.Run
	for i := range 150 {
		r := one(float64(i))
		if i%2 == 1 {
			r = &record.Run{}
		}
		history = append(history, r)
	}
	got := auc(t, head, base, CompareOptions{History: history})
	if n := len(got.HeadCurve); n != MaxCurve || got.HeadCurve[0].Step != 0 || got.HeadCurve[n-1].Step != 1000 || got.BaseCurve != nil {
		t.Errorf("%d points from %v", n, got.HeadCurve)
	}
	if n := len(got.Past); n != 75 || got.Past[0] != (Point{}) || got.Past[74] != (Point{Step: 148, Value: 148}) {
		t.Errorf("%d earlier values: %v", n, got.Past)
	}
}

// A parameter that differs looks different, also in its kind and its last digit.
func TestParams(t *testing.T) {
	t.Parallel()
	old := record.Values{"same": 1.0, "kind": 1.0, "digit": 0.1, "gone": nil, "list": []any{1.0}, "nan": "NaN", "flag": true}
	now := record.Values{"same": 1.0, "kind": "1", "digit": 0.1, "new": "x", "list": []any{1.0, "a"}, "nan": math.NaN(), "flag": false}
	var got []string
	for _, c := range params(old, now) {
		text := func(s *string) string {
			if s == nil {
				return "-"
			}
			return *s
		}
		got = append(got, c.Name+" "+text(c.Old)+" → "+text(c.New))
	}
	want := []string{"flag true → false", "gone null → -", "kind 1 → '1'", `list [1] → [1,"a"]`, "new - → x"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	next := math.Nextafter(0.1, 1)
	if was, is := paramTexts(0.1, next); was != "0.1" || is != "0.10000000000000002" {
		t.Errorf("%s → %s", was, is)
	}
}
