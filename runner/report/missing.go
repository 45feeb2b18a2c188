package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/spec/expression"
)

// metricPath returns the metric that a reference reads, and whether it is one:
// what stands below metrics, or under no context's name.
func (b *bench) metricPath(r expression.Reference) ([]string, bool) {
	path := r.Path
	if len(path) > 0 && strings.EqualFold(path[0], "metrics") {
		path = path[1:]
		return path, len(path) > 0
	}
	if len(path) == 0 || strings.EqualFold(path[0], "baseline") || b.contexts[strings.ToLower(path[0])] {
		return nil, false
	}
	slicesWord := len(path) == 1 && strings.EqualFold(path[0], "slices") && r.Call != ""
	return path, !slicesWord
}

// problems says, each once and in order, which metrics a gate reads that no
// job reported, or reported as NaN.
func (b *bench) problems(x *expression.Expr) (out []string) {
	for _, r := range x.References() {
		path, is := b.metricPath(r)
		if !is || r.Dynamic {
			continue
		}
		name := strings.Join(path, ".")
		v, known := b.value(path)
		text := ""
		switch {
		case !known:
			text = "no job reported " + name
		case math.IsNaN(v):
			text = name + " is NaN"
		}
		if text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// value reads a metric the way an expression does.
func (b *bench) value(path []string) (float64, bool) {
	v := b.scope.Names["metrics"]
	for _, part := range path {
		o, ok := v.(*expression.Object)
		if !ok {
			return 0, false
		}
		if v, ok = o.Get(part); !ok {
			return 0, false
		}
	}
	f, ok := v.(float64)
	return f, ok
}

// shared says whose value counts of the metrics that several jobs report
// differently: "auc is that of evaluate, also train reports it".
func (b *bench) shared(x *expression.Expr) string {
	var notes []string
	for _, r := range x.References() {
		path, is := b.metricPath(r)
		if !is {
			continue
		}
		all := b.metrics[strings.ToLower(strings.Join(path, "."))]
		var others []string
		for i := range all {
			if last := all[len(all)-1]; all[i].Job != last.Job && all[i].Value != last.Value && !slices.Contains(others, all[i].Job) {
				others = append(others, all[i].Job)
			}
		}
		if len(others) == 0 {
			continue
		}
		note := fmt.Sprintf("%s is that of %s, not of %s", strings.Join(path, "."), all[len(all)-1].Job, strings.Join(others, ", "))
		if !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	return strings.Join(notes, "; ")
}
