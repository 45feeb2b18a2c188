package report

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec"
)

func metrics() []record.Metric {
	return []record.Metric{
		{Name: "auc", Value: 0.79, Job: "evaluate"}, {Name: "loss", Value: 0.4, Job: "evaluate"}, {Name: "rows", Value: 1000},
		{Name: "val.auc", Value: 0.85}, {Name: "broken", Value: math.NaN()}, {Name: "endless", Value: math.Inf(1)},
		{Name: "auc", Value: 0.1, Slice: map[string]string{"region": "EU"}}, {Name: "sliced", Value: 1, Slice: map[string]string{"region": "EU"}},
	}
}

// alone judges gates on the metrics of a run without a baseline.
func alone(gates []spec.Str, ms []record.Metric, contexts map[string]any) []Judged {
	return Judge(gates, Evidence{Metrics: Reported(ms, nil, nil), Contexts: contexts})
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, gate, want string }{
		{"passes", "auc >= 0.75", "passed: auc 0.79 >= 0.75"},
		{"passes at the bound", "auc >= 0.79", "passed: auc 0.79 >= 0.79"},
		{"fails", "auc >= 0.8", "failed: auc 0.79 >= 0.8 ✗ short by 0.01"},
		{"dotted name", "val.auc > 0.8", "passed: val.auc 0.85 > 0.8"},
		{"below metrics", "metrics.val.auc > 0.9", "failed: metrics.val.auc 0.85 > 0.9 ✗ short by 0.05"},
		{"names have no case", "AUC >= 0.8 || Metrics.Loss < 0.5", "passed: AUC 0.79 >= 0.8 || Metrics.Loss 0.4 < 0.5"},
		{"a number is a condition", "rows", "passed: rows 1000"},

		{"missing metric", "f1 >= 0.8", "failed: no job reported f1"},
		{"several are missing", "f1 >= 0.8 && recall > f1", "failed: no job reported f1, no job reported recall"},
		{"missing where it would not be reached", "auc > 0 || f1 > 0", "failed: no job reported f1"},
		{"missing below a known name", "val.f1 > 0", "failed: no job reported val.f1"},
		{"a group of metrics is none", "val > 0", "failed: no job reported val"},
		{"missing below metrics", "metrics['f1'] >= 0", "failed: no job reported f1"},
		{"missing by a computed name", "metrics[format('f{0}', 1)] >= 0", "failed: metrics[format('f{0}', 1)] is null, so there is nothing to judge"},
		{"missing, and no baseline either", "better(f1)", "failed: no job reported f1"},
		{"a slice alone is no metric", "sliced > 0", "failed: no job reported sliced"},
		{"NaN", "broken >= 0", "failed: broken is NaN"},
		{"NaN is no way around", "!(broken < 0)", "failed: broken is NaN"},
		{"NaN from arithmetic", "endless - endless >= 0", "failed: endless Infinity - endless Infinity >= 0 (endless - endless is NaN)"},
		{"infinity", "endless > 1e9", "passed: endless Infinity > 1e9"},

		{"and, first fails", "auc > 0.8 && loss < 1", "failed: auc 0.79 > 0.8 && loss < 1 (auc > 0.8 is false by 0.01)"},
		{"and, second fails", "auc > 0.7 && loss < 0.1", "failed: auc 0.79 > 0.7 && loss 0.4 < 0.1 (auc > 0.7 is true, loss < 0.1 is false by 0.3)"},
		{"or", "auc > 0.8 || loss < 1", "passed: auc 0.79 > 0.8 || loss 0.4 < 1"},
		{"not", "!(auc > 0.7)", "failed: !(auc 0.79 > 0.7) (auc > 0.7 is true)"},
		{"nested", "(auc > 0.8 || loss > 1) && rows > 10", "failed: (auc 0.79 > 0.8 || loss 0.4 > 1) && rows > 10 (auc > 0.8 || loss > 1 is false, auc > 0.8 is false by 0.01, loss > 1 is false by 0.6)"},
		{"over several lines", "auc > 0.8\n  && loss < 1", "failed: auc 0.79 > 0.8 && loss < 1 (auc > 0.8 is false by 0.01)"},

		{"arithmetic", "rows / 100 + 1 >= 12", "failed: rows 1000 / 100 + 1 >= 12 (rows / 100 + 1 is 11, rows / 100 is 10) ✗ short by 1"},
		{"arithmetic passes", "(1 - auc) * 100 < 22", "passed: (1 - auc 0.79) * 100 < 22"},
		{"remainder and sign", "0 - rows % 7 == -6", "passed: 0 - rows 1000 % 7 == -6"},
		{"division by zero", "auc / 0 < 1", "failed: auc 0.79 / 0 < 1 (auc / 0 is Infinity)"},

		{"wrong expression", "auc >=", "failed: *"},
		{"unknown function", "bettter(auc)", "failed: *"},

		{"baseline", "auc >= baseline.auc - 0.01", "no baseline: there is nothing to compare with"},
		{"function of a baseline", "better(auc) || same(auc, 0.002)", "no baseline: there is nothing to compare with"},
		{"by slices", "not_worse(auc, 0.02, slices)", "no baseline: there is nothing to compare with"},
		{"not of a baseline", "!worse(auc)", "no baseline: there is nothing to compare with"},
		{"baseline beside what holds", "better(auc) && auc > 0.7", "no baseline: there is nothing to compare with"},
		{"baseline beside what does not", "better(auc) && auc > 0.8 && loss < 1", "failed: auc 0.79 > 0.8 ✗ short by 0.01"},
		{"and the other way round", "auc > 0.8 && auc > baseline.auc", "failed: auc 0.79 > 0.8 ✗ short by 0.01"},
		{"what holds is enough", "auc > baseline.auc || auc > 0.7", "passed: auc 0.79 > 0.7"},
		{"what does not is not", "better(auc) || auc > 0.8", "no baseline: there is nothing to compare with"},
		{"deep inside", "rows > 1 && !(better(auc) || loss < 1)", "failed: loss 0.4 < 1"},
		{"deep inside, passes", "(better(auc) || loss < 1) && auc > 0.7", "passed: auc 0.79 > 0.7"},
		{"an error is no unknown", "better(auc) && bettter(auc)", "failed: *"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := alone([]spec.Str{{Value: c.gate, Pos: spec.Pos{Line: 7}}}, metrics(), nil)[0]
			got := string(v.Outcome) + ": " + v.Detail
			if strings.HasSuffix(c.want, "*") && len(got) > len(c.want)+5 && !strings.Contains(got, "\n") {
				got = got[:len(c.want)-1] + "*"
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if v.Gate != c.gate || v.Pos.Line != 7 || v.Outcome != Failed && v.Parts != nil {
				t.Errorf("verdict is %+v", v)
			}
		})
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	v := alone([]spec.Str{{Value: "auc * 100 >= 80 && auc * 100 < rows || endsWith('x', 'y')"}}, metrics(), nil)[0]
	want := []Part{
		{"auc * 100 >= 80 && auc * 100 < rows", "false", true}, {"auc * 100 >= 80", "false", true},
		{"auc * 100", "79", true}, {"auc", "0.79", false}, {"endsWith('x', 'y')", "false", false},
	}
	if d := cmp.Diff(want, v.Parts); d != "" {
		t.Error(d)
	}
}

func TestJudgeContexts(t *testing.T) {
	t.Parallel()
	contexts := map[string]any{"params": map[string]any{"least": 0.8, "name": "x", "auc": 1.0}, "github": map[string]any{"ref": "refs/heads/main"}}
	for gate, want := range map[string]string{
		"auc >= params.least": "failed: auc 0.79 >= params.least 0.8 ✗ short by 0.01",
		"auc >= params.least || github.ref != 'refs/heads/main'": "failed: auc 0.79 >= params.least 0.8 || github.ref 'refs/heads/main' != 'refs/heads/main'" +
			" (auc >= params.least is false by 0.01, github.ref != 'refs/heads/main' is false)",
		"auc >= params.most": "failed: params.most is null, so there is nothing to judge",
		"params.auc == 1":    "passed: params.auc 1 == 1",
	} {
		v := alone([]spec.Str{{Value: gate}}, metrics(), contexts)[0]
		if got := string(v.Outcome) + ": " + v.Detail; got != want {
			t.Errorf("%s\ngot  %s\nwant %s", gate, got, want)
		}
	}
	if v := alone([]spec.Str{{Value: "auc >= params.least"}}, metrics(), nil)[0]; v.Outcome != Failed || strings.Contains(v.Detail, "no job") {
		t.Errorf("without the context: %+v", v)
	}
}

// The last job counts, and the verdict does not hide that there are others.
func TestMetricOfSeveralJobs(t *testing.T) {
	t.Parallel()
	ms := []record.Metric{{Name: "auc", Value: 0.9, Job: "train@depth=4"}, {Name: "auc", Value: 0.6, Job: "train@depth=8"}, {Name: "auc", Value: 0.7, Job: "evaluate"}}
	v := alone([]spec.Str{{Value: "auc >= 0.8"}}, ms, nil)[0]
	if want := "auc 0.7 >= 0.8 ✗ short by 0.1; auc is that of evaluate, not of train@depth=4, train@depth=8"; v.Outcome != Failed || v.Detail != want {
		t.Errorf("%s: %s, want %s", v.Outcome, v.Detail, want)
	}
}

// Verdicts keep the order of the gates, and a gate that passes keeps passing
// when its metric improves.
func TestJudgeIsMonotone(t *testing.T) {
	t.Parallel()
	gates := []spec.Str{{Value: "auc >= 0.5"}, {Value: "auc * 2 > 0.6 && auc > 0.1"}, {Value: "!(auc < 0.7) || better(auc)"}}
	passed := make([]bool, len(gates))
	for i := range 101 {
		auc := float64(i) / 100
		for k, v := range alone(gates, []record.Metric{{Name: "auc", Value: auc}}, nil) {
			if v.Gate != gates[k].Value {
				t.Fatalf("verdict %d is of %s", k, v.Gate)
			}
			if is := v.Outcome == Passed; passed[k] && !is {
				t.Errorf("%s does not pass at %v but did below", v.Gate, auc)
			} else {
				passed[k] = is
			}
		}
	}
	if fmt.Sprint(passed) != "[true true true]" {
		t.Errorf("at 1 these pass: %v", passed)
	}
}
