package report

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec"
)

// both are the runs that the gates of these tests compare.
func both() (head, base *record.Run, o CompareOptions) {
	slice := func(region string, v float64) record.Metric {
		return record.Metric{Name: "f1", Value: v, Slice: map[string]string{"region": region}}
	}
	run := func(ms ...record.Metric) *record.Run {
		return &record.Run{Status: record.Success, Jobs: []record.Job{{ID: "evaluate", Status: record.Success, Metrics: ms}}}
	}
	head = run(record.Metric{Name: "auc", Value: 0.912}, record.Metric{Name: "loss", Value: 0.31}, record.Metric{Name: "wide", Value: 0.9}, record.Metric{Name: "sure", Value: 0.95},
		record.Metric{Name: "fresh", Value: 1}, record.Metric{Name: "undirected", Value: 2}, record.Metric{Name: "was_nan", Value: 2}, record.Metric{Name: "time", Value: 2, Unit: "s"},
		record.Metric{Name: "val.auc", Value: 0.8}, record.Metric{Name: "f1", Value: 0.7}, slice("EU", 0.70), slice("US", 0.75), slice("<new>", 0.1))
	base = run(record.Metric{Name: "auc", Value: 0.915}, record.Metric{Name: "loss", Value: 0.3}, record.Metric{Name: "wide", Value: 0.89}, record.Metric{Name: "sure", Value: 0.9},
		record.Metric{Name: "undirected", Value: 1}, record.Metric{Name: "was_nan", Value: math.NaN()}, record.Metric{Name: "time", Value: 2000, Unit: "ms"},
		record.Metric{Name: "val.auc", Value: 0.7}, record.Metric{Name: "f1", Value: 0.7}, slice("EU", 0.72), slice("US", 0.75), record.Metric{Name: "old", Value: 1})
	for _, name := range []string{"auc", "wide", "sure", "fresh", "was_nan", "val.auc", "f1"} {
		o.Metrics = append(o.Metrics, plan.Metric{Name: name, Better: Higher})
	}
	o.Metrics = append(o.Metrics, plan.Metric{Name: "loss", Better: Lower}, plan.Metric{Name: "time", Better: Lower})
	rows := func(low, high float64) Interval {
		return Interval{Low: Number(low), High: Number(high), Level: 0.95, P: number(0.4), Method: "DeLong", N: 1000, Needs: 1, Unit: "rows", Paired: true}
	}
	o.Intervals = map[string]Interval{"wide": rows(-0.01, 0.03), "sure": rows(0.04, 0.06)}
	o.Values = map[string]Interval{"sure": rows(0.93, 0.97)}
	return head, base, o
}

// TestJudgeWithBaseline: what gates make of both runs.
func TestJudgeWithBaseline(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, gate, want string }{
		{"a value of the baseline", "auc >= baseline.auc - 0.01", "passed: auc 0.912 >= baseline.auc 0.915 - 0.01"},
		{"short of it", "auc >= baseline.auc - 0.002", "failed: auc 0.912 >= baseline.auc 0.915 - 0.002 ✗ short by 0.001"},
		{"dotted", "val.auc > baseline.val.auc", "passed: val.auc 0.8 > baseline.val.auc 0.7"},
		{"names have no case", "AUC < Baseline.AUC", "passed: AUC 0.912 < Baseline.AUC 0.915"},
		{"two parts", "auc > baseline.auc && loss < baseline.loss", "failed: auc 0.912 > baseline.auc 0.915 && loss < baseline.loss (auc > baseline.auc is false by 0.003)"},

		{"the baseline lacks it", "fresh > baseline.fresh", "no baseline: the baseline has no fresh"},
		{"and a function of it", "better(fresh)", "no baseline: the baseline has no fresh"},
		{"NaN in the baseline", "was_nan > baseline.was_nan || auc > 1", "no baseline: was_nan is NaN in the baseline"},
		{"and for a function", "better(was_nan)", "no baseline: was_nan is NaN in the baseline"},
		{"another unit", "better(time)", "no baseline: time does not compare with the baseline: the unit was ms and is s, so the values do not compare"},
		{"lacking beside what holds", "fresh > baseline.fresh || auc > 0.9", "passed: auc 0.912 > 0.9"},
		{"lacking beside what does not", "fresh > baseline.fresh && auc > 0.95", "failed: auc 0.912 > 0.95 ✗ short by 0.038"},
		{"only the baseline has it", "old > 0", "failed: no job reported old"},
		{"only the baseline has it, asked rightly", "baseline.old > 0", "passed: baseline.old 1 > 0"},

		{"worse by value", "better(auc)", "failed: better(auc) false; auc 0.912, was 0.915: -0.003"},
		{"not too much worse", "not_worse(auc, 0.005)", "passed: not_worse(auc, 0.005) true; auc 0.912, was 0.915: -0.003"},
		{"just not too much worse, but for rounding", "not_worse(auc, 0.003)", "passed: not_worse(auc, 0.003) true; auc 0.912, was 0.915: -0.003"},
		{"too much worse", "not_worse(auc, 0.001)", "failed: not_worse(auc, 0.001) false; auc 0.912, was 0.915: -0.003 ✗ short by 0.002"},
		{"lower is better", "not_worse(loss, 0.005)", "failed: not_worse(loss, 0.005) false; loss 0.31, was 0.3: +0.01 ✗ short by 0.005"},
		{"worse", "worse(loss)", "passed: worse(loss) true; loss 0.31, was 0.3: +0.01"},
		{"not worse beyond a margin", "!worse(loss, 0.02)", "passed: !worse(loss, 0.02) false; loss 0.31, was 0.3: +0.01"},
		{"the same", "better(auc) || same(auc, 0.005)", "passed: better(auc) false || same(auc, 0.005) true; auc 0.912, was 0.915: -0.003"},
		{"below metrics", "worse(metrics.loss, 0.001)", "passed: worse(metrics.loss, 0.001) true; loss 0.31, was 0.3: +0.01"},
		{"direction unknown", "better(undirected)", "failed: it is not known whether undirected is better higher or lower; declare it under metrics"},
		{"the same needs no direction", "same(undirected, 0.5)", "failed: same(undirected, 0.5) false; undirected 2, was 1: +1 ✗ short by 0.5"},
		{"a margin that is none", "better(auc, 0 - 1)", "failed: the margin is -1; write a number from 0"},
		{"a margin that is none at all", "not_worse(auc, 'x')", "failed: the margin is 'x'; write a number from 0"},

		{"sure", "better(sure)", "passed: better(sure) true; sure 0.95, was 0.9: +0.05 (+0.04 to +0.06)"},
		{"sure beyond a margin", "better(sure, 0.03)", "passed: better(sure, 0.03) true; sure 0.95, was 0.9: +0.05 (+0.04 to +0.06)"},
		{"not sure beyond a larger one", "better(sure, 0.05)", "can't tell: sure 0.95, was 0.9: +0.05 (+0.04 to +0.06): can't tell"},
		{"not sure", "better(wide)", "can't tell: wide 0.9, was 0.89: +0.01 (-0.01 to +0.03): can't tell (needs about 3000 more rows)"},
		{"sure not to be much worse", "not_worse(wide, 0.02)", "passed: not_worse(wide, 0.02) true; wide 0.9, was 0.89: +0.01 (-0.01 to +0.03)"},
		{"sure to be the same", "same(wide, 0.05)", "passed: same(wide, 0.05) true; wide 0.9, was 0.89: +0.01 (-0.01 to +0.03)"},
		{"open, but decided by another part", "better(wide) && loss < 0.1", "failed: loss 0.31 < 0.1 ✗ short by 0.21"},
		{"open, and decided by another part", "better(wide) || loss < 1", "passed: loss 0.31 < 1"},
		{"an open part is graver than a lacking one", "better(fresh) && better(wide)", "can't tell: wide 0.9, was 0.89: +0.01 (-0.01 to +0.03): can't tell (needs about 3000 more rows)"},
		{"negated", "!better(wide)", "can't tell: wide 0.9, was 0.89: +0.01 (-0.01 to +0.03): can't tell (needs about 3000 more rows)"},

		{"each slice", "not_worse(f1, 0.03, slices)", "no baseline: the baseline has no f1 of region=<new>"},
		{"no slices", "not_worse(auc, 0.03, slices)", "failed: no job reported auc by slice"},
		{"worst slice", "worst_slice(f1) >= 0.6", "failed: worst_slice(f1) 0.1 >= 0.6 ✗ short by 0.5; the worst slice is region=<new>"},
		{"worst slice of none", "worst_slice(auc) >= 0.6", "failed: no job reported auc by slice"},
		{"interval of the value", "ci_low(sure) >= 0.92 && ci_high(sure) < 1", "passed: ci_low(sure) 0.93 >= 0.92 && ci_high(sure) 0.97 < 1"},
		{"no interval of the value", "ci_low(auc) >= 0.5", "can't tell: nothing is known of the noise of auc"},
		{"no such metric", "ci_low(nope) >= 0.5", "failed: no job reported nope"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			head, base, o := both()
			o.Gates = []spec.Str{{Value: c.gate}}
			g := Compare(head, base, o).Gates[0]
			if d := cmp.Diff(c.want, string(g.Outcome)+": "+g.Detail); d != "" {
				t.Error(d)
			}
		})
	}
}

// sliced returns runs whose metric auc has so many slices; in each it moved by
// change with a standard error of 1, and in the last by last.
func sliced(n int, change, last float64) (head, base *record.Run, o CompareOptions) {
	head, base = legs(1, 100), legs(1, 100)
	o = CompareOptions{Metrics: []plan.Metric{{Name: "auc", Better: Higher}}, Intervals: map[string]Interval{}}
	for i := range n {
		by := change
		if i == n-1 {
			by = last
		}
		m := record.Metric{Name: "auc", Value: 100, Slice: map[string]string{"k": fmt.Sprint(i)}}
		base.Jobs[0].Metrics = append(base.Jobs[0].Metrics, m)
		m.Value += by
		head.Jobs[0].Metrics = append(head.Jobs[0].Metrics, m)
		o.Intervals[m.Key()] = Interval{Low: Number(by - 1.959964), High: Number(by + 1.959964), Level: 0.95, P: number(math.Erfc(math.Abs(by) / math.Sqrt2)), N: 100, Unit: "rows"}
	}
	return head, base, o
}

// One slice that is worse among many is no proof, unless it is so after Holm's correction.
func TestSlicesAreCorrected(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		slices       int
		change, last float64
		gate         string
		want         Outcome
	}{
		{"alone it is worse", 1, 0, -2.2, "not_worse(auc, 0, slices)", Failed},
		{"among ten it may be chance", 10, 0, -2.2, "not_worse(auc, 0, slices)", Undecided},
		{"but not if it is far off", 10, 0, -3.5, "not_worse(auc, 0, slices)", Failed},
		{"a margin is taken off first", 10, 0, -3.5, "not_worse(auc, 1.2, slices)", Undecided},
		{"all within the margin", 10, 0, 0, "not_worse(auc, 2, slices)", Passed},
		{"all better", 10, 3, 3, "better(auc, 0, slices)", Passed},
		{"one is not clearly better", 10, 3, 1, "better(auc, 0, slices)", Undecided},
		{"one is clearly not better", 10, 3, -3.5, "better(auc, 0, slices)", Failed},
		{"none is worse", 10, 3, 3, "!worse(auc, 0, slices)", Passed},
		{"one is worse", 10, 3, -3.5, "!worse(auc, 0, slices)", Failed},
		{"one may be worse", 10, 3, -2.2, "!worse(auc, 0, slices)", Undecided},
		{"the same", 10, 0.1, 0, "same(auc, 2.5, slices)", Passed},
		{"one is another", 10, 0, 8, "same(auc, 2.5, slices)", Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			head, base, o := sliced(c.slices, c.change, c.last)
			o.Gates = gatesOf(c.gate)
			if g := Compare(head, base, o).Gates[0]; g.Outcome != c.want {
				t.Errorf("%s: %s, want %s", g.Outcome, g.Detail, c.want)
			}
		})
	}
	head, base, o := sliced(3, -1, -2)
	o.Intervals, o.Gates = nil, gatesOf("not_worse(auc, 1, slices)", "not_worse(auc, 2, slices)")
	want := "failed: not_worse(auc, 1, slices) false; auc of k=2 98, was 100: -2 ✗ short by 1\npassed: not_worse(auc, 2, slices) true; least of 3 slices: auc of k=2 98, was 100: -2"
	if d := cmp.Diff(want, outcomes(Compare(head, base, o).Gates)); d != "" {
		t.Error("by values:", d)
	}
}

func outcomes(gates []Judged) string {
	var lines []string
	for _, g := range gates {
		lines = append(lines, string(g.Outcome)+": "+g.Detail)
	}
	return strings.Join(lines, "\n")
}

// A gate that passes keeps passing, and one that fails never only can't tell,
// when its metric improves.
func TestGatesAreMonotone(t *testing.T) {
	t.Parallel()
	rank := map[Outcome]int{Failed: 0, Undecided: 1, Passed: 2}
	gates := gatesOf("better(auc)", "better(auc, 0.02)", "not_worse(auc, 0.01)", "!worse(auc)", "auc >= baseline.auc - 0.01", "better(auc) || not_worse(auc, 0.03)")
	last := make([]Outcome, len(gates))
	for i := range 101 {
		head, base, o := one(0.85+float64(i)/1000), one(0.9), CompareOptions{Metrics: []plan.Metric{{Name: "auc", Better: Higher}}, Gates: gates}
		if change := Number(float64(i)/1000 - 0.05); true {
			o.Intervals = map[string]Interval{"auc": {Low: change - 0.015, High: change + 0.015, Level: 0.95}}
		}
		for k, g := range Compare(head, base, o).Gates {
			if last[k] != "" && rank[g.Outcome] < rank[last[k]] {
				t.Errorf("%s: %s at %d, %s before", g.Gate, g.Outcome, i, last[k])
			}
			last[k] = g.Outcome
		}
	}
	for k, o := range last {
		if o != Passed {
			t.Errorf("%s: %s at best", gates[k].Value, o)
		}
	}
}
