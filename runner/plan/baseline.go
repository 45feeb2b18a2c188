package plan

import (
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// compares reports whether a gate asks how the run differs from its baseline.
func compares(gates []spec.Str) bool {
	return slices.ContainsFunc(gates, func(g spec.Str) bool {
		x, err := expression.Parse(g.Value)
		if err != nil {
			return false // whoever judges it says so
		}
		return slices.ContainsFunc(x.Calls(), func(name string) bool {
			return slices.Contains([]string{"better", "worse", "same", "not_worse"}, name)
		}) || slices.ContainsFunc(x.References(), func(r expression.Reference) bool {
			return len(r.Path) > 0 && strings.EqualFold(r.Path[0], "baseline")
		})
	})
}
