package render

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/report"
)

// The grammar of OpenMetrics 1.0, as far as gauges need it.
var (
	omComment = regexp.MustCompile(`^# (TYPE|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$`)
	omSample  = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([+-]?[0-9].*|NaN|\+Inf|-Inf)$`)
	omLabel   = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)`)
	omNumber  = regexp.MustCompile(`^([+-]?[0-9]*\.?[0-9]+(e[+-]?[0-9]+)?|NaN|[+-]Inf)$`)
)

// checkOpenMetrics reads a file by the grammar and returns what is wrong.
func checkOpenMetrics(text string) (problems []string) {
	body, ok := strings.CutSuffix(text, "# EOF\n")
	if !ok || strings.Contains(body, "# EOF") && !strings.Contains(body, `# EOF`+`"`) {
		problems = append(problems, "the end is not # EOF")
	}
	family, families, series := "", map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		if m := omComment.FindStringSubmatch(line); m != nil {
			if m[1] == "TYPE" {
				if family = m[2]; families[family] || m[3] != "gauge" {
					problems = append(problems, "family again: "+line)
				}
				families[family] = true
			} else if m[2] != family {
				problems = append(problems, "not of the family: "+line)
			}
			continue
		}
		m := omSample.FindStringSubmatch(line)
		if m == nil || m[1] != family || !omNumber.MatchString(m[3]) {
			problems = append(problems, fmt.Sprintf("no sample of %s: %q", family, line))
			continue
		}
		if key := m[1] + "{" + m[2]; series[key] {
			problems = append(problems, "twice: "+line)
		} else {
			series[key] = true
		}
		problems = append(problems, checkLabels(m[2])...)
	}
	return problems
}

func checkLabels(s string) (problems []string) {
	seen := map[string]bool{}
	for s != "" {
		m := omLabel.FindStringSubmatch(s)
		if m == nil {
			return append(problems, fmt.Sprintf("no label: %q", s))
		}
		if seen[m[1]] || strings.HasPrefix(m[1], "__") {
			problems = append(problems, "label "+m[1])
		}
		seen[m[1]] = true
		s = s[len(m[0]):]
	}
	return problems
}

func TestOpenMetrics(t *testing.T) {
	t.Parallel()
	for _, name := range cases(t) {
		for _, p := range checkOpenMetrics(rendered(t, OpenMetrics, load(t, name), options())) {
			t.Errorf("%s: %s", name, p)
		}
	}
	for seed := range uint64(100) {
		if problems := checkOpenMetrics(rendered(t, OpenMetrics, newWorld(seed, 20).report(), options())); len(problems) > 0 {
			t.Fatalf("seed %d: %v", seed, problems)
		}
	}
}

func TestOpenMetricsNames(t *testing.T) {
	t.Parallel()
	one := func(v float64) *report.Number { n := report.Number(v); return &n }
	r := &report.Report{Metrics: []report.Metric{
		{Name: "auc", Head: one(0.9), Job: "a"}, {Name: "auc", Head: one(0.8), Job: "b"}, {Name: "recall@0.5", Head: one(1)}, {Name: "recall#0.5", Head: one(2)},
		{Name: "f1", Slice: map[string]string{"name": `a"b\c`, "job": "x", "a-b": "1", "a.b": "2", "__x": "3"}, Head: one(3)}, {Name: "7", Head: one(4)}, {Name: "gone", Base: one(5)},
	}}
	want := `# TYPE _7 gauge
_7{name="7"} 4
# TYPE auc gauge
auc{job="a"} 0.9
auc{job="b"} 0.8
# TYPE f1 gauge
f1{_x="3",a_b="1",a_b_2="2",job_2="x",name_2="a\"b\\c"} 3
# TYPE recall_0_5 gauge
recall_0_5{name="recall@0.5"} 1
recall_0_5{name="recall#0.5"} 2
# EOF
`
	if got := rendered(t, OpenMetrics, r, Options{}); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestPrometheus asks the parser of Prometheus' Python client, where it is installed.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	const parse = `import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
print(sum(len(f.samples) for f in parse(sys.stdin.read())))`
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import prometheus_client.openmetrics.parser").Run(); err != nil {
		t.Skip("Prometheus' client is not installed: apt-get install python3-prometheus-client")
	}
	for _, name := range []string{"hostile", "nan", "many", "error"} {
		text := rendered(t, OpenMetrics, load(t, name), options())
		cmd := exec.Command(python, "-c", parse)
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.CombinedOutput()
		samples := 0
		for line := range strings.Lines(text) {
			samples += btoi(!strings.HasPrefix(line, "#"))
		}
		if err != nil || strings.TrimSpace(string(out)) != fmt.Sprint(samples) {
			t.Errorf("%s: %d samples, and the parser says %s %v", name, samples, out, err)
		}
	}
}
