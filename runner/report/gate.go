// Package report judges what a run has come to.
package report

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// Outcome is what became of a gate.
type Outcome string

// The outcomes. A gate that compares with a baseline has the outcome
// NoBaseline where there is none to compare with; it does not block.
const (
	Passed     Outcome = "passed"
	Failed     Outcome = "failed"
	NoBaseline Outcome = "no baseline"
)

// A Verdict is one judged gate.
type Verdict struct {
	Gate    string
	Pos     spec.Pos
	Outcome Outcome
	// Detail is the gate with the value of each part: auc 0.79 >= 0.8; or why
	// it cannot be judged.
	Detail string
}

// errNoBaseline ends the evaluation of a gate that needs one.
var errNoBaseline = errors.New("no baseline")

// Judge evaluates gates on the metrics of a run, without a baseline. A metric
// that a gate names and no job reported fails it.
func Judge(gates []spec.Str, metrics []record.Metric) []Verdict {
	scope := gateScope(metrics)
	out := make([]Verdict, len(gates))
	for i, g := range gates {
		out[i] = judge(g, scope)
	}
	return out
}

func judge(g spec.Str, scope *expression.Scope) Verdict {
	v := Verdict{Gate: g.Value, Pos: g.Pos}
	x, err := expression.Parse(g.Value)
	if err != nil {
		v.Outcome, v.Detail = Failed, err.Error()
		return v
	}
	if missing := missingMetrics(x, scope); len(missing) > 0 {
		v.Outcome, v.Detail = Failed, "no job reported "+strings.Join(missing, ", ")
		return v
	}
	if comparesWithBaseline(x) {
		v.Outcome, v.Detail = NoBaseline, "there is nothing to compare with"
		return v
	}
	return evaluate(v, x, scope)
}

func evaluate(v Verdict, x *expression.Expr, scope *expression.Scope) Verdict {
	node, err := x.Trace(scope)
	switch {
	case errors.Is(err, errNoBaseline):
		v.Outcome, v.Detail = NoBaseline, "there is nothing to compare with"
	case err != nil:
		v.Outcome, v.Detail = Failed, err.Error()
	case expression.Truthy(node.Value):
		v.Outcome, v.Detail = Passed, node.String()
	default:
		v.Outcome, v.Detail = Failed, node.String()
	}
	return v
}

func comparesWithBaseline(x *expression.Expr) bool {
	for _, r := range x.References() {
		if len(r.Path) > 0 && strings.EqualFold(r.Path[0], "baseline") {
			return true
		}
	}
	return false
}

// gateScope makes metrics readable by their name, and below metrics.
func gateScope(metrics []record.Metric) *expression.Scope {
	all := expression.NewObject(len(metrics))
	names := map[string]any{}
	for _, m := range metrics {
		if len(m.Slice) == 0 {
			put(all, names, strings.Split(m.Name, "."), m.Value)
		}
	}
	names["metrics"] = all
	funcs := spec.GateFunctions()
	for name, f := range funcs {
		f.Call = func([]any) (any, error) { return nil, fmt.Errorf("%s: %w", name, errNoBaseline) }
		funcs[name] = f
	}
	return &expression.Scope{Names: names, Funcs: funcs}
}

// put adds a dotted metric as nested objects: val.auc is auc of val.
func put(all *expression.Object, names map[string]any, path []string, value float64) {
	o := all
	for _, part := range path[:len(path)-1] {
		next, ok := o.Get(part)
		child, isObject := next.(*expression.Object)
		if !ok || !isObject {
			child = expression.NewObject(1)
			o.Set(part, child)
		}
		o = child
	}
	o.Set(path[len(path)-1], value)
	names[path[0]], _ = all.Get(path[0])
}

// missingMetrics lists what a gate reads and no job reported, or reported as NaN.
func missingMetrics(x *expression.Expr, scope *expression.Scope) []string {
	var out []string
	for _, r := range x.References() {
		name := strings.TrimPrefix(strings.Join(r.Path, "."), "metrics.")
		if len(r.Path) == 0 || strings.EqualFold(r.Path[0], "baseline") || name == "slices" || name == "metrics" {
			continue
		}
		if !known(scope, strings.Split(name, ".")) {
			out = append(out, name)
		}
	}
	return out
}

func known(scope *expression.Scope, path []string) bool {
	var v any = scope.Names["metrics"]
	for _, part := range path {
		o, ok := v.(*expression.Object)
		if !ok {
			return false
		}
		if v, ok = o.Get(part); !ok {
			return false
		}
	}
	f, ok := v.(float64)
	return ok && !math.IsNaN(f)
}
