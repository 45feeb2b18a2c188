package render

import (
	"cmp"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/report"
)

// OpenMetrics writes the metrics of the run in the text format of OpenMetrics
// 1.0, as gauges. A metric's name is kept as far as the format allows; where it
// had to change, the label "name" has it. Slices and, where several jobs report
// one metric, the job are labels. GitLab shows such a file as metrics.txt in a
// merge request, beside the values of the target branch.
func OpenMetrics(w io.Writer, r *report.Report, _ Options) error {
	families := map[string][]sample{}
	for i := range r.Metrics {
		if m := &r.Metrics[i]; m.Head != nil {
			s := newSample(m)
			families[s.family] = append(families[s.family], s)
		}
	}
	var b strings.Builder
	for _, f := range slices.Sorted(maps.Keys(families)) {
		writeFamily(&b, f, families[f])
	}
	b.WriteString("# EOF\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// A sample is a line of the format.
type sample struct {
	family, job, better string
	labels              []string // name="value"
	value               float64
}

func newSample(m *report.Metric) sample {
	name := clip(clean(m.Name), maxField)
	s := sample{family: metricName(name), job: clip(clean(m.Job), maxField), better: m.Better, value: float64(*m.Head)}
	used := map[string]bool{"name": true, "job": true}
	if s.family != name {
		s.labels = append(s.labels, label("name", name))
	}
	for _, k := range slices.Sorted(maps.Keys(m.Slice)) {
		s.labels = append(s.labels, label(unused(labelName(clip(clean(k), maxField)), used), clip(clean(m.Slice[k]), maxField)))
	}
	return s
}

// writeFamily writes the samples of one name; of several with the same labels
// the last counts, as for gates.
func writeFamily(b *strings.Builder, family string, ss []sample) {
	b.WriteString("# TYPE " + family + " gauge\n")
	if better := ss[0].better; better == "higher" || better == "lower" {
		b.WriteString("# HELP " + family + " " + better + " is better\n")
	}
	jobs := map[string]int{}
	for _, s := range ss {
		jobs[strings.Join(s.labels, ",")]++
	}
	lines := map[string]string{}
	var order []string
	for _, s := range ss {
		if jobs[strings.Join(s.labels, ",")] > 1 && s.job != "" {
			s.labels = append(s.labels, label("job", s.job))
		}
		key := strings.Join(s.labels, ",")
		if _, seen := lines[key]; !seen {
			order = append(order, key)
		}
		lines[key] = openNumber(s.value)
	}
	for _, key := range order {
		b.WriteString(family)
		if key != "" {
			b.WriteString("{" + key + "}")
		}
		b.WriteString(" " + lines[key] + "\n")
	}
}

// metricName makes a name of the format: letters, digits and _, no digit first. (Colons are
// allowed, but left to those who aggregate.)
func metricName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '_' || r < 0x80 && alnum(byte(r)) {
			return r
		}
		return '_'
	}, s)
	if s = cmp.Or(s, "_"); s[0] >= '0' && s[0] <= '9' {
		return "_" + s
	}
	return s
}

// labelName makes a label's name: as a metric's, but not beginning with two
// underscores, which are reserved.
func labelName(s string) string {
	s = metricName(s)
	for strings.HasPrefix(s, "__") {
		s = s[1:]
	}
	if s == "_" {
		return "label"
	}
	return s
}

// unused returns a label's name that is not yet in use, and takes it.
func unused(name string, used map[string]bool) string {
	for i, base := 2, name; used[name]; i++ {
		name = base + "_" + strconv.Itoa(i)
	}
	used[name] = true
	return name
}

func label(name, value string) string {
	if strings.ContainsAny(value, "\\\"\n") {
		value = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value)
	}
	return name + `="` + value + `"`
}

func openNumber(v float64) string {
	switch {
	case v == 0:
		return "0" // without the sign of -0
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
