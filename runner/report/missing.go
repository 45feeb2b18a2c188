package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// contextNames are the lower-case names in gates that are no metrics.
type contextNames map[string]bool

func newContextNames(contexts map[string]any) contextNames {
	names := contextNames{"github": true, "params": true, "jobs": true} // gates know them, given or not
	for name := range contexts {
		names[strings.ToLower(name)] = true
	}
	return names
}

// metric returns the metric of the run that a reference reads, and whether it
// is one: what stands below metrics, or under no context's name.
func (names contextNames) metric(r expression.Reference) ([]string, bool) {
	path := r.Path
	if len(path) > 0 && strings.EqualFold(path[0], "metrics") {
		path = path[1:]
		return path, len(path) > 0
	}
	if len(path) == 0 || ofBaseline(r) || names[strings.ToLower(path[0])] {
		return nil, false
	}
	slicesWord := len(path) == 1 && strings.EqualFold(path[0], "slices") && r.Call != ""
	return path, !slicesWord
}

// ofBaseline reports whether a reference reads the baseline.
func ofBaseline(r expression.Reference) bool {
	return len(r.Path) > 0 && strings.EqualFold(r.Path[0], "baseline")
}

// gated returns the metrics that gates read, of either run, as gateName has them.
func gated(gates []spec.Str, contexts map[string]any) (names []string) {
	known := newContextNames(contexts)
	for _, g := range gates {
		x, err := expression.Parse(g.Value)
		if err != nil {
			continue
		}
		for _, r := range x.References() {
			path, is := known.metric(r)
			if ofBaseline(r) {
				path, is = r.Path[1:], true
			}
			if name := strings.Join(path, "."); is {
				names = append(names, gateName(name, false))
				if strings.EqualFold(r.Call, "worst_slice") || bySlice(x, r) {
					names = append(names, gateName(name, true))
				}
			}
		}
	}
	return names
}

// bySlice reports whether r is the first argument of a call that also has the
// argument slices.
func bySlice(x *expression.Expr, r expression.Reference) bool {
	if r.Call == "" {
		return false
	}
	for _, s := range x.References() {
		if s.Pos > r.End && s.Call == r.Call && len(s.Path) == 1 && strings.EqualFold(s.Path[0], "slices") {
			return !strings.Contains(x.String()[r.End:s.Pos], ")")
		}
	}
	return false
}

// gateName is how a metric is known to gates, whose names have no case.
func gateName(name string, slice bool) string {
	if slice {
		return strings.ToLower(name) + " by slice"
	}
	return strings.ToLower(name)
}

// problems says, each once and in order, which metrics a gate reads that no
// job reported, or reported as NaN.
func (b *bench) problems(x *expression.Expr) (out []string) {
	for _, r := range x.References() {
		path, is := b.names.metric(r)
		if !is || r.Dynamic {
			continue
		}
		name := strings.Join(path, ".")
		v, known := valueAt(b.scope.Names["metrics"], path)
		text := ""
		switch {
		case !known:
			text = join(": ", "no job reported "+name, b.instead(name))
		case math.IsNaN(v):
			text = name + " is NaN"
		}
		if text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// instead says what a job reported in the place of a metric that is none, or "".
func (b *bench) instead(name string) string {
	name = strings.ToLower(name)
	if m := b.metrics[name]; m != nil && m.Head == nil && m.Note != "" {
		return m.Note
	}
	return b.absent[name]
}

// lacks says what a part reads of the baseline and is not there; nil if it
// reads nothing of it or has it all.
func (b *bench) lacks(x *expression.Expr) *openError {
	for _, r := range x.References() {
		if !ofBaseline(r) {
			continue
		}
		name := strings.Join(r.Path[1:], ".")
		v, known := valueAt(b.baseline, r.Path[1:])
		switch {
		case b.baseline == nil:
			return nothingToCompare()
		case r.Dynamic:
		case !known:
			return &openError{NoBaseline, "the baseline has no " + name}
		case math.IsNaN(v):
			return &openError{NoBaseline, name + " is NaN in the baseline"}
		default:
			if m := b.metrics[strings.ToLower(name)]; m != nil && m.Head != nil && !math.IsNaN(float64(*m.Head)) && m.Change == nil {
				return m.lacks()
			}
		}
	}
	return nil
}

// valueAt reads a metric the way an expression does.
func valueAt(v any, path []string) (float64, bool) {
	for _, part := range path {
		o, ok := v.(*expression.Object)
		if !ok || o == nil {
			return 0, false
		}
		if v, ok = o.Get(part); !ok {
			return 0, false
		}
	}
	f, ok := v.(float64)
	return f, ok
}

// shared says whose value counts of the metrics that several jobs report: "auc
// is that of evaluate, not of train", "auc is the mean of 3 seeds".
func (b *bench) shared(x *expression.Expr) string {
	var notes []string
	for _, r := range x.References() {
		path, is := b.names.metric(r)
		if !is {
			continue
		}
		name := strings.Join(path, ".")
		m := b.metrics[strings.ToLower(name)]
		note := ""
		switch {
		case m == nil:
		case m.Seeds > 0:
			note = fmt.Sprintf("%s is the mean of %d seeds", name, m.Seeds)
		case len(m.Others) > 0:
			note = fmt.Sprintf("%s is that of %s, not of %s", name, m.Job, strings.Join(m.Others, ", "))
		}
		if note != "" && !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	return strings.Join(notes, "; ")
}
